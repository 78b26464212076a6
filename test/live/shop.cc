// SPDX-License-Identifier: Apache-2.0
// Sessions of the shop: transactions of one to five random operations each. Locks are taken in no order on purpose:
// what the server refuses as a deadlock or lock wait is rolled back and forgotten.
#include "live/shop.h"

#include <array>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::MysqlConnection;

// One session's random operations; each is a statement list inside the transaction that the caller opened.
class Operations {
 public:
  Operations(MysqlConnection& session, Rng& rng, int session_number, int huge_rows)
      : db_(session), rng_(rng), number_(session_number), huge_rows_(huge_rows) {}

  void begin(uint64_t tx) { tx_ = tx; }

  void run_random() {
    static constexpr std::array kAll = {&Operations::order,
                                        &Operations::more_lines,
                                        &Operations::drop_order,
                                        &Operations::transfer,
                                        &Operations::transfer,
                                        &Operations::sell,
                                        &Operations::sell,
                                        &Operations::event,
                                        &Operations::event_change,
                                        &Operations::customer,
                                        &Operations::wide,
                                        &Operations::pair,
                                        &Operations::swap,
                                        &Operations::loose,
                                        &Operations::bulk,
                                        &Operations::savepoint,
                                        &Operations::rename_pair};
    (this->*kAll[rng_.below(kAll.size())])();
  }

  // Last in a transaction: the head's lock then makes numbers rise in commit order.
  void ledger() {
    db_.exec(
        cat("UPDATE ledger_head SET n = LAST_INSERT_ID(n + 1) WHERE id = 1;"
            "INSERT INTO ledger VALUES (LAST_INSERT_ID(), ",
            tx_,
            ", 'by ",
            number_,
            "')"));
  }

  void huge() {
    if (huge_rows_ == 0) return;
    const uint64_t part = 100000 + tx_ % 1000000;
    const int thousands = huge_rows_ / 1000;
    db_.exec(cat("DELETE FROM bulk WHERE part >= 100000 AND part % 7 = ",
                 rng_.below(7),
                 ";"
                 "INSERT IGNORE INTO bulk SELECT ",
                 part,
                 " * 1000000 + (a.n - 1) * 1000 + b.n - 1, ",
                 part,
                 ", ",
                 thousands * 1000,
                 ", ",
                 tx_,
                 " FROM other.k a, other.k b WHERE a.n <= ",
                 thousands));
  }

  void noise() { db_.exec(cat("INSERT INTO other.noise (v) VALUES (", rng_.below(1000), ")")); }

 private:
  uint64_t fresh_id() { return tx_ * 10 + ++fresh_ % 10; }

  void order() {
    const uint64_t id = fresh_id();
    const uint64_t lines = rng_.below(4);
    std::string sql = cat("INSERT INTO orders VALUES (",
                          id,
                          ", 'c",
                          rng_.below(600),
                          "', ",
                          lines * 7,
                          ".25 * 1, 'new', NOW(6), ",
                          tx_,
                          ");");
    // total = lines * 7 + 0.25, the first line carries the quarter; no line, no total
    if (lines == 0) sql = cat("INSERT INTO orders VALUES (", id, ", NULL, 0, 'new', NULL, ", tx_, ");");
    for (uint64_t line = 0; line < lines; ++line) {
      sql += cat(
          "INSERT INTO order_lines VALUES (", id, ", ", line, ", ", line == 0 ? "7.25" : "7", ", 'thing', ", tx_, ");");
    }
    db_.exec(sql);
  }

  uint64_t some_order() {
    const auto rows = db_.query(cat("SELECT id FROM orders WHERE id >= ", rng_.below(tx_ * 10), " LIMIT 1 FOR UPDATE"));
    return rows.empty() ? 1 : std::stoull(*rows[0][0]);
  }

  void more_lines() {
    const uint64_t id = rng_.chance(1, 2) ? some_order() : 1 + rng_.below(1000);
    const auto known = db_.query(cat("SELECT id FROM orders WHERE id = ", id, " FOR UPDATE"));
    if (known.empty()) return;
    const auto rows =
        db_.query(cat("SELECT COALESCE(MAX(line), -1) + 1 FROM order_lines WHERE order_id = ", id, " FOR UPDATE"));
    const uint64_t line = std::stoull(*rows[0][0]);
    db_.exec(cat("INSERT INTO order_lines VALUES (",
                 id,
                 ", ",
                 line,
                 ", 3.50, 'more', ",
                 tx_,
                 ");"
                 "UPDATE order_lines SET amount = amount + 1 WHERE order_id = ",
                 id,
                 " AND line = ",
                 line,
                 ";"
                 "UPDATE orders SET total = total + 4.50, state = 'paid', changed = NOW(6), tx = ",
                 tx_,
                 " WHERE id = ",
                 id));
  }

