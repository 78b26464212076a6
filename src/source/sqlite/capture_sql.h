// SPDX-License-Identifier: Apache-2.0
// The statements of the capture: its tables, and the triggers of one captured table. Pure; any thread.
//
// Every change of a captured table is one row of `_weft_capture_change`, written by the change's own transaction:
//   id     ascends in the order of changes: one writer at a time, so it is the order of commits too
//   shape  of `_weft_capture_table`: the table, as it was
//   op     kLogged...
//   at     milliseconds since 1970-01-01 UTC
//   c0 ... the row: after an insert, before a delete; for an update all columns before, then all columns after. The columns
//          have no type, so that each value keeps its storage class.
//
// INSERT OR REPLACE and UPDATE OR REPLACE remove rows without a trigger of theirs (unless recursive_triggers is on, hard case
// 15). A BEFORE trigger puts each row that the new one collides with into `_weft_capture_pending`; the AFTER trigger, which
// fires only when the row was written, logs those that are gone. IGNORE, FAIL and ON CONFLICT leave them there, and nothing
// is logged: the next trigger, or weft, clears them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/sqlite/catalogue.h"

namespace weft::sqlite {

enum Logged : int64_t {
  kLoggedStart = 0,  // nothing: the first row of a log, which is never empty
  kLoggedInsert = 1,
  kLoggedUpdate = 2,
  kLoggedDelete = 3,
  kLoggedDrop = 4,  // the table is gone
};

// What `format` in `_weft_capture` says; another one is refused.
inline constexpr int64_t kCaptureFormat = 1;

struct NamedSql {
  std::string name;
  std::string sql;
};

// The tables, with columns for `width` values.
[[nodiscard]] std::vector<std::string> create_tables_sql(std::string_view database,
                                                         std::string_view capture,
                                                         size_t width);
[[nodiscard]] std::vector<std::string> widen_sql(size_t from, size_t to);
[[nodiscard]] std::vector<std::string> drop_tables_sql();

// As sqlite_schema keeps them. REQUIRES: refusal() is empty.
[[nodiscard]] std::vector<NamedSql> triggers_sql(const CatalogTable& table, int64_t shape);

// "_weft_capture_7_", with which the names of a shape's triggers begin.
[[nodiscard]] std::string trigger_prefix(int64_t shape);

// Logs rows as updates of columns that were added from their defaults, which the target gives the rows that it has, to what they
// hold: those that hold something else.
// Empty if no column of `added` (ordinals of the catalogue) can.
[[nodiscard]] std::string log_added_sql(const CatalogTable& table, int64_t shape, const std::vector<int>& added);

}  // namespace weft::sqlite
