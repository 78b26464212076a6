-- servers: mariadb
SET GLOBAL binlog_row_metadata = FULL;
SET binlog_alter_two_phase = 1, NAMES utf8mb4;
CREATE TABLE a2 (id INT PRIMARY KEY, v INT);
INSERT INTO a2 VALUES (1, 1), (2, 1);
ALTER TABLE a2 ADD COLUMN w INT;
INSERT INTO a2 VALUES (3, 3, 3);
SET gtid_domain_id = 5, server_id = 77;
INSERT INTO a2 VALUES (4, 4, 4);
SET binlog_annotate_row_events = 1;
INSERT INTO a2 VALUES (5, 5, 5);
