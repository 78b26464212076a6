CREATE TABLE `shop`.`words` (
  `word` varchar(768) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  `at` datetime,
  PRIMARY KEY (`word`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE `shop`.`words` (
  `word` varchar(768) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
  `at` datetime,
  PRIMARY KEY (`word`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4;
