// SPDX-License-Identifier: Apache-2.0
// Values go as text whose type the server infers from the column it is compared with.
#include "target/postgres/key_actions.h"

#include <algorithm>

#include "base/text.h"
#include "engine/postgres/text_form.h"

namespace weft::postgres {
namespace {

constexpr size_t kDepthLimit = 255;  // InnoDB's own is lower
constexpr size_t kKeysAtOnce = 1000;

std::string text_of(const Value& value, const ColumnType& type) {
  WireBuffer buffer;
  if (type.form == Form::kBytea) buffer.put("\\x");
  append_text_form(buffer, value);
  return std::string(buffer.view());
}

// {"a","b\"c"}
std::string array_of(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const std::string& value : values) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  return out + "}";
}

std::string names(const TablePlan& plan, const std::vector<uint16_t>& columns, std::string_view prefix) {
  std::string out;
  for (const uint16_t c : columns) out += cat(out.empty() ? "" : ", ", prefix, plan.columns[c].quoted);
  return out;
}

// t."a" = $1 AND t."b" = $2
std::string equals(const TablePlan& plan, const std::vector<uint16_t>& columns) {
  std::string out;
  for (size_t i = 0; i < columns.size(); ++i) {
    out += cat(out.empty() ? "" : " AND ", "t.", plan.columns[columns[i]].quoted, " = $", i + 1);
  }
  return out;
}

}  // namespace

std::vector<uint16_t> KeyActionRunner::referred(const TargetTable& table) const {
  std::vector<uint16_t> columns;
  const auto at = keys_.find(table.name);
  if (at == keys_.end()) return columns;
  for (const ActingKey& key : at->second)
    columns.insert(columns.end(), key.parent_columns.begin(), key.parent_columns.end());
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

Result<KeyActionRunner::Moved> KeyActionRunner::moved(const TablePlan& plan, const TableBatch::Item& item) const {
  Moved row;
  const auto cell = [&](const Value& value, uint16_t c) -> std::optional<std::string> {
    if (value.is_null() || value.is_unchanged()) return std::nullopt;
    return text_of(value, plan.columns[c].type);
  };
  for (const uint16_t c : referred(plan.table)) {
    row.before.push_back(cell(item.before[c], c));
    if (item.after.empty()) continue;
    row.after.push_back(item.after[c].is_unchanged() ? row.before.back() : cell(item.after[c], c));
  }
  return row;
}

Result<uint64_t> KeyActionRunner::run(const TableBatch& batch) {
  TRY_ASSIGN(const TablePlan* plan, plan_of_(*batch.table));
  std::vector<Moved> rows;
  for (const TableBatch::Item& item : batch.rows) {
    TRY_ASSIGN(Moved row, moved(*plan, item));
    rows.push_back(std::move(row));
  }
  touched_ = 0;
  TRY(follow(*batch.table, rows, 0));
  return touched_;
}

// What the keys that refer to `table` say to these rows of it.
Status KeyActionRunner::follow(const TargetTable& table, const std::vector<Moved>& rows, size_t depth) {
  const auto at = keys_.find(table.name);
  if (at == keys_.end() || rows.empty()) return ok();
  if (depth == kDepthLimit) {
    return Error(Blame::kData, cat("foreign-key actions of ", table.name.text(), " go deeper than ", kDepthLimit));
  }
  const std::vector<uint16_t> columns = referred(table);
  for (const ActingKey& key : at->second) {
    TRY_ASSIGN(const TablePlan* child, plan_of_(*key.child));
    std::vector<Cells> gone;
    for (const Moved& row : rows) {
      const bool deleted = row.after.empty();
      const KeyAction action = deleted ? key.on_delete : key.on_update;
      if (action == KeyAction::kNone) continue;
      const bool native = !relaxed_ && (deleted ? key.native_delete : key.native_update);
      Cells before;
      Cells after;
      bool same = !deleted;
      for (const uint16_t c : key.parent_columns) {
        const auto place = static_cast<size_t>(std::lower_bound(columns.begin(), columns.end(), c) - columns.begin());
        before.push_back(row.before[place]);
        same = same && row.before[place] == row.after[place];
        if (action == KeyAction::kSetNull) {
          after.emplace_back();
        } else if (!deleted) {
          after.push_back(row.after[place]);
        }
      }
      const bool refers = std::all_of(before.begin(), before.end(), [](const auto& cell) { return cell.has_value(); });
      if (!refers || same) continue;
      if (native) {
        TRY(look(key, *child, before, after, depth));
      } else if (after.empty()) {
        gone.push_back(std::move(before));
      } else {
        TRY(change(key, *child, before, after, depth));
      }
    }
    TRY(remove(key, *child, gone, depth));
  }
  return ok();
}

// The target will do it by itself; what follows from it may be left to us.
Status KeyActionRunner::look(
    const ActingKey& key, const TablePlan& child, const Cells& before, const Cells& after, size_t depth) {
  const std::vector<uint16_t> columns = referred(child.table);
  if (columns.empty()) return ok();
  const std::string sql =
      cat("SELECT ", names(child, columns, "t."), " FROM ", child.name, " AS t WHERE ", equals(child, key.columns));
  TRY_ASSIGN(const Answer answer, connection_.query(sql, before));
  std::vector<Moved> rows(answer.rows());
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < columns.size(); ++c) {
      rows[r].before.push_back(answer.is_null(r, c) ? std::nullopt : std::optional(std::string(answer.text(r, c))));
    }
    if (after.empty()) continue;
    rows[r].after = rows[r].before;
    for (size_t i = 0; i < key.columns.size(); ++i) {
      const auto at = std::lower_bound(columns.begin(), columns.end(), key.columns[i]);
      if (at != columns.end() && *at == key.columns[i])
        rows[r].after[static_cast<size_t>(at - columns.begin())] = after[i];
    }
  }
  return follow(child.table, rows, depth + 1);
}

