-- servers: mariadb mysql
SET sql_mode = '', time_zone = '+00:00', NAMES utf8mb4;
CREATE TABLE img (id INT PRIMARY KEY, a VARCHAR(20), b INT, t TEXT, bl BLOB, d DATETIME(3));
CREATE TABLE nokey (a INT, b VARCHAR(10));
SET binlog_row_image = FULL;
INSERT INTO img VALUES (1,'one',1,'text one','blob one','2026-01-01 00:00:00.123'), (2,'two',2,'text two','blob two','2026-01-02'),
  (3,'three',3,NULL,NULL,NULL), (4,'four',NULL,'t4','b4','2026-01-04');
UPDATE img SET b = 10 WHERE id = 1;
SET binlog_row_image = MINIMAL;
UPDATE img SET b = 20 WHERE id = 2;
UPDATE img SET t = 'changed text', d = NULL WHERE id = 3;
UPDATE img SET id = 40 WHERE id = 4;
INSERT INTO img (id, a) VALUES (5, 'five');
INSERT INTO img (id, b) VALUES (6, 66);
DELETE FROM img WHERE id = 6;
SET binlog_row_image = NOBLOB;
UPDATE img SET a = 'ONE' WHERE id = 1;
UPDATE img SET bl = 'blob two changed' WHERE id = 2;
DELETE FROM img WHERE id = 5;
INSERT INTO img VALUES (7,'seven',7,'text seven','blob seven','2026-07-07 07:07:07.777');
INSERT INTO nokey VALUES (1,'x'),(1,'x'),(2,NULL);
BEGIN; INSERT INTO img (id) VALUES (8); SAVEPOINT sp; INSERT INTO img (id) VALUES (9); ROLLBACK TO sp; UPDATE img SET a = 'acht' WHERE id = 8; COMMIT;
