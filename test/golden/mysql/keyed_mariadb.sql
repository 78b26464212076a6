-- insert; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?);

-- insert of two rows; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?);

-- upsert; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `shop`.`Order ``items```.`order_id` = IF(`shop`.`Order ``items```.`order_id` <=> VALUES(`order_id`) AND CAST(`shop`.`Order ``items```.`word` AS BINARY) <=> CAST(VALUES(`word`) AS BINARY), `shop`.`Order ``items```.`order_id`, NULL), `shop`.`Order ``items```.`State` = VALUES(`State`), `shop`.`Order ``items```.`price` = VALUES(`price`), `shop`.`Order ``items```.`note` = VALUES(`note`), `shop`.`Order ``items```.`changed` = VALUES(`changed`);

-- upsert of two rows; parameters 0 1 2 3 4 5
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`, `State`, `price`, `note`, `changed`) VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `shop`.`Order ``items```.`order_id` = IF(`shop`.`Order ``items```.`order_id` <=> VALUES(`order_id`) AND CAST(`shop`.`Order ``items```.`word` AS BINARY) <=> CAST(VALUES(`word`) AS BINARY), `shop`.`Order ``items```.`order_id`, NULL), `shop`.`Order ``items```.`State` = VALUES(`State`), `shop`.`Order ``items```.`price` = VALUES(`price`), `shop`.`Order ``items```.`note` = VALUES(`note`), `shop`.`Order ``items```.`changed` = VALUES(`changed`);

-- upsert of nothing but the key; parameters 0 1
INSERT INTO `shop`.`Order ``items``` (`order_id`, `word`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `shop`.`Order ``items```.`order_id` = IF(`shop`.`Order ``items```.`order_id` <=> VALUES(`order_id`) AND CAST(`shop`.`Order ``items```.`word` AS BINARY) <=> CAST(VALUES(`word`) AS BINARY), `shop`.`Order ``items```.`order_id`, NULL), `changed` = `changed`;

-- update of one column; parameters 2 0 before 1 before 1 before
UPDATE `shop`.`Order ``items``` SET `State` = ?, `changed` = `changed` WHERE `order_id` = ? AND `word` = ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY);

-- update that moves the key; parameters 1 4 0 before 1 before 1 before
UPDATE `shop`.`Order ``items``` SET `word` = ?, `note` = ?, `changed` = `changed` WHERE `order_id` = ? AND `word` = ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY);

-- delete; parameters 0 before 1 before 1 before
DELETE FROM `shop`.`Order ``items``` WHERE `order_id` = ? AND `word` = ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY);

-- rivals; parameters 4 0 1 1
DELETE FROM `shop`.`Order ``items``` WHERE `note` = ? AND NOT (`order_id` = ? AND `word` = ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY));

-- the same row; parameters 0 1 1 0 1 2 3 4 5
SELECT 1 INTO @weft_same FROM `shop`.`Order ``items``` WHERE `order_id` = ? AND `word` = ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND `order_id` <=> ? AND CAST(CONVERT(`word` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CAST(CONVERT(`State` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND CONCAT(`price` * 1e0) <=> CONCAT(? * 1e0) AND CAST(CONVERT(`note` USING utf8mb4) AS BINARY) <=> CAST(? AS BINARY) AND `changed` <=> ? LIMIT 1 FOR UPDATE;

