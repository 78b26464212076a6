// SPDX-License-Identifier: Apache-2.0
// Matches a source table with a table of SQLite's: which column goes where, and everything that stands in the way. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/sqlite/catalogue.h"
#include "model/finding.h"
#include "target/target.h"

namespace weft::sqlite {

struct PlannedColumn {
  std::string quoted;
  Affinity affinity = Affinity::kBlob;
  bool written = true;  // the target does not compute it
  bool folds = false;   // an index of it takes values for the same that differ in bytes
};

// A matched table as the session needs it. Immutable once made.
struct TablePlan {
  TargetTable table;                   // what apply sees
  std::string name;                    // quoted
  std::vector<PlannedColumn> columns;  // one per source column
  std::vector<uint16_t> key;           // source ordinals

  [[nodiscard]] bool keyless() const { return key.empty(); }
};

// Errors among the findings mean that the plan can't be used. `leave_out`: columns that the target lacks are left out, but for
// those of the key.
[[nodiscard]] TablePlan match_table(const CatalogTable& target,
                                    const SchemaRef& source,
                                    std::vector<Finding>& findings,
                                    bool leave_out);

// The SQL that makes a table for a source's.
[[nodiscard]] std::string create_table_statement(const TableSchema& source);
// Columns that the table lacks, with what its rows hold in them. kConfig where that is not known, or SQLite can't do it.
[[nodiscard]] Result<std::vector<std::string>> evolve_statements(const CatalogTable& target,
                                                                 const TableSchema& source,
                                                                 const std::vector<ColumnToAdd>& columns);

}  // namespace weft::sqlite