Status KeyActionRunner::remove(const ActingKey& key,
                               const TablePlan& child,
                               const std::vector<Cells>& gone,
                               size_t depth) {
  const std::vector<uint16_t> columns = referred(child.table);
  const std::string returning = columns.empty() ? std::string() : " RETURNING " + names(child, columns, "t.");
  const bool one = key.columns.size() == 1;
  const std::string where =
      one ? cat("t.", child.columns[key.columns[0]].quoted, " = ANY ($1)") : equals(child, key.columns);
  const std::string sql = cat("DELETE FROM ", child.name, " AS t WHERE ", where, returning);
  for (size_t from = 0; from < gone.size();) {
    TextParams params = gone[from];
    size_t count = 1;
    if (one) {
      std::vector<std::string> values;
      for (; values.size() < kKeysAtOnce && from + values.size() < gone.size();) {
        values.push_back(*gone[from + values.size()][0]);
      }
      count = values.size();
      params = {array_of(values)};
    }
    from += count;
    TRY_ASSIGN(const Answer answer, connection_.query(sql, params));
    touched_ += answer.affected();
    std::vector<Moved> rows(columns.empty() ? 0 : answer.rows());
    for (size_t r = 0; r < rows.size(); ++r) {
      for (size_t c = 0; c < columns.size(); ++c) {
        rows[r].before.push_back(answer.is_null(r, c) ? std::nullopt : std::optional(std::string(answer.text(r, c))));
      }
    }
    TRY(follow(child.table, rows, depth + 1));
  }
  return ok();
}

Status KeyActionRunner::change(
    const ActingKey& key, const TablePlan& child, const Cells& before, const Cells& after, size_t depth) {
  const std::vector<uint16_t> columns = referred(child.table);
  TextParams params = before;
  std::string set;
  for (size_t i = 0; i < key.columns.size(); ++i) {
    params.push_back(after[i]);
    set += cat(set.empty() ? "" : ", ", child.columns[key.columns[i]].quoted, " = $", params.size());
  }
  const std::string where = equals(child, key.columns);
  std::string sql = cat("UPDATE ", child.name, " AS t SET ", set, " WHERE ", where);
  if (!columns.empty()) {
    sql = cat("UPDATE ",
              child.name,
              " AS n SET ",
              set,
              " FROM (SELECT t.ctid AS row_place, t.tableoid AS row_table, ",
              names(child, columns, "t."),
              " FROM ",
              child.name,
              " AS t WHERE ",
              where,
              " FOR UPDATE) AS o WHERE n.ctid = o.row_place AND n.tableoid = o.row_table RETURNING ",
              names(child, columns, "o."),
              ", ",
              names(child, columns, "n."));
  }
  TRY_ASSIGN(const Answer answer, connection_.query(sql, params));
  touched_ += answer.affected();
  std::vector<Moved> rows(columns.empty() ? 0 : answer.rows());
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < 2 * columns.size(); ++c) {
      Cells& cells = c < columns.size() ? rows[r].before : rows[r].after;
      cells.push_back(answer.is_null(r, c) ? std::nullopt : std::optional(std::string(answer.text(r, c))));
    }
  }
  return follow(child.table, rows, depth + 1);
}

}  // namespace weft::postgres
