// SPDX-License-Identifier: Apache-2.0
// Shop: a small shop in a MariaDB database, and Workload: people who use it.
//
//   create_shop(session);                              // schema `shop` and its first rows
//   Workload load(server, {.rate = 1000}); load.start(); ... load.stop();
//
// Every transaction of the workload writes one row into `ledger`, a table without any key: an effect that is lost or applied
// twice is one row less or more there. Transfers move money between `accounts`: the sum of all balances never changes.
// A Workload owns its threads and their sessions; start and stop belong to one thread, the counters may be read by any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "support/mariadb_server.h"

namespace weft::demo {

// A table and what to select from it so that both sides print the same text for the same row.
struct ShopTable {
  std::string_view name;
  std::string_view columns;
};

[[nodiscard]] const std::vector<ShopTable>& shop_tables();

// What sum(balance) over `accounts` is at any moment.
[[nodiscard]] std::string_view accounts_total();

// Creates database `shop` and fills it.
void create_shop(support::MysqlConnection& session);

struct WorkloadOptions {
  double rate = 1000;  // transactions per second, of all workers together
  unsigned workers = 2;
};

class Workload {
 public:
  Workload(const support::MariaDbServer& server, const WorkloadOptions& options);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  ~Workload() { stop(); }

  void start();
  // Ends after the transactions under way; returns when all threads have.
  void stop();

  [[nodiscard]] uint64_t committed() const { return committed_; }

  // Why a worker gave up, or empty.
  [[nodiscard]] std::string trouble() const {
    return trouble_.with([](const std::string& text) { return text; });
  }

 private:
  void work(const std::stop_token& stop, unsigned worker);

  const support::MariaDbServer& server_;
  WorkloadOptions options_;
  std::atomic<uint64_t> committed_ = 0;
  Guarded<std::string> trouble_;
  std::vector<std::jthread> threads_;
};

}  // namespace weft::demo
