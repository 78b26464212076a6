-- insert; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?);

-- insert of two rows; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?);

-- upsert; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?);

-- upsert of two rows; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?);

-- update of one column; parameters 2 0 before 1 before 2 before 3 before 4 before 5 before
UPDATE `shop`.`Order ``items``` SET `State` = ?, `changed` = `changed` WHERE `order_id` <=> ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CAST(CONVERT(`State` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CONCAT(`price` * 1e0) <=> CONCAT(? * 1e0) AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND `changed` <=> ? LIMIT 1;

-- update that moves the key; parameters 1 4 0 before 1 before 2 before 3 before 4 before 5 before
UPDATE `shop`.`Order ``items``` SET `word` = ?, `note` = ?, `changed` = `changed` WHERE `order_id` <=> ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CAST(CONVERT(`State` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CONCAT(`price` * 1e0) <=> CONCAT(? * 1e0) AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND `changed` <=> ? LIMIT 1;

-- delete; parameters 0 before 1 before 2 before 3 before 4 before 5 before
DELETE FROM `shop`.`Order ``items``` WHERE `order_id` <=> ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CAST(CONVERT(`State` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CONCAT(`price` * 1e0) <=> CONCAT(? * 1e0) AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND `changed` <=> ? LIMIT 1;

