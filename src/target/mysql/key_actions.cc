// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/key_actions.h"

#include "base/text.h"
#include "target/mysql/literal.h"

namespace weft::mysql {
namespace {

constexpr size_t kDepthLimit = 255;  // InnoDB's own is lower

// `a` = 1 AND `b` = 'x'
std::string list(const TablePlan& plan,
                 const std::vector<uint16_t>& columns,
                 const std::vector<std::optional<std::string>>& values,
                 std::string_view between) {
  std::string out;
  for (size_t i = 0; i < columns.size(); ++i) {
    out += cat(out.empty() ? "" : between, plan.columns[columns[i]].quoted, " = ", values[i].value_or("NULL"));
  }
  return out;
}

}  // namespace

KeyActionRunner::Cells KeyActionRunner::cells_of(const TablePlan& plan, Row row, const Cells& otherwise) {
  Cells cells(plan.columns.size());
  for (size_t i = 0; i < cells.size() && i < row.size(); ++i) {
    if (row[i].is_unchanged()) {
      if (!otherwise.empty()) cells[i] = otherwise[i];
    } else if (!row[i].is_null()) {
      cells[i] = literal_of(plan.columns[i].storage, row[i]);
    }
  }
  return cells;
}

Result<uint64_t> KeyActionRunner::run(const TableBatch& batch) {
  TRY_ASSIGN(const TablePlan* plan, plan_of_(*batch.table));
  for (const TableBatch::Item& item : batch.rows) {
    Change change;
    change.before = cells_of(*plan, item.before, {});
    change.gone = item.after.empty();
    if (!change.gone) change.after = cells_of(*plan, item.after, change.before);
    TRY(follow(*batch.table, change, 0));
  }
  return touched_;
}

Status KeyActionRunner::follow(const TargetTable& table, const Change& change, size_t depth) {
  const auto at = keys_.find(table.name);
  if (at == keys_.end()) return ok();
  if (depth == kDepthLimit) {
    return Error(Blame::kData, cat("foreign-key actions of ", table.name.text(), " go deeper than ", kDepthLimit));
  }
  for (const ActingKey& key : at->second) TRY(act(key, change, depth));
  return ok();
}

Result<std::vector<KeyActionRunner::Cells>> KeyActionRunner::children(const TablePlan& child,
                                                                      const std::string& where) {
  std::string columns;
  for (const PlannedColumn& c : child.columns)
    columns += cat(columns.empty() ? "" : ", ", c.quoted.empty() ? "NULL" : c.quoted);
  TRY_ASSIGN(const Rows found,
             session_.query(cat("SELECT ", columns, " FROM ", child.name, " WHERE ", where, " FOR UPDATE")));
  std::vector<Cells> rows;
  for (const auto& row : found.rows) {
    Cells& cells = rows.emplace_back(row.size());
    for (size_t c = 0; c < row.size(); ++c) {
      if (row[c]) cells[c] = literal_of_printed(child.columns[c].storage, *row[c]);
    }
  }
  return rows;
}

Status KeyActionRunner::act(const ActingKey& key, const Change& change, size_t depth) {
  const KeyAction action = change.gone ? key.on_delete : key.on_update;
  if (action == KeyAction::kNone) return ok();
  Cells before;
  Cells after;
  bool same = !change.gone;
  for (const uint16_t c : key.parent_columns) {
    before.push_back(change.before[c]);
    if (!before.back()) return ok();  // NULL refers to nothing
    const bool null = action == KeyAction::kSetNull || change.gone;
    after.push_back(null ? std::nullopt : change.after[c]);
    same = same && change.before[c] == change.after[c];
  }
  if (same) return ok();
  const bool native = !relaxed_ && (change.gone ? key.native_delete : key.native_update);
  const bool further = keys_.contains(key.child->name);
  if (native && !further) return ok();
  TRY_ASSIGN(const TablePlan* child, plan_of_(*key.child));
  const std::string where = list(*child, key.columns, before, " AND ");
  std::vector<Cells> rows;
  if (further) {
    TRY_ASSIGN(rows, children(*child, where));
    if (rows.empty()) return ok();
  }
  const bool goes = change.gone && action == KeyAction::kCascade;
  if (!native) {
    const std::string sql =
        goes ? cat("DELETE FROM ", child->name, " WHERE ", where)
             : cat("UPDATE ", child->name, " SET ", list(*child, key.columns, after, ", "), " WHERE ", where);
    TRY_ASSIGN(const uint64_t touched, session_.change(sql));
    touched_ += touched;
  }
  for (Cells& row : rows) {
    Change next{row, {}, goes};
    if (!goes) {
      next.after = row;
      for (size_t i = 0; i < key.columns.size(); ++i) next.after[key.columns[i]] = after[i];
    }
    TRY(follow(child->table, next, depth + 1));
  }
  return ok();
}

}  // namespace weft::mysql
