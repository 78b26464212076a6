-- servers: mariadb mysql
SET sql_mode = '', time_zone = '+00:00', NAMES utf8mb4;
CREATE TABLE t1 (id INT PRIMARY KEY, v VARCHAR(100));
CREATE TABLE t2 (id INT PRIMARY KEY, v INT);
BEGIN; INSERT INTO t1 VALUES (1,'a'),(2,'b'); INSERT INTO t2 VALUES (1,1); UPDATE t1 SET v = 'c' WHERE id = 1; DELETE FROM t2; COMMIT;
XA START 'one-phase'; INSERT INTO t1 VALUES (10,'one phase'); XA END 'one-phase'; XA COMMIT 'one-phase' ONE PHASE;
XA START 'gtrid','bqual',7; INSERT INTO t1 VALUES (11,'two phase'); UPDATE t2 SET v = 0; XA END 'gtrid','bqual',7; XA PREPARE 'gtrid','bqual',7; XA COMMIT 'gtrid','bqual',7;
XA START 'lost'; INSERT INTO t1 VALUES (12,'rolled back'); XA END 'lost'; XA PREPARE 'lost'; XA ROLLBACK 'lost';
INSERT INTO t1 SELECT seq + 100, REPEAT('x', seq) FROM (SELECT 1 AS seq UNION SELECT 2 UNION SELECT 3) s;
FLUSH BINARY LOGS;
INSERT INTO t2 VALUES (2,2);
