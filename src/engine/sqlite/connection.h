// SPDX-License-Identifier: Apache-2.0
// Connection: one connection to an SQLite database file. Statement: a prepared statement of it.
//
//   TRY_ASSIGN(auto db, Connection::open({.path = path, .mode = Mode::kReadWrite}));
//   TRY(db->execute("BEGIN IMMEDIATE"));
//   TRY_ASSIGN(Statement* insert, db->statement("INSERT INTO t VALUES (?, ?)"));
//   insert->bind(1, int64_t{7});  insert->bind_text(2, "x");
//   TRY_ASSIGN(bool row, insert->step());       // false: it is done
//   insert->reset();
//
// Waits for a lock of another connection up to Options::busy_wait, or until `stop`; then an error with code "SQLITE_BUSY"
// (kTransient). One thread at a time. The connection owns its statements, which are kept by their text and go with it; column
// views live until the next step() or reset().
// Facts of protocol: sqlite.org/c3ref, sqlite.org/rescode.html, sqlite.org/lang_transaction.html.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace weft::sqlite {

inline constexpr std::string_view kBusy = "SQLITE_BUSY";  // Error::code: another connection holds a lock

enum class Mode : uint8_t {
  kReadOnly,
  kReadWrite,
  kCreate,  // and makes a missing file, which nobody else may read
};

struct Options {
  std::string path;
  Mode mode = Mode::kReadOnly;
  Duration busy_wait = std::chrono::seconds(10);
  std::stop_token stop = {};
};

// As sqlite3_column_type() tells a value.
enum class Storage : uint8_t { kNull, kInteger, kReal, kText, kBlob };

class Connection;

class Statement {
 public:
  Statement(Connection& connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}

  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters are counted from 1; text and bytes are viewed until reset() or the next bind. Out of range: kBug at step().
  void bind(int parameter, int64_t value);
  void bind(int parameter, double value);
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  void bind_null(int parameter);

  // True: a row is there. An error resets the statement.
  [[nodiscard]] Result<bool> step();
  // Steps to the end; rows are passed over.
  [[nodiscard]] Status run();
  // Ends it; its parameters are NULL again.
  void reset();

  [[nodiscard]] int columns() const;
  [[nodiscard]] std::string_view name(int column) const;
  [[nodiscard]] Storage storage(int column) const;
  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  // Bytes of text or a blob.
  [[nodiscard]] std::string_view bytes(int column) const;

  [[nodiscard]] bool is_null(int column) const { return storage(column) == Storage::kNull; }

  [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }

 private:
  Connection& connection_;
  sqlite3_stmt* statement_;
  int wrong_ = 0;  // result code of a bind
};

class Connection {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(Options options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One or more statements without parameters, rows passed over.
  [[nodiscard]] Status execute(std::string_view sql);
  // Prepared once and kept under its text; reset and ready to be bound.
  [[nodiscard]] Result<Statement*> statement(std::string_view sql);
  // A statement that is not kept.
  [[nodiscard]] Result<std::unique_ptr<Statement>> prepare(std::string_view sql);
  // The first cell of the first row as text; nullopt for NULL or no row.
  [[nodiscard]] Result<std::optional<std::string>> value(std::string_view sql);

  // Rows that the last INSERT, UPDATE or DELETE changed, triggers and foreign keys not counted.
  [[nodiscard]] int64_t changes() const;
  [[nodiscard]] int64_t last_rowid() const;
  [[nodiscard]] bool in_transaction() const;

  // How long to wait for locks from here on.
  void wait_for_locks(Duration limit) { options_.busy_wait = limit; }

  [[nodiscard]] const std::string& path() const { return options_.path; }

  // For what this header does not offer, by engine/sqlite alone.
  [[nodiscard]] sqlite3* handle() const { return handle_; }

  // What the last call that failed said, as an Error. `doing`: in words, may be empty.
  [[nodiscard]] Error last_error(std::string_view doing) const;

 private:
  friend class Statement;

  explicit Connection(Options options) : options_(std::move(options)) {}

  static int on_busy(void* self, int count);

  Options options_;
  sqlite3* handle_ = nullptr;
  SteadyTime busy_since_;
  std::unordered_map<std::string, std::unique_ptr<Statement>> statements_;
};

// Who must act on a result code of SQLite's, extended or not, and the next step where the message does not say it.
[[nodiscard]] Blame blame_of(int code);
[[nodiscard]] std::string_view hint_of(int code);
// "SQLITE_CONSTRAINT_UNIQUE"
[[nodiscard]] std::string name_of_code(int code);

// "3.40.1", and whether it is one that weft works with (3.37 on).
[[nodiscard]] std::string library_version();
[[nodiscard]] bool library_is_recent();

}  // namespace weft::sqlite
