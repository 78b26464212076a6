// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/key_actions.h"

#include <algorithm>

#include "base/text.h"
#include "target/sqlite/values.h"

namespace weft::sqlite {
namespace {

constexpr size_t kDepthLimit = 255;  // InnoDB's own is lower

// "a" = ? AND "b" = ?
std::string list(const TablePlan& plan, const std::vector<uint16_t>& columns, std::string_view between) {
  std::string out;
  for (const uint16_t c : columns) out += cat(out.empty() ? "" : between, plan.columns[c].quoted, " = ?");
  return out;
}

}  // namespace

void KeyActionRunner::bind(Statement& statement, int parameter, const Cell& cell) {
  if (const auto* number = std::get_if<int64_t>(&cell)) {
    statement.bind(parameter, *number);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    statement.bind(parameter, *real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    statement.bind_text(parameter, *text);
  } else if (const auto* blob = std::get_if<Blob>(&cell)) {
    statement.bind_blob(parameter, blob->bytes);
  } else {
    statement.bind_null(parameter);
  }
}

KeyActionRunner::Cell KeyActionRunner::cell_at(const Statement& statement, int column) {
  switch (statement.storage(column)) {
    case Storage::kInteger:
      return statement.integer(column);
    case Storage::kReal:
      return statement.real(column);
    case Storage::kText:
      return statement.text(column);
    case Storage::kBlob:
      return Blob{statement.text(column)};
    case Storage::kNull:
      break;
  }
  return std::monostate();
}

// `otherwise`: what the row holds where it does not say.
KeyActionRunner::Cells KeyActionRunner::cells_of(const TablePlan& plan, Row row, Row otherwise) {
  Cells cells(plan.columns.size());
  for (size_t i = 0; i < cells.size() && i < row.size(); ++i) {
    const Value& value = row[i].is_unchanged() && !otherwise.empty() ? otherwise[i] : row[i];
    switch (value.kind()) {
      case Kind::kNull:
      case Kind::kUnchanged:
        break;
      case Kind::kBool:
      case Kind::kInt:
      case Kind::kUint:
      case Kind::kBit:
        cells[i] = value.as_int();
        break;
      case Kind::kFloat:
      case Kind::kDouble:
        cells[i] = value.as_double();
        break;
      case Kind::kBytes:
        cells[i] = Blob{std::string(value.view())};
        break;
      case Kind::kDecimal:
      case Kind::kText:
      case Kind::kJson:
        cells[i] = std::string(value.view());
        break;
      default:
        cells[i] = text_form(value);
    }
  }
  return cells;
}

Result<uint64_t> KeyActionRunner::run(const TableBatch& batch) {
  TRY_ASSIGN(const TablePlan* plan, plan_of_(*batch.table));
  for (const TableBatch::Item& item : batch.rows) {
    const Cells before = cells_of(*plan, item.before, {});
    const Cells after = cells_of(*plan, item.after, item.before);
    TRY(follow(*batch.table, before, item.after.empty() ? nullptr : &after, 0));
  }
  return touched_;
}

Status KeyActionRunner::follow(const TargetTable& table, const Cells& before, const Cells* after, size_t depth) {
  const auto at = keys_.find(table.name);
  if (at == keys_.end()) return ok();
  if (depth == kDepthLimit) {
    return Error(Blame::kData, cat("foreign-key actions of ", table.name.text(), " go deeper than ", kDepthLimit));
  }
  for (const ActingKey& key : at->second) TRY(act(key, before, after, depth));
  return ok();
}

Result<std::vector<KeyActionRunner::Cells>> KeyActionRunner::children(const TablePlan& child,
                                                                      const ActingKey& key,
                                                                      const Cells& before) {
  std::vector<Cells> rows;
  std::string columns;
  for (const PlannedColumn& c : child.columns)
    columns += cat(columns.empty() ? "" : ", ", c.quoted.empty() ? "NULL" : c.quoted);
  TRY_ASSIGN(Statement * select,
             connection_.statement(
                 cat("SELECT ", columns, " FROM ", child.name, " WHERE ", list(child, key.columns, " AND "))));
  int parameter = 0;
  for (const uint16_t c : key.parent_columns) bind(*select, ++parameter, before[c]);
  while (true) {
    TRY_ASSIGN(const bool row, select->step());
    if (!row) break;
    Cells cells;
    for (int i = 0; i < select->columns(); ++i) cells.push_back(cell_at(*select, i));
    rows.push_back(std::move(cells));
  }
  select->reset();
  return rows;
}

Status KeyActionRunner::act(const ActingKey& key, const Cells& before, const Cells* after, size_t depth) {
  const KeyAction action = after == nullptr ? key.on_delete : key.on_update;
  if (action == KeyAction::kNone) return ok();
  bool same = after != nullptr;
  for (const uint16_t c : key.parent_columns) {
    if (std::holds_alternative<std::monostate>(before[c])) return ok();  // NULL refers to nothing
    if (after == nullptr) continue;
    same = same && before[c] == (*after)[c];
  }
  if (same) return ok();
  TRY_ASSIGN(const TablePlan* child, plan_of_(*key.child));
  TRY_ASSIGN(const std::vector<Cells> rows, children(*child, key, before));
  if (rows.empty()) return ok();
  const bool goes = after == nullptr && action == KeyAction::kCascade;
  const std::string where = list(*child, key.columns, " AND ");
  const std::string sql = goes
                              ? cat("DELETE FROM ", child->name, " WHERE ", where)
                              : cat("UPDATE ", child->name, " SET ", list(*child, key.columns, ", "), " WHERE ", where);
  TRY_ASSIGN(Statement * change, connection_.statement(sql));
  int parameter = 0;
  Cells values;
  for (const uint16_t c : key.parent_columns)
    values.push_back(action == KeyAction::kSetNull ? Cell() : after == nullptr ? Cell() : (*after)[c]);
  if (!goes) {
    for (const Cell& value : values) bind(*change, ++parameter, value);
  }
  for (const uint16_t c : key.parent_columns) bind(*change, ++parameter, before[c]);
  TRY(change->run());
  touched_ += static_cast<uint64_t>(connection_.changes());
  for (const Cells& row : rows) {
    Cells changed = row;
    for (size_t i = 0; i < key.columns.size(); ++i) changed[key.columns[i]] = values[i];
    TRY(follow(child->table, row, goes ? nullptr : &changed, depth + 1));
  }
  return ok();
}

}  // namespace weft::sqlite
