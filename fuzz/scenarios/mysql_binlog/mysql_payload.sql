-- servers: mysql
SET GLOBAL binlog_row_metadata = FULL;
SET NAMES utf8mb4, binlog_transaction_compression = ON, binlog_rows_query_log_events = ON;
CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(1000), j JSON);
INSERT INTO p VALUES (1, REPEAT('a', 900), '{"k": 1}'), (2, REPEAT('b', 500), '[]'), (3, 'short', NULL);
BEGIN; UPDATE p SET v = REPEAT('c', 700) WHERE id = 1; DELETE FROM p WHERE id = 2; INSERT INTO p VALUES (4, 'four', '4'); COMMIT;
SET gtid_next = 'AUTOMATIC:tag_one'; INSERT INTO p VALUES (5, 'tagged', '"x"');
SET gtid_next = 'AUTOMATIC', binlog_transaction_compression = OFF;
SET gtid_next = 'AUTOMATIC:tag_two'; INSERT INTO p VALUES (6, 'tagged, plain', '{}');
SET gtid_next = 'AUTOMATIC';
INSERT INTO p VALUES (7, 'plain', 'true');
