-- servers: mariadb mysql
SET GLOBAL binlog_row_metadata = FULL;
SET sql_mode = '', NAMES utf8mb4;
CREATE TABLE east (id INT PRIMARY KEY, b5 VARCHAR(300) CHARACTER SET big5, c9 VARCHAR(300) CHARACTER SET cp932, ej VARCHAR(300) CHARACTER SET eucjpms,
  kr VARCHAR(300) CHARACTER SET euckr, g2 VARCHAR(300) CHARACTER SET gb2312, gk VARCHAR(300) CHARACTER SET gbk, g1 VARCHAR(300) CHARACTER SET gbk,
  sj VARCHAR(300) CHARACTER SET sjis, uj VARCHAR(300) CHARACTER SET ujis);
INSERT INTO east VALUES (1,'中文 abc 測試 ヾゝゞ々ぁあぃ хцч','日本語～∥－￠￡￢＼①Ⅳ髙','日本語～∥－￠￡￢＼①Ⅳ髙','한국어 테스트 뷁','汉字 测试','漢字 汉字 €','漢字 汉字 镕','日本語〜‖−¢£¬\\ ｱｲｳ','日本語〜‖−¢£¬ ｱｲｳ 丂'),
 (2,'','','','','','','','',''), (3,'a','\\~','\\~','\\~','\\~','\\~','\\~','\\~','\\~');
CREATE TABLE west (id INT PRIMARY KEY, a CHAR(60) CHARACTER SET armscii8, c0 CHAR(60) CHARACTER SET cp1250, c1 CHAR(60) CHARACTER SET cp1251, c6 CHAR(60) CHARACTER SET cp1256,
  c7 CHAR(60) CHARACTER SET cp1257, p0 CHAR(60) CHARACTER SET cp850, p2 CHAR(60) CHARACTER SET cp852, p6 CHAR(60) CHARACTER SET cp866, de CHAR(60) CHARACTER SET dec8,
  ge CHAR(60) CHARACTER SET geostd8, gr CHAR(60) CHARACTER SET greek, he CHAR(60) CHARACTER SET hebrew, hp CHAR(60) CHARACTER SET hp8, kb CHAR(60) CHARACTER SET keybcs2,
  kr CHAR(60) CHARACTER SET koi8r, ku CHAR(60) CHARACTER SET koi8u, l1 CHAR(60) CHARACTER SET latin1, l2 CHAR(60) CHARACTER SET latin2, l5 CHAR(60) CHARACTER SET latin5,
  l7 CHAR(60) CHARACTER SET latin7, mc CHAR(60) CHARACTER SET macce, mr CHAR(60) CHARACTER SET macroman, s7 CHAR(60) CHARACTER SET swe7, th CHAR(60) CHARACTER SET tis620);
INSERT INTO west VALUES (1,'Հայաստան','Žluťoučký','Привет №','مرحبا','Ąžuolas','Grüße','Žluťoučký','Привет','ÀÖß','საქართველო','Ελλάδα','שלום','Àö','Žluťoučký','Привет','Їжак','€Š‚ž','Łódź','İstanbul','Ąžuolas','Žluťoučký','Café ﬁ','ÅÄÖåäö','สวัสดี'),
 (2,'','','','','','','','','','','','','','','','','','','','','','','','');
CREATE TABLE mixed (id INT PRIMARY KEY, bt BIT(3), g GEOMETRY, t VARCHAR(20) CHARACTER SET latin1, e ENUM('a','é') CHARACTER SET latin1, p POINT, y YEAR, j JSON, u INT UNSIGNED,
  b BLOB, tx TEXT CHARACTER SET cp1251, d DECIMAL(5,2) UNSIGNED, bi BINARY(4), s SET('ж','x') CHARACTER SET cp1251, t2 CHAR(5) CHARACTER SET utf16, n BIGINT UNSIGNED);
INSERT INTO mixed VALUES (1,b'101',ST_GeomFromText('POINT(1 2)'),'grüß','é',ST_GeomFromText('POINT(3 4)'),2026,'{"a": 1}',4000000000,x'00ff','привет',1.25,x'01','ж,x','añ',18446744073709551615),
 (2,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
