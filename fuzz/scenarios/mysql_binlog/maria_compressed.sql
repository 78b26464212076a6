-- servers: mariadb
SET GLOBAL log_bin_compress = 1, log_bin_compress_min_len = 20;
SET NAMES utf8mb4;
CREATE TABLE c (id INT PRIMARY KEY, v VARCHAR(1000) COMMENT 'a comment that is long enough to be worth compressing, or so the server thinks');
INSERT INTO c VALUES (1, REPEAT('a', 900)), (2, REPEAT('b', 500)), (3, 'short');
UPDATE c SET v = REPEAT('c', 700) WHERE id = 1;
DELETE FROM c WHERE id = 2;
SET GLOBAL log_bin_compress = 0;
