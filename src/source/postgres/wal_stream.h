// SPDX-License-Identifier: Apache-2.0
// WalStream: a slot's stream over a walsender's session: frames in, what is flushed out. It answers the server by a timer of its
// own while nobody reads (hard case 21). One thread reads; flushed() may come from any. Errors end it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "codec/pgoutput/messages.h"
#include "engine/postgres/connection.h"
#include "source/postgres/pace.h"
#include "source/postgres/position.h"

namespace weft::postgres {

// How the server is asked to send values.
enum class ValuesAs : uint8_t {
  kText,
  kBinary,  // where their type has such a form and the server is new enough (PostgreSQL 14); else as text
};

class WalStream {
 public:
  // Takes the payload of one frame; true: that is enough for now.
  using Take = std::function<Result<bool>(std::string_view payload)>;

  explicit WalStream(std::unique_ptr<Connection> walsender);
  ~WalStream();
  WalStream(const WalStream&) = delete;
  WalStream& operator=(const WalStream&) = delete;

  // For replication commands before start().
  [[nodiscard]] Connection& session() { return *session_; }

  // `name`: of the slot and of the publication.
  [[nodiscard]] Status start(const std::string& name, const PgPosition& from, ValuesAs values);
  // What is there without waiting: false when it was all.
  [[nodiscard]] Result<bool> poll(const Take& take);

  // Waits until poll() may give something: false after the timeout.
  [[nodiscard]] Result<bool> wait(Duration timeout);

  // Lets the server say how far it has read, which it does not by itself.
  [[nodiscard]] Status ask();

  // Everything up to here is on the target's disk.
  void flushed(uint64_t lsn);

  // The server has sent everything that committed before.
  [[nodiscard]] uint64_t heard() const { return heard_; }

  // Of the server's log, as far as it has told.
  [[nodiscard]] uint64_t log_end() const { return log_end_.load(std::memory_order_relaxed); }

 private:
  struct Line {
    std::unique_ptr<Connection> session;
    SteadyTime reported_at{};
  };

  Status report(Line& line, bool ask);
  void saw_end(uint64_t lsn);

  // Held while messages are taken, I/O included: the one who waits for it is the keeper, who has nothing to say meanwhile.
  Guarded<Line> line_;
  Connection* session_;  // line_'s: waiting for its socket needs no turn
  std::atomic<uint64_t> flushed_ = 0;
  std::atomic<uint64_t> log_end_ = 0;
  uint64_t heard_ = 0;
  Pace pace_;
  std::jthread keeper_;
};

}  // namespace weft::postgres
