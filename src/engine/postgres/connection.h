// SPDX-License-Identifier: Apache-2.0
// Connection: one session of a PostgreSQL server over libpq, never blocking for ever: every wait polls the socket with a
// deadline (where one is set) and the stop token, and a dead peer is noticed by TCP within half a minute.
//
//   TRY_ASSIGN(auto session, Connection::open({.address = address}));
//   TRY_ASSIGN(const Answer answer, session->query("SELECT $1::int + 1", {"41"}));
//
// Sessions are UTC, ISO dates, UTF-8, and search_path is pg_catalog alone. After an error with code kConnectionLost (or any error when broken()) the session is
// gone for good: make a new one. Statements that travel together go through Pipeline. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/postgres/errors.h"
#include "engine/postgres/url.h"

struct pg_conn;
struct pg_result;

namespace weft::postgres {

// What the server said to one statement. Owns its rows.
class Answer {
 public:
  Answer() = default;

  explicit Answer(pg_result* result) : result_(result) {}

  [[nodiscard]] size_t rows() const;
  [[nodiscard]] size_t columns() const;
  [[nodiscard]] bool is_null(size_t row, size_t column) const;
  // Empty for NULL. Views the answer.
  [[nodiscard]] std::string_view text(size_t row, size_t column) const;
  [[nodiscard]] int64_t number(size_t row, size_t column) const;  // 0 for NULL or no number

  [[nodiscard]] bool truth(size_t row, size_t column) const { return text(row, column) == "t"; }

  // Rows that the statement touched.
  [[nodiscard]] uint64_t affected() const;
  // "COMMIT", "INSERT 0 1".
  [[nodiscard]] std::string_view tag() const;

 private:
  struct Free {
    void operator()(pg_result* result) const;
  };

  std::unique_ptr<pg_result, Free> result_;
};

struct ConnectOptions {
  const Address* address = nullptr;                     // read during open() only
  Duration connect_timeout = std::chrono::seconds(10);  // per host
  Duration answer_timeout{};                            // longest wait for an answer; 0: as long as the peer lives
  std::stop_token stop = {};
  std::string settings = {};  // SET statements run first
  Clock* clock = nullptr;     // real_clock() if null
  bool replication = false;   // a walsender's session: replication commands, and SQL without parameters
};

// A parameter in binary form; data == nullptr is NULL.
struct Param {
  const char* data = nullptr;
  int size = 0;
};

using TextParams = std::vector<std::optional<std::string>>;

class Connection {
 public:
  // Tries the hosts in order. kTransient with code kNotReached when none answers.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const ConnectOptions& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // One or several statements without parameters; the last one's answer. REQUIRES for all below: not in pipeline mode.
  [[nodiscard]] Result<Answer> execute(const std::string& sql);
  [[nodiscard]] Result<Answer> query(const std::string& sql, const TextParams& params);

  // COPY ... FROM STDIN: `sql` may hold statements before it. Then data, then copy_end (rows copied) or copy_fail.
  [[nodiscard]] Status copy_begin(const std::string& sql);
  [[nodiscard]] Status copy_data(std::string_view bytes);
  [[nodiscard]] Result<uint64_t> copy_end();
  // Gives the COPY up; the transaction has failed then. The server's echo of `reason` is not an error here.
  [[nodiscard]] Status copy_fail(const std::string& reason);

  // COPY ... TO STDOUT: then what the server sends, message by message (of the binary form: a row each), until there is no
  // more. A message is valid until the next call. Whoever does not read to the end gives the session up.
  [[nodiscard]] Status copy_out_begin(const std::string& sql);
  [[nodiscard]] Result<std::optional<std::string_view>> copy_out_next();

  // START_REPLICATION: from here on the server's messages come by stream_poll(), and copy_data() answers.
  [[nodiscard]] Status stream_begin(const std::string& command);
  // The next message if one is there; valid until the next call. An error when the stream has ended.
  [[nodiscard]] Result<std::optional<std::string_view>> stream_poll();
  // Waits until stream_poll() may give something: false after the timeout.
  [[nodiscard]] Result<bool> stream_wait(Duration timeout);

  [[nodiscard]] bool broken() const;
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] int server_version() const;  // 150020
  [[nodiscard]] int backend_pid() const;

  [[nodiscard]] const std::string& where() const { return where_; }  // address without secrets

  // The first schema of the role's own search_path that exists; empty if none does.
  [[nodiscard]] const std::string& default_schema() const { return default_schema_; }

  // The role's own search_path, as the setting's text.
  [[nodiscard]] const std::string& role_search_path() const { return role_search_path_; }

  // The fields of the last error that the server reported here.
  [[nodiscard]] const ServerError& last_error() const { return last_error_; }

  void set_answer_timeout(Duration timeout) { answer_timeout_ = timeout; }

 private:
  friend class Pipeline;

  struct Close {
    void operator()(pg_conn* conn) const;
  };

  struct FreeMemory {
    void operator()(char* memory) const;
  };

  Connection(pg_conn* conn, const ConnectOptions& options);
  static Result<std::unique_ptr<Connection>> open_host(const Keywords& words, const ConnectOptions& options);
  Status handshake(Duration timeout);
  Status pin_search_path();
  // Waits until the socket is readable (or writable, when `to_write`).
  Status wait(bool to_write, SteadyTime deadline, bool has_deadline);
  Status flush();
  // The next result, or none where libpq marks the end of a statement.
  Result<pg_result*> next_result();
  // All results of a simple or unnamed statement; the last one.
  Result<Answer> finish();
  Error server_error(const pg_result* result);
  Error lost();

  std::unique_ptr<pg_conn, Close> conn_;
  Clock* clock_;
  Duration answer_timeout_;
  std::stop_token stop_;
  std::string where_;
  std::string default_schema_;
  std::string role_search_path_;
  ServerError last_error_;
  std::unique_ptr<char, FreeMemory> message_;  // of stream_poll()
  bool abandoned_ = false;                     // given up in the middle of an answer
};

}  // namespace weft::postgres