  void drop_order() {
    const uint64_t id = some_order();
    db_.exec(cat("DELETE FROM order_lines WHERE order_id = ", id, "; DELETE FROM orders WHERE id = ", id));
  }

  void transfer() {
    const uint64_t from = 1 + rng_.below(200);
    const uint64_t to = 1 + rng_.below(200);
    const uint64_t amount = rng_.below(100);
    db_.exec(cat("UPDATE accounts SET balance = balance - ",
                 amount,
                 ", tx = ",
                 tx_,
                 " WHERE id = ",
                 from,
                 ";"
                 "UPDATE accounts SET balance = balance + ",
                 amount,
                 ", tx = ",
                 tx_,
                 " WHERE id = ",
                 to));
  }

  void sell() {
    db_.exec(cat("UPDATE stock SET count = count - ",
                 rng_.below(3),
                 ", changes = changes + 1, tx = ",
                 tx_,
                 " WHERE id = ",
                 1 + rng_.below(100)));
  }

  void event() {
    const std::string row =
        cat("('kind ", rng_.below(5), "', ", rng_.below(20), ", ", rng_.chance(1, 3) ? "NULL" : "'note 1'", ", 0)");
    db_.exec(cat("INSERT INTO events VALUES ", row, ",", row));
  }

  void event_change() {
    const std::string which =
        cat(" WHERE kind = 'kind ", rng_.below(5), "' AND at = ", rng_.below(20), " LIMIT ", 1 + rng_.below(3));
    if (rng_.chance(1, 2)) {
      db_.exec(cat("DELETE FROM events", which));
    } else {
      db_.exec(cat("UPDATE events SET note = ", rng_.chance(1, 4) ? "NULL" : "'changed'", which));
    }
  }

  void customer() {
    const std::string code = cat("ключ-", rng_.below(300));
    switch (rng_.below(3)) {
      case 0:
        return db_.exec(cat("INSERT IGNORE INTO customers VALUES ('", code, "', 'n', ", tx_, ")"));
      case 1:
        return db_.exec(cat("UPDATE IGNORE customers SET code = CONCAT('ключ-', ",
                            rng_.below(300),
                            "), tx = ",
                            tx_,
                            " WHERE code = '",
                            code,
                            "'"));
      default:
        return db_.exec(cat("DELETE FROM customers WHERE code = '", code, "'"));
    }
  }

  void wide() {
    const uint64_t id = 1 + rng_.below(120);
    if (rng_.chance(1, 3)) return db_.exec(cat("UPDATE wide SET n = n + 1, tx = ", tx_, " WHERE id = ", id));
    if (rng_.chance(1, 4)) return db_.exec(cat("DELETE FROM wide WHERE id = ", id));
    db_.exec(cat("REPLACE INTO wide VALUES (",
                 id,
                 ", REPEAT('длинно ', ",
                 rng_.below(3000),
                 "), REPEAT(CHAR(",
                 rng_.below(256),
                 " USING binary), ",
                 rng_.below(20000),
                 "), 0, ",
                 tx_,
                 ")"));
  }

  void pair() {
    db_.exec(cat("INSERT INTO pairs VALUES (",
                 rng_.below(60),
                 ", 'B",
                 rng_.below(40),
                 "', 1, NULL, ",
                 tx_,
                 ") ON DUPLICATE KEY UPDATE v = v + 1, tx = ",
                 tx_));
    if (rng_.chance(1, 3))
      db_.exec(cat("DELETE FROM pairs WHERE a = ", rng_.below(60), " AND b = 'B", rng_.below(40), "'"));
  }

  void rename_pair() {
    db_.exec(cat("UPDATE IGNORE pairs SET a = a + 1, tx = ",
                 tx_,
                 " WHERE a = ",
                 rng_.below(60),
                 " AND b = 'B",
                 rng_.below(1000),
                 "'"));
  }

  // Two seats change hands within one transaction; the unique key holds after each statement.
  void swap() {
    const uint64_t a = 1 + rng_.below(200);
    const uint64_t b = 1 + rng_.below(200);
    if (a == b) return;
    db_.exec(cat("SELECT seat INTO @a FROM seats WHERE id = ",
                 a,
                 " FOR UPDATE;"
                 "SELECT seat INTO @b FROM seats WHERE id = ",
                 b,
                 " FOR UPDATE;"
                 "UPDATE seats SET seat = NULL WHERE id = ",
                 a,
                 ";"
                 "UPDATE seats SET seat = @a, tx = ",
                 tx_,
                 " WHERE id = ",
                 b,
                 ";"
                 "UPDATE seats SET seat = @b, tx = ",
                 tx_,
                 " WHERE id = ",
                 a));
  }

