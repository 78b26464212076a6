// SPDX-License-Identifier: Apache-2.0
// What the SQL of the `_weft_*` tables is where the engines' dialects differ. Pure text; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "target/bookkeeping/port.h"

namespace weft::bookkeeping {

// The engine's clock: microseconds since 1970 UTC as a number, and a time in words (UTC).
[[nodiscard]] std::string_view now_us(Dialect dialect);
[[nodiscard]] std::string_view now_text(Dialect dialect);
// A time in words from one parameter of microseconds; NULL gives NULL.
[[nodiscard]] std::string_view time_of_parameter(Dialect dialect);
// What that parameter is: NULL for 0, which says that the time is not known, and for what no calendar has.
[[nodiscard]] Parameter time_parameter(int64_t us);

// Begins a transaction that will write.
[[nodiscard]] std::string_view begin_sql(Dialect dialect);
// Behind a SELECT whose rows the transaction goes on to change; empty where a transaction is alone anyway.
[[nodiscard]] std::string_view for_update(Dialect dialect);
// "INSERT IGNORE INTO " or its like: a row whose key is there is left alone.
[[nodiscard]] std::string_view insert_missing(Dialect dialect);
// Behind INSERT ... VALUES (...): a row whose `key` is there gets the new values of `columns`.
[[nodiscard]] std::string on_duplicate(Dialect dialect,
                                       std::string_view key,
                                       const std::vector<std::string_view>& columns);
// A text literal; REQUIRES: no NUL in it.
[[nodiscard]] std::string literal(Dialect dialect, std::string_view text);

// Numbers of the tables are unsigned in weft and signed in SQL.
[[nodiscard]] inline Parameter number(uint64_t n) {
  return static_cast<int64_t>(n);
}

[[nodiscard]] inline Parameter truth(bool b) {
  return int64_t{b ? 1 : 0};
}

// Cells of a Record. A NULL is empty, or 0.
[[nodiscard]] const std::string& text_of(const Record& record, size_t column);
[[nodiscard]] int64_t number_of(const Record& record, size_t column);

// One transaction through a port: rolled back unless it was committed. For what weft writes beside the changes of rows.
//
//   Transaction work(port);
//   TRY(work.begin());  TRY(port.run(...));  return work.commit();
class Transaction {
 public:
  explicit Transaction(SqlPort& port) : port_(port) {}

  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  [[nodiscard]] Status begin();
  [[nodiscard]] Status commit();

 private:
  SqlPort& port_;
  bool open_ = false;
};

// The same for reading: everything from one snapshot.
class ReadTransaction {
 public:
  explicit ReadTransaction(SqlPort& port) : port_(port) {}

  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction();

  [[nodiscard]] Status begin();

 private:
  SqlPort& port_;
  bool open_ = false;
};

}  // namespace weft::bookkeeping
