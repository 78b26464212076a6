// SPDX-License-Identifier: Apache-2.0
// CopyRows: rows of a SELECT by COPY ... TO STDOUT (FORMAT binary), which costs both sides about half of what a cursor does.
//
//   CopyRows rows(table);                       // not usable(): some column has no binary form that is known
//   TRY(rows.begin(session, query.sql));
//   TRY_ASSIGN(const bool more, rows.next(session, arena, values));
//
// In the session of its caller, which asks for nothing else until rows have ended. One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/pgoutput/binary_values.h"
#include "source/postgres/catalogue.h"

namespace weft::postgres {

class CopyRows {
 public:
  CopyRows() = default;
  explicit CopyRows(const CatalogueTable& table);

  [[nodiscard]] bool usable() const { return usable_; }

  [[nodiscard]] bool under_way() const { return under_way_; }

  // `select` has no parameters.
  [[nodiscard]] Status begin(Connection& session, std::string_view select);
  // One row, with its bytes in the arena; false: there are no more. REQUIRES: a value for each column of the table. Code
  // pgoutput::kNeedsText: see there.
  [[nodiscard]] Result<bool> next(Connection& session, Arena& arena, std::span<Value> values);

  // Whether the last error was of a row's values; the session is in order then, and rows may go on.
  [[nodiscard]] bool row_refused() const { return row_refused_; }

  // Lets the rest of the rows go by.
  [[nodiscard]] Status skip(Connection& session);

 private:
  [[nodiscard]] Status read_row(std::string_view message, Arena& arena, std::span<Value> values) const;

  SchemaRef schema_;
  std::vector<pgoutput::Form> forms_;
  bool usable_ = false;
  bool under_way_ = false;
  bool row_refused_ = false;
  bool first_ = false;
};

}  // namespace weft::postgres
