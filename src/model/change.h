// SPDX-License-Identifier: Apache-2.0
// Change: what happened to a row, a table's rows or a table's shape. Plain views; the Batch owns every byte.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "model/row.h"

namespace weft {

enum class Op : uint8_t { kInsert, kUpdate, kDelete };

[[nodiscard]] constexpr std::string_view to_string(Op op) {
  return op == Op::kInsert ? "insert" : op == Op::kUpdate ? "update" : "delete";
}

// before: empty for an insert; for update and delete it holds at least the key (keyless tables: the full row). Values that
// the source did not send are kUnchanged. after: empty for a delete; a partial image has kUnchanged in it.
struct RowChange {
  const TableSchema* schema = nullptr;
  Op op = Op::kInsert;
  Row before;
  Row after;
  // The source carried out what foreign keys of other tables say to this change below its log: it is in no other change.
  bool hidden_actions = false;
};

struct Truncate {
  const TableSchema* schema = nullptr;
};

// A column that a statement adds, as far as its text says what the rows that are there already hold in it.
struct AddedColumn {
  enum class Default : uint8_t {
    kNone,     // no DEFAULT: NULL, or the zero of its type
    kLiteral,  // `text`
    kOther,    // an expression, the time, a counter: only the rows themselves tell
  };
  std::string_view name;
  Default kind = Default::kNone;
  std::string_view text;
  bool not_null = false;
};

// DDL (or any statement) that touches a captured table. `schema` is the shape before it as far as it is known: null for a
// new table.
struct SchemaChange {
  const TableSchema* schema = nullptr;
  std::string_view database;
  std::string_view table;
  std::string_view statement;
  bool drops = false;    // the table is gone, and its rows with it
  bool creates = false;  // the table is new, without rows
  bool renames = false;  // a column or the table has another name from here on
  std::span<const AddedColumn> added = {};
};

// A transaction in two phases. It is the last change of its transaction, or of each fragment of it: what stands in front of it
// waits under this name (kPrepare), which a later transaction commits or rolls back; that one has no other change.
struct TwoPhase {
  enum class Step : uint8_t {
    kPrepare,
    kCommit,
    kRollback,
    kOnePhase,  // on the last fragment alone: nothing waits after all, the transaction is committed by itself
  };
  Step step = Step::kPrepare;
  std::string_view name;
};

// The transaction was written by weft, of changes that were made elsewhere (model/origin.h). It is the first change of its
// transaction.
struct Origin {
  std::string_view chain;
};

using Change = std::variant<RowChange, SchemaChange, Truncate, TwoPhase, Origin>;

// The table that a change is about; null for one that is about none that is known.
[[nodiscard]] inline const TableSchema* schema_of(const Change& change) {
  if (const auto* row = std::get_if<RowChange>(&change)) return row->schema;
  if (const auto* schema = std::get_if<SchemaChange>(&change)) return schema->schema;
  if (const auto* truncate = std::get_if<Truncate>(&change)) return truncate->schema;
  return nullptr;
}

}  // namespace weft
