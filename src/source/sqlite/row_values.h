// SPDX-License-Identifier: Apache-2.0
// Values as SQLite holds them: the Kind is that of the storage class, whatever the column is declared as, so that nothing is
// read into a value and the target judges what does not fit. Pure but for the statement that is read; its one thread.
#pragma once

#include <string>
#include <vector>

#include "base/slab.h"
#include "engine/sqlite/connection.h"
#include "model/change.h"

namespace weft::sqlite {

// INTEGER: kInt, REAL: kDouble, TEXT: kText, BLOB: kBytes. Bytes are copied into the arena.
[[nodiscard]] Value value_at(const Statement& statement, int column, Arena& arena);

// Binds what value_at() gave, or a key of it.
void bind_value(Statement& statement, int parameter, const Value& value);

// A primary key may hold NULL in SQLite, in several rows, and an INTEGER key (but for the rowid) a text: kConfig names the row.
[[nodiscard]] Status check_row_key(const TableSchema& schema, Row row);

// An AddedColumn that owns its texts.
struct AddedColumnText {
  std::string name;
  AddedColumn::Default kind = AddedColumn::Default::kNone;
  std::string text;
  bool not_null = false;
};

// Columns that `now` has and `known` has not, with what SQLite gives the rows that are there.
[[nodiscard]] std::vector<AddedColumnText> added_columns(const TableSchema& known, const TableSchema& now);

}  // namespace weft::sqlite
