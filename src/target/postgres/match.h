// SPDX-License-Identifier: Apache-2.0
// Matches a source table with a target table: which column goes where, in which binary form, and everything that stands in
// the way. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/postgres/types.h"
#include "model/finding.h"
#include "target/postgres/catalog.h"
#include "target/target.h"

namespace weft::postgres {

struct PlannedColumn {
  std::string quoted;  // the target column's name for SQL
  ColumnType type;
  std::string equals = "OPERATOR(pg_catalog.=)";  // qualified: no search_path decides what it is
  bool not_null = false;
  bool written = true;  // the target does not compute it
  bool identity_always = false;
};

// A matched table as the session needs it. Immutable once made.
struct TablePlan {
  TargetTable table;                   // what apply sees; handle is set by the target
  std::string name;                    // qualified and quoted
  std::vector<PlannedColumn> columns;  // one per source column
  std::vector<uint16_t> key;           // source ordinals
  bool copy = true;                    // COPY BINARY can carry it
  bool truncate = true;                // TRUNCATE is possible; else DELETE
  bool override_identity = false;      // INSERT needs OVERRIDING SYSTEM VALUE

  [[nodiscard]] bool keyless() const { return key.empty(); }
};

// The column of that exact name, else a unique match that ignores case; null if there is none.
[[nodiscard]] const CatalogColumn* find_column(const CatalogTable& target, std::string_view name);

// Errors among the findings mean that the plan can't be used.
// `leave_out`: columns that the target lacks are left out, but for those of the key.
[[nodiscard]] TablePlan match_table(const CatalogTable& target,
                                    const SchemaRef& source,
                                    std::vector<Finding>& findings,
                                    bool leave_out = false);

}  // namespace weft::postgres
