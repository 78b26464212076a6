// SPDX-License-Identifier: Apache-2.0
// The shop's schema on both sides, its first rows, and what every committed state of it keeps.
#include "base/text.h"
#include "live/shop.h"

namespace weft::live {
namespace {

constexpr const char* kSourceTables = R"(
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE DATABASE other;
CREATE TABLE other.noise (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
USE shop;
CREATE TABLE customers (code VARCHAR(40) PRIMARY KEY, name VARCHAR(80) NOT NULL, tx BIGINT NOT NULL);
CREATE TABLE orders (id BIGINT PRIMARY KEY, customer VARCHAR(40), total DECIMAL(14,2) NOT NULL,
  state ENUM('new','paid','sent') NOT NULL, changed DATETIME(6), tx BIGINT NOT NULL, KEY (state));
CREATE TABLE order_lines (order_id BIGINT NOT NULL, line INT NOT NULL, amount DECIMAL(12,2) NOT NULL,
  item VARCHAR(60), tx BIGINT NOT NULL, PRIMARY KEY (order_id, line),
  CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders (id));
CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL, tx BIGINT NOT NULL);
CREATE TABLE stock (id INT PRIMARY KEY, count INT UNSIGNED NOT NULL, changes BIGINT NOT NULL, tx BIGINT NOT NULL);
CREATE TABLE ledger_head (id INT PRIMARY KEY, n BIGINT NOT NULL);
CREATE TABLE ledger (n BIGINT PRIMARY KEY, tx BIGINT NOT NULL, note VARCHAR(60));
CREATE TABLE events (kind VARCHAR(20), at INT, note VARCHAR(30), tx BIGINT);
CREATE TABLE wide (id INT PRIMARY KEY, body LONGTEXT, data LONGBLOB, n INT, tx BIGINT NOT NULL);
CREATE TABLE pairs (a INT NOT NULL, b VARCHAR(20) NOT NULL, v INT, w VARCHAR(30), tx BIGINT NOT NULL,
  PRIMARY KEY (a, b));
CREATE TABLE seats (id INT PRIMARY KEY, seat VARCHAR(10), tx BIGINT NOT NULL, UNIQUE KEY (seat));
CREATE TABLE loose (id INT PRIMARY KEY, a INT, b VARCHAR(50), c DATETIME, d DECIMAL(9,3), e BLOB, f TINYINT(1),
  g DATE, h DOUBLE, tx BIGINT);
CREATE TABLE bulk (id BIGINT PRIMARY KEY, part INT NOT NULL, v VARCHAR(40), tx BIGINT NOT NULL);
)";

// A table of the numbers 1..1000 makes the first rows by INSERT ... SELECT, the same on every server.
constexpr const char* kFirstRows = R"(
CREATE TABLE other.d (n INT PRIMARY KEY);
INSERT INTO other.d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
CREATE TABLE other.k (n INT PRIMARY KEY);
INSERT INTO other.k SELECT a.n + 10 * b.n + 100 * c.n + 1 FROM other.d a, other.d b, other.d c;
INSERT INTO customers SELECT CONCAT(CHAR(97 + n % 26 USING utf8mb4), IF(n % 3, 'ü', '語'), n), CONCAT('name ', n), 0
  FROM other.k WHERE n <= 600;
INSERT INTO orders SELECT n, CONCAT('c', n % 600), 10 * (1 + n % 4), 'new', '2026-01-01 00:00:00.5', 0 FROM other.k;
INSERT INTO order_lines SELECT k.n, d.n, 10, CONCAT('item ', d.n), 0 FROM other.k k, other.d d
  WHERE d.n <= k.n % 4;
INSERT INTO accounts SELECT n, 1000, 0 FROM other.k WHERE n <= 200;
INSERT INTO stock SELECT n, 100000, 0, 0 FROM other.k WHERE n <= 100;
INSERT INTO ledger SELECT n, 0, CONCAT('opening ', n) FROM other.k;
INSERT INTO ledger_head VALUES (1, 1000);
INSERT INTO events SELECT CONCAT('kind ', n % 5), n % 20, IF(n % 4, CONCAT('note ', n % 3), NULL), 0 FROM other.k;
INSERT INTO wide SELECT n, REPEAT(CONCAT('text ', n, ' '), 100 * (n % 40)), REPEAT(CHAR(n % 256 USING binary), 50 * n),
  n, 0 FROM other.k WHERE n <= 100;
INSERT INTO pairs SELECT n % 50, CONCAT('B', n), n, IF(n % 2, 'odd', NULL), 0 FROM other.k;
INSERT INTO seats SELECT n, CONCAT('s', n), 0 FROM other.k WHERE n <= 200;
INSERT INTO loose (id, a, b, tx) SELECT n, IF(n % 2, n, NULL), IF(n % 3, CONCAT('b', n), NULL), NULL FROM other.k
  WHERE n <= 500;
)";

