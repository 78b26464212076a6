-- servers: mariadb
SET sql_mode = '', time_zone = '+00:00', NAMES utf8mb4;
SET GLOBAL mysql56_temporal_format = OFF;
CREATE TABLE old_temporals (id INT PRIMARY KEY, t TIME, t1 TIME(1), t3 TIME(3), t6 TIME(6), dt DATETIME, dt1 DATETIME(1), dt4 DATETIME(4),
  dt6 DATETIME(6), ts TIMESTAMP NULL, ts2 TIMESTAMP(2) NULL, ts3 TIMESTAMP(3) NULL, ts6 TIMESTAMP(6) NULL);
SET GLOBAL mysql56_temporal_format = ON;
INSERT INTO old_temporals VALUES (1,'12:34:56','-12:34:56.7','12:34:56.789','838:59:59.999999','2026-01-02 03:04:05','2026-01-02 03:04:05.6',
  '2026-01-02 03:04:05.6789','9999-12-31 23:59:59.999999','2026-01-02 03:04:05','2026-01-02 03:04:05.67','2026-01-02 03:04:05.678','2026-01-02 03:04:05.678901'),
  (2,'-838:59:59','0','-00:00:00.001','-838:59:59.999999','0000-00-00','2024-00-00','0000-01-00','1000-01-01',0,0,0,0),
  (3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE generated (id INT PRIMARY KEY, a INT, b INT AS (a + 1) VIRTUAL, c INT AS (a + 2) STORED, d INT INVISIBLE DEFAULT 3);
INSERT INTO generated (id, a) VALUES (1, 2), (2, NULL);
SET GLOBAL binlog_row_metadata = FULL;
CREATE TABLE hashed (id INT PRIMARY KEY, b BLOB, UNIQUE (b));
INSERT INTO hashed VALUES (1, 'abc');
UPDATE hashed SET b = 'abcd';
UPDATE generated SET a = 5 WHERE id = 1;
UPDATE old_temporals SET t3 = '01:02:03.004' WHERE id = 3;
CREATE TABLE addresses (id INT PRIMARY KEY, a INET6);
INSERT INTO addresses VALUES (1,'1:0:2:3:4:5:6:7'), (2,'1:0:0:3:0:0:6:7'), (3,'::1.2.3.4'), (4,'::1'), (5,'::ffff:0:0'), (6,'1::'), (7,'0:0:1::'),
  (8,'fe80::1:0:0:0'), (9,'::2:3'), (10,'1:2:3:4:5:6:7:0'), (11,'0:2:3:4:5:6:7:8'), (12,'::0.0.1.2'), (13,'::ffff:0:1.2.3.4'), (14,'::');
CREATE TABLE wide_sets (id INT PRIMARY KEY, s SET('a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','q','r','s','t','u','v','w','x','y','z','0','1','2','3','4','5','6','7','8','9','aa','bb','cc','dd','ee','ff','gg','hh','ii','jj','kk','ll','mm','nn','oo','pp','qq','rr','ss','tt','uu','vv','ww','xx','yy','zz','A1','B2'), c CHAR(255) CHARACTER SET utf8mb4, v VARBINARY(70));
INSERT INTO wide_sets VALUES (1,'a,B2','x',''), (2,'',REPEAT('ü',255),REPEAT('y',70)), (3,'h,i,p,q',NULL,NULL);
