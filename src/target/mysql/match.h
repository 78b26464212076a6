// SPDX-License-Identifier: Apache-2.0
// Matches a source table with a target table: which column goes where, what it keeps, and everything that stands in the way.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "target/mysql/catalog.h"
#include "target/target.h"

namespace weft::mysql {

struct PlannedColumn {
  std::string quoted;  // the target column's name for SQL
  Storage storage;
  bool not_null = false;
  bool written = true;     // the target does not compute it
  bool on_update = false;  // would take the time of a change that does not name it
  bool padded = false;     // CHAR at the source: spaces at the end mean nothing
  bool exact = true;       // equality in an index is that of bytes
};

// A matched table as the session needs it. Immutable once made.
struct TablePlan {
  TargetTable table;                   // what apply sees; handle is set by the target
  std::string name;                    // qualified and quoted
  std::vector<PlannedColumn> columns;  // one per source column
  std::vector<uint16_t> key;           // source ordinals
  // An INSERT may meet a row that is not the one with the same key: another unique index, or a key that is equal in other bytes.
  bool guarded = false;
  bool mariadb = true;

  [[nodiscard]] bool keyless() const { return key.empty(); }
};

// As MySQL compares names of columns, for ASCII.
[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b);
// The column of that exact name, else a unique match that ignores case; null if there is none.
[[nodiscard]] const CatalogColumn* find_column(const CatalogTable& target, std::string_view name);

struct MatchOptions {
  bool leave_out = false;  // columns that the target lacks are left out, but for those of the key
  bool triggers = true;    // that the target's triggers fire is all right
};

// Errors among the findings mean that the plan can't be used.
[[nodiscard]] TablePlan match_table(const CatalogTable& target,
                                    const SchemaRef& source,
                                    const ServerFacts& facts,
                                    std::vector<Finding>& findings,
                                    const MatchOptions& options = {});

// The errors among findings in one message, none if there are none.
[[nodiscard]] Status errors_of(const std::vector<Finding>& findings);

}  // namespace weft::mysql
