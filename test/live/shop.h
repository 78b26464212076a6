// SPDX-License-Identifier: Apache-2.0
// Shop: a database `shop` at a MariaDB or MySQL server with a table for each way that rows can be hard, rows to begin
// with, and a randomized workload of several sessions that runs until told to stop.
//
//   Shop shop(server, {.seed = seed, .transactions_per_second = 400});
//   shop.create(); shop.start(); ... server.crash(); server.start(); ... shop.stop();
//
// What every committed state keeps (docs in shop_schema.cc): the sum of accounts, orders.total = sum of its lines, the
// ledger is 1..n without a gap and ledger_head says n, no seat is NULL, stock.changes counts its updates one by one.
// Sessions reconnect while the server is down; the source itself is the truth about what was committed. Owns its
// threads; one thread calls it, and the server must outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "support/binlog_server.h"
#include "support/postgres_server.h"

namespace weft::live {

struct ShopOptions {
  uint64_t seed = 1;
  int sessions = 3;
  int transactions_per_second = 300;  // of all sessions; 0: flat out
  int bulk_rows = 60000;              // rows of table `bulk` at the beginning: what a snapshot spends its time on
  int huge_rows = 20000;              // rows of an occasional huge transaction; 0: none
};

// Table names in an order in which foreign keys allow them to be filled.
[[nodiscard]] const std::vector<std::string>& shop_tables();

class Shop {
 public:
  Shop(support::BinlogServer& server, ShopOptions options);
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  ~Shop();

  // Makes the databases `shop` and `other` and fills them.
  void create();
  void start();

  // New sessions go to this server, which has all that was committed; those of a server that has died are soon new ones.
  void move_to(const support::BinlogServer& server) { port_ = server.port(); }

  // Ends the sessions at a transaction's end.
  void stop();

  [[nodiscard]] uint64_t committed() const { return committed_.load(); }

  // What no session expected (a statement that a server in order refuses); empty when all is well.
  [[nodiscard]] std::string trouble() const {
    return trouble_.with([](const std::string& t) { return t; });
  }

 private:
  void run_session(int number, std::stop_token stop);

  support::BinlogServer& server_;
  ShopOptions options_;
  std::atomic<uint16_t> port_;
  std::atomic<uint64_t> committed_ = 0;
  Guarded<std::string> trouble_;
  std::vector<std::jthread> threads_;
};

// The shop's tables at PostgreSQL, with the foreign key, the unique seat and triggers that keep a journal of what was
// applied: `audit` (table, operation, key, number before and after, tx).
void create_shop_target(support::PostgresConnection& target);

// The invariants, as one statement that gives one row of words per breach, readable in one snapshot.
[[nodiscard]] const std::string& shop_breaches_sql();

}  // namespace weft::live
