// SPDX-License-Identifier: Apache-2.0
// Pruner: removes logged changes that every reader has acknowledged, in small transactions, so that the application never waits
// for long. Over a connection of its own, opened when it is needed. Any thread, one at a time; a second one leaves its work to
// the first.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "engine/sqlite/connection.h"

namespace weft::sqlite {

class Pruner {
 public:
  Pruner(std::string path, std::string reader, std::stop_token stop)
      : path_(std::move(path)), reader_(std::move(reader)), stop_(std::move(stop)) {}

  // The reader has everything up to `id` of this capture on its disk. Where the application holds the database just then it
  // is left to the next call.
  [[nodiscard]] Status acknowledge(const std::string& capture, int64_t id);

 private:
  struct State {
    std::unique_ptr<Connection> db;
    bool busy = false;
    int64_t pruned = 0;
    SteadyTime at{};
  };

  [[nodiscard]] Status work(Connection& db, const std::string& capture, int64_t id);
  [[nodiscard]] Result<bool> step(Connection& db, const std::string& capture, int64_t id);

  std::string path_;
  std::string reader_;
  std::stop_token stop_;
  Guarded<State> state_;
};

// The reader begins at `id`: nothing behind it is removed from now on. In the caller's write transaction, or in one of its own.
[[nodiscard]] Status enter_reader(Connection& db, const std::string& reader, int64_t id);

}  // namespace weft::sqlite
