// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/table_states.h"

#include "base/text.h"
#include "target/bookkeeping/dialect.h"

namespace weft::bookkeeping {
namespace {

constexpr std::string_view kKey = "pipeline, table_schema, table_name";

std::string write_sql(Dialect dialect, bool only_reason) {
  const std::string insert = cat(
      "INSERT INTO _weft_table_state (pipeline, table_schema, table_name, state_code, state, reason, ranges, `rows`, "
      "since, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ",
      now_text(dialect),
      ")");
  if (only_reason) return insert + on_duplicate(dialect, kKey, {"reason"});
  return insert +
         on_duplicate(dialect, kKey, {"state_code", "state", "reason", "ranges", "`rows`", "since", "changed_at"});
}

Status write_state(SqlPort& port, const std::string& sql, const std::string& name, const TableStateRow& row) {
  TRY(port.run(sql,
               std::vector<Parameter>{name,
                                      row.table.schema,
                                      row.table.table,
                                      number(static_cast<uint8_t>(row.state)),
                                      to_string(row.state),
                                      row.reason,
                                      row.ranges,
                                      number(row.rows),
                                      row.since}));
  return ok();
}

// The row without a table's name speaks of the whole pipeline.
Status wish_for_all(SqlPort& port, const std::string& name, std::string_view what) {
  if (what == kAskedToPause) {
    TableStateRow row;
    row.state = TableState::kPaused;
    row.reason = what;
    return write_state(port, write_sql(port.dialect(), true), name, row);
  }
  TRY(port.run("DELETE FROM _weft_table_state WHERE pipeline = ? AND table_name = ''", std::vector<Parameter>{name}));
  return ok();
}

Status wish_for(SqlPort& port, const std::string& name, const std::string& table, std::string_view what) {
  TRY_ASSIGN(const auto states, read_states(port, name));
  bool found = false;
  for (const TableStateRow& state : states) {
    if (state.table.table.empty() || (state.table.table != table && state.table.text() != table)) continue;
    found = true;
    TRY(port.run("UPDATE _weft_table_state SET reason = ? WHERE pipeline = ? AND table_schema = ? AND table_name = ?",
                 std::vector<Parameter>{what, name, state.table.schema, state.table.table}));
  }
  if (found) return ok();
  return Error(Blame::kConfig,
               cat("pipeline ", name, " has no table ", table, " at this target; weft status lists those that it has"));
}

}  // namespace

Status write_states(SqlPort& port, const std::string& name, const std::vector<TableStateRow>& states) {
  if (states.empty()) return ok();
  const std::string sql = write_sql(port.dialect(), false);
  for (const TableStateRow& state : states) TRY(write_state(port, sql, name, state));
  return ok();
}

Result<std::vector<TableStateRow>> read_states(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(
      const auto records,
      port.rows("SELECT table_schema, table_name, state_code, reason, ranges, `rows`, since FROM _weft_table_state "
                "WHERE pipeline = ? ORDER BY table_schema, table_name",
                std::vector<Parameter>{name}));
  std::vector<TableStateRow> states;
  for (const Record& record : records) {
    const int64_t code = number_of(record, 2);
    if (code < 0 || code > static_cast<int64_t>(TableState::kFailed)) {
      return Error(Blame::kConfig,
                   cat("_weft_table_state holds an unknown state ", code, " for table ", text_of(record, 1)));
    }
    TableStateRow state;
    state.table = {text_of(record, 0), text_of(record, 1)};
    state.state = static_cast<TableState>(code);
    state.reason = text_of(record, 3);
    state.ranges = text_of(record, 4);
    state.rows = static_cast<uint64_t>(number_of(record, 5));
    state.since = text_of(record, 6);
    states.push_back(std::move(state));
  }
  return states;
}

Status write_wish(SqlPort& port,
                  const std::string& name,
                  const std::vector<std::string>& tables,
                  std::string_view what) {
  Transaction work(port);
  TRY(work.begin());
  if (tables.empty()) TRY(wish_for_all(port, name, what));
  for (const std::string& table : tables) TRY(wish_for(port, name, table, what));
  return work.commit();
}

Result<bool> read_wishes(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto records,
             port.rows("SELECT 1 FROM _weft_table_state WHERE pipeline = ? AND reason IN (?, ?) LIMIT 1",
                       std::vector<Parameter>{name, kAskedToPause, kAskedToResume}));
  return !records.empty();
}

}  // namespace weft::bookkeeping
