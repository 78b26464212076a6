-- servers: mysql
SET NAMES utf8mb4;
CREATE TABLE j (id INT PRIMARY KEY, doc JSON);
INSERT INTO j VALUES (1,'{"a": 1, "b": [1, 2.0, "a long enough text to make diffs pay off, hopefully"]}');
SET binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL;
UPDATE j SET doc = JSON_SET(doc, '$.b[0]', 99) WHERE id = 1;