  void loose() {
    const uint64_t id = 1 + rng_.below(600);
    static constexpr std::array kSets = {"a = NULL",
                                         "a = COALESCE(a, 0) + 1",
                                         "b = 'it''s'",
                                         "b = NULL",
                                         "c = NOW(), d = 1.5",
                                         "e = UNHEX('00ff'), g = CURDATE()",
                                         "h = 0.1, f = 1"};
    if (rng_.chance(1, 10)) return db_.exec(cat("DELETE FROM loose WHERE id = ", id));
    db_.exec(cat("INSERT INTO loose (id) VALUES (", id, ") ON DUPLICATE KEY UPDATE ", kSets[rng_.below(kSets.size())]));
  }

  // Key changes that jump over the whole table, while it is perhaps being copied.
  void bulk() {
    const uint64_t id = 1 + rng_.below(60000);
    switch (rng_.below(4)) {
      case 0:
        return db_.exec(cat("DELETE FROM bulk WHERE part < 1000 AND id = ", id));
      case 1:
        return db_.exec(cat(
            "UPDATE IGNORE bulk SET id = ", 1 + rng_.below(60000), ", tx = ", tx_, " WHERE part < 1000 AND id = ", id));
      case 2:
        return db_.exec(cat("INSERT IGNORE INTO bulk VALUES (", id, ", 1, 'again', ", tx_, ")"));
      default:
        return db_.exec(cat(
            "UPDATE bulk SET v = 'changed', tx = ", tx_, " WHERE part < 1000 AND id BETWEEN ", id, " AND ", id + 5));
    }
  }

  void savepoint() {
    db_.exec("SAVEPOINT s");
    sell();
    event();
    db_.exec("ROLLBACK TO SAVEPOINT s");
  }

  MysqlConnection& db_;
  Rng& rng_;
  int number_;
  int huge_rows_;
  uint64_t tx_ = 0;
  uint64_t fresh_ = 0;
};

// True when it was committed.
bool transaction(MysqlConnection& db, Operations& operations, Rng& rng, uint64_t tx) {
  operations.begin(tx);
  db.exec("BEGIN");
  if (rng.chance(1, 10)) operations.noise();
  if (rng.chance(1, 400)) {
    operations.huge();
  } else if (!rng.chance(1, 10)) {
    for (uint64_t left = 1 + rng.below(5); left > 0; --left) operations.run_random();
  }
  if (rng.chance(1, 2)) operations.ledger();
  const bool commit = !rng.chance(1, 20);
  db.exec(commit ? "COMMIT" : "ROLLBACK");
  return commit;
}

bool expected(const support::SqlError& error) {
  // Deadlock, lock wait timeout, shutdown in progress, cannot connect, gone away, connection lost.
  static const std::array<std::string, 9> kCodes = {
      "1213", "1205", "1053", "2002", "2003", "2006", "2013", "2026", "1927"};
  for (const std::string& code : kCodes) {
    if (error.code() == code) return true;
  }
  return false;
}

}  // namespace

Shop::Shop(support::BinlogServer& server, ShopOptions options)
    : server_(server), options_(options), port_(server.port()) {}

Shop::~Shop() {
  stop();
}

void Shop::start() {
  for (int number = 1; number <= options_.sessions; ++number) {
    threads_.emplace_back([this, number](std::stop_token stop) { run_session(number, stop); });
  }
}

void Shop::stop() {
  threads_.clear();
}

void Shop::run_session(int number, std::stop_token stop) {
  Rng rng(options_.seed * 1000 + static_cast<uint64_t>(number));
  uint64_t tx = static_cast<uint64_t>(number) * 100000000;
  const Duration pause = options_.transactions_per_second == 0
                             ? Duration(0)
                             : Duration(1s) * options_.sessions / options_.transactions_per_second;
  while (!stop.stop_requested()) {
    try {
      MysqlConnection db({.port = port_, .database = "shop"});
      Operations operations(db, rng, number, options_.huge_rows);
      db.exec("SET SESSION innodb_lock_wait_timeout = 5, time_zone = '+00:00'");
      while (!stop.stop_requested()) {
        const SteadyTime began = real_clock().now();
        if (transaction(db, operations, rng, ++tx)) ++committed_;
        const Duration spent = real_clock().now() - began;
        if (pause > spent) real_clock().sleep(pause - spent, stop);
      }
    } catch (const support::SqlError& error) {
      // The session ends, the server rolls back, the next one goes on.
      if (!expected(error)) trouble_.with([&](std::string& t) { t = error.what(); });
      real_clock().sleep(20ms, stop);
    }
  }
}

}  // namespace weft::live
