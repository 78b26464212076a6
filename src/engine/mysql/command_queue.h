// SPDX-License-Identifier: Apache-2.0
// CommandQueue: statements of one session that are sent without waiting for each answer, and their answers in order. A server
// reads the next command when it has answered the last, so that many statements cost one round trip.
//
//   TRY_ASSIGN(const uint32_t id, queue.prepare("INSERT INTO t VALUES (?)"));
//   queue.execute(id, parameters, 1);  queue.query("SET foreign_key_checks=1", 2);
//   TRY(queue.finish([&](uint64_t tag, const Answer& a) { rows += a.affected; }));
//
// What stands behind a statement that failed is executed all the same, if it was sent already: the session must be one in which
// nothing is committed by itself (autocommit = 0). No queued statement may give rows.
// Uses its session's raw protocol: while commands are queued nothing else may use the session, which outlives the queue. One
// thread. After a network error the session is dead: broken().
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/mysql/connection.h"
#include "engine/mysql/packets.h"

namespace weft::mysql {

class CommandQueue {
 public:
  struct Answer {
    uint64_t affected = 0;
    uint16_t status = 0;
  };

  using OnAnswer = std::function<void(uint64_t tag, const Answer& answer)>;

  CommandQueue(Connection& session, std::stop_token stop);

  // The number of a prepared statement, kept until forget_statements(). Waits for what is queued.
  [[nodiscard]] Result<uint32_t> prepare(const std::string& sql);
  // Drops all prepared statements if there are more than so many. REQUIRES: nothing is queued.
  void trim(size_t keep);

  // `tag` comes back with the answer, or as failed_tag(). Several statements in one text have an answer each.
  void query(std::string_view sql, uint64_t tag);
  // Payloads behind the statement's number.
  void execute(uint32_t statement, std::string_view parameters, uint64_t tag);
  void execute_in_bulk(uint32_t statement, std::string_view rows, uint64_t tag);

  // Waits for all answers and gives out those that came before the first error, which it returns.
  [[nodiscard]] Status finish(const OnAnswer& on_answer);

  // Of the error that finish() returned.
  [[nodiscard]] uint64_t failed_tag() const { return failed_tag_; }

  // Its number, 0 for one that is not the server's.
  [[nodiscard]] uint32_t failed_number() const { return failed_number_; }

  [[nodiscard]] bool broken() const { return broken_; }

  // As the last answer said it.
  [[nodiscard]] bool in_transaction() const { return in_transaction_; }

  [[nodiscard]] Connection& session() { return session_; }

 private:
  void add(uint8_t command, std::string_view head, std::string_view payload, uint64_t tag);
  void frame(uint8_t command, std::string_view head, std::string_view payload);
  void send();
  void receive();
  void fail(Error error, uint64_t tag);
  Result<std::string_view> packet();
  Status read_answer(uint64_t tag);

  Connection& session_;
  std::stop_token stop_;
  PacketReader packets_;
  std::string out_;
  std::deque<uint64_t> waiting_;                     // tags of commands whose answers are to come
  std::vector<std::pair<uint64_t, Answer>> answers_;  // that came
  std::optional<Error> error_;                       // the first; what is queued behind it is dropped
  std::unordered_map<std::string, uint32_t> statements_;
  uint64_t failed_tag_ = 0;
  uint32_t failed_number_ = 0;
  bool broken_ = false;
  bool in_transaction_ = false;
};

}  // namespace weft::mysql
