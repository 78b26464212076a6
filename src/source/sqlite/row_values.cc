// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/row_values.h"

#include "base/text.h"
#include "model/row.h"
#include "source/source.h"

namespace weft::sqlite {

Value value_at(const Statement& statement, int column, Arena& arena) {
  switch (statement.storage(column)) {
    case Storage::kNull:
      return Value::null();
    case Storage::kInteger:
      return Value::int64(statement.integer(column));
    case Storage::kReal:
      return Value::float64(statement.real(column));
    case Storage::kText:
      return Value::text(arena.copy(statement.bytes(column)));
    case Storage::kBlob:
      return Value::bytes(arena.copy(statement.bytes(column)));
  }
  return Value::null();
}

void bind_value(Statement& statement, int parameter, const Value& value) {
  switch (value.kind()) {
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kBool:
      return statement.bind(parameter, value.as_int());
    case Kind::kFloat:
    case Kind::kDouble:
      return statement.bind(parameter, value.as_double());
    case Kind::kBytes:
      return statement.bind_blob(parameter, value.view());
    case Kind::kText:
    case Kind::kDecimal:
    case Kind::kJson:
      return statement.bind_text(parameter, value.view());
    default:
      return statement.bind_null(parameter);
  }
}

Status check_row_key(const TableSchema& schema, Row row) {
  for (const uint16_t o : schema.key) {
    const Column& column = schema.columns[o];
    const bool null = row[o].is_null();
    // Such keys are compared by weft too, and a value of another class has no place among them.
    if (!null && (!column.comparable() || row[o].kind() == column.kind)) continue;
    return Error(Blame::kConfig,
                 cat("table ",
                     schema.name.text(),
                     ": the row with key ",
                     describe(key_of(schema, row).row()),
                     " has ",
                     null ? std::string("NULL") : cat("a value that is not ", column.source_type),
                     " in its key, column ",
                     column.name,
                     "; change the row, or --exclude the table, then start again"),
                 std::string(null ? "null-key" : "mixed-key"))
        .about(schema.name.text());
  }
  return ok();
}

std::vector<AddedColumnText> added_columns(const TableSchema& known, const TableSchema& now) {
  std::vector<AddedColumnText> out;
  for (const Column& column : now.columns) {
    if (known.find(column.name) >= 0) continue;
    AddedColumnText added;
    added.name = column.name;
    added.not_null = !column.nullable;
    const auto value = decode_key(column.default_value);
    if (column.default_value.empty() || !value) {
      added.kind = AddedColumn::Default::kOther;
    } else if (!value->row()[0].is_null()) {
      added.kind = AddedColumn::Default::kLiteral;
      added.text = describe(value->row());
    }
    out.push_back(std::move(added));
  }
  return out;
}

}  // namespace weft::sqlite
