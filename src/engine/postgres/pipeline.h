// SPDX-License-Identifier: Apache-2.0
// Pipeline: many statements sent together, their answers checked at the end; one round trip however many there are.
// Statements are prepared once per session under a key of the caller's and kept, the least recently used go first.
//
//   Statement* update = pipeline.find(key);
//   if (update == nullptr) update = &pipeline.add(key, sql, types);
//   TRY(pipeline.send(*update, params, tag));
//   TRY(pipeline.finish([&](uint64_t tag, const Answer& answer) { ... }));
//
// After a statement fails the server skips the rest; the transaction it ran in has failed too. Outside of send..finish the
// connection is free for everything else. Views the Connection, which outlives it. One thread at a time.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/postgres/connection.h"

namespace weft::postgres {

struct Statement {
  std::string name;  // at the server
  std::string sql;
  std::vector<uint32_t> types;  // parameter type oids
  enum class State : uint8_t { kNew, kSent, kReady } state = State::kNew;
  uint64_t used = 0;  // when, in statements sent
};

class Pipeline {
 public:
  using Visit = std::function<void(uint64_t tag, const Answer& answer)>;

  explicit Pipeline(Connection& connection, size_t statement_limit = 300)
      : connection_(connection), statement_limit_(statement_limit) {}

  [[nodiscard]] Statement* find(const std::string& key);
  // References stay valid until the next trim().
  Statement& add(const std::string& key, std::string sql, std::vector<uint32_t> types);

  // Queues a statement. The parameters are copied. `tag` comes back with the answer.
  [[nodiscard]] Status send(Statement& statement, std::span<const Param> params, uint64_t tag);
  // Queues a statement that is parsed and planned anew each time, for those whose best plan depends on the table's size.
  [[nodiscard]] Status send_once(const std::string& sql,
                                 const std::vector<uint32_t>& types,
                                 std::span<const Param> params,
                                 uint64_t tag);
  // A statement without parameters that is its own key: "BEGIN".
  [[nodiscard]] Status send(const std::string& sql, uint64_t tag);
  // Waits for all answers. On failure: the first error, and its tag in failed_tag().
  [[nodiscard]] Status finish(const Visit& visit);

  [[nodiscard]] bool empty() const { return queued_.empty(); }

  [[nodiscard]] uint64_t failed_tag() const { return failed_tag_; }

  // Forgets statements above the limit. Call outside a transaction and with nothing queued.
  [[nodiscard]] Status trim();
  // Forgets all statements, as the server has.
  void forget();

 private:
  struct Queued {
    Statement* statement;
    uint64_t tag;
    bool preparing;
  };

  static constexpr size_t kFlushBytes = 32u << 10;

  Status enter();
  Status prepare(Statement& statement, uint64_t tag);
  size_t lay_out(std::span<const Param> params);  // into the three vectors; the bytes they take
  Status queued(Statement* statement, uint64_t tag, bool preparing, size_t bytes);
  Status take(const Queued& item, const Visit& visit, std::optional<Error>& failed);
  Status take_sync();
  Status fail(Error error);

  Connection& connection_;
  size_t statement_limit_;
  std::unordered_map<std::string, Statement> statements_;
  std::deque<Queued> queued_;
  std::vector<const char*> values_;  // reused by send
  std::vector<int> sizes_;
  std::vector<int> formats_;
  size_t unflushed_ = 0;
  uint64_t sent_ = 0;
  uint64_t names_ = 0;
  uint64_t failed_tag_ = 0;
};

}  // namespace weft::postgres