constexpr const char* kTargetTables = R"(
CREATE TABLE customers (code text PRIMARY KEY, name varchar(80) NOT NULL, tx bigint NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer varchar(40), total numeric(14,2) NOT NULL, state text NOT NULL,
  changed timestamp(6), tx bigint NOT NULL);
CREATE TABLE order_lines (order_id bigint NOT NULL REFERENCES orders (id), line integer NOT NULL,
  amount numeric(12,2) NOT NULL, item text, tx bigint NOT NULL, PRIMARY KEY (order_id, line));
CREATE TABLE accounts (id integer PRIMARY KEY, balance bigint NOT NULL, tx bigint NOT NULL);
CREATE TABLE stock (id integer PRIMARY KEY, count bigint NOT NULL, changes bigint NOT NULL, tx bigint NOT NULL);
CREATE TABLE ledger_head (id integer PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE ledger (n bigint PRIMARY KEY, tx bigint NOT NULL, note text);
CREATE TABLE events (kind text, at integer, note text, tx bigint);
CREATE TABLE wide (id integer PRIMARY KEY, body text, data bytea, n integer, tx bigint NOT NULL);
CREATE TABLE pairs (a integer NOT NULL, b text NOT NULL, v integer, w text, tx bigint NOT NULL, PRIMARY KEY (a, b));
CREATE TABLE seats (id integer PRIMARY KEY, seat text UNIQUE, tx bigint NOT NULL);
CREATE TABLE loose (id integer PRIMARY KEY, a integer, b text, c timestamp, d numeric(9,3), e bytea, f smallint, g date,
  h double precision, tx bigint);
CREATE TABLE bulk (id bigint PRIMARY KEY, part integer NOT NULL, v text, tx bigint NOT NULL);
)";

constexpr const char* kAudit = R"(
CREATE TABLE audit (at bigserial PRIMARY KEY, what text NOT NULL, op text NOT NULL, key bigint NOT NULL,
  was bigint, now bigint, tx bigint);
CREATE FUNCTION audit_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit (what, op, key, was, now, tx)
    VALUES ('stock', TG_OP, coalesce(new.id, old.id), old.changes, new.changes, new.tx);
  RETURN NULL;
END $$;
CREATE FUNCTION audit_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit (what, op, key, was, now, tx)
    VALUES ('ledger', TG_OP, coalesce(new.n, old.n), old.n, new.n, new.tx);
  RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION audit_stock();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION audit_ledger();
)";

}  // namespace

const std::vector<std::string>& shop_tables() {
  static const std::vector<std::string> tables = {"customers",
                                                  "orders",
                                                  "order_lines",
                                                  "accounts",
                                                  "stock",
                                                  "ledger_head",
                                                  "ledger",
                                                  "events",
                                                  "wide",
                                                  "pairs",
                                                  "seats",
                                                  "loose",
                                                  "bulk"};
  return tables;
}

void Shop::create() {
  server_.exec(kSourceTables);
  server_.exec(kFirstRows);
  for (int done = 0; done < options_.bulk_rows; done += 1000) {
    server_.exec(cat("INSERT INTO bulk SELECT ", done, " + n, ", done / 1000, ", CONCAT('bulk ', n), 0 FROM other.k"));
  }
}

void create_shop_target(support::PostgresConnection& target) {
  target.exec(kTargetTables);
  target.exec(kAudit);
}

const std::string& shop_breaches_sql() {
  static const std::string sql = R"(
SELECT 'accounts sum ' || s FROM (SELECT sum(balance) AS s FROM accounts) a WHERE s IS DISTINCT FROM 200000
UNION ALL
SELECT 'order ' || o.id || ' total ' || o.total || ' lines ' || coalesce(l.s, 0)
  FROM orders o LEFT JOIN (SELECT order_id, sum(amount) AS s FROM order_lines GROUP BY order_id) l ON l.order_id = o.id
  WHERE o.total <> coalesce(l.s, 0)
UNION ALL
SELECT 'ledger has ' || l.c || ' rows up to ' || l.m || ', head says ' || h.n
  FROM (SELECT count(*) AS c, max(n) AS m FROM ledger) l, ledger_head h WHERE l.c <> l.m OR l.m <> h.n
UNION ALL
SELECT 'seat ' || id || ' is null' FROM seats WHERE seat IS NULL
UNION ALL
SELECT 'bulk part ' || part || ' has ' || count(*) || ' rows of ' || max(v) FROM bulk WHERE part >= 100000
  GROUP BY part HAVING count(*) <> max(v)::bigint
LIMIT 5)";
  return sql;
}

}  // namespace weft::live
