// SPDX-License-Identifier: Apache-2.0
// Transfers: writers at a PostgreSQL source that move amounts between accounts, each move a transaction with a line of its
// own in a ledger, and do to other tables beside it what is hard for a replica: large values that stay as they are, keys
// that change, rows without a key, parts and wholes that are rolled back.
//
//   Transfers transfers(pair, seed); transfers.start(); ... pair.source.crash(); pair.source.start(); ... transfers.stop();
//
// Every committed state keeps breaches_sql(): the sum is constant, each account is what the ledger makes of it, and each
// writer's lines are 1..n. Writers connect again while the server is down. Owns its threads; one thread calls it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "live/postgres_pair.h"

namespace weft::live {

class Transfers {
 public:
  // Makes the tables on both sides and fills those of the source.
  Transfers(const PostgresPair& pair, uint64_t seed);
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  ~Transfers() { stop(); }

  void start();

  // Ends the writers at a transaction's end.
  void stop() { writers_.clear(); }

  [[nodiscard]] uint64_t committed() const { return committed_; }

  // What no writer expected; empty when all is well.
  [[nodiscard]] std::string trouble() const {
    return trouble_.with([](const std::string& t) { return t; });
  }

  // One statement that gives one row of words per breach, readable in one snapshot.
  [[nodiscard]] static const std::string& breaches_sql();

 private:
  void run_writer(int writer, std::stop_token stop);

  std::string url_;
  uint64_t seed_;
  std::atomic<uint64_t> committed_ = 0;
  Guarded<std::string> trouble_;
  std::vector<std::jthread> writers_;
};

}  // namespace weft::live
