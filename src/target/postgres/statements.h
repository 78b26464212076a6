// SPDX-License-Identifier: Apache-2.0
// The SQL of each batch operation, with the types of its parameters. Values are always parameters; names are quoted and
// qualified. Golden texts: test/golden/postgres. Pure; any thread.
//
// Two forms: one row (scalar parameters) and many rows (one array per column, unnest). Order of parameters: the key columns
// of `before` (update, delete), then the written columns of `after`; keyless tables: all columns of `before` that can be
// compared, then the written ones.
#pragma once

#include <string>
#include <vector>

#include "target/postgres/match.h"

namespace weft::postgres {

// One parameter: a source column, out of the row before or after.
struct ParamColumn {
  uint16_t ordinal = 0;
  bool before = false;
};

struct RowStatement {
  std::string sql;
  std::vector<ParamColumn> params;
  std::vector<uint32_t> types;
  // Joins arrays to the table: a plan made while the table was empty walks through all of the table for each array, and a
  // cached one would go on doing so. So it is planned anew each time; a plan sees the table's size of now, not of ANALYZE.
  bool replan = false;
};

enum class Rows : uint8_t { kOne, kMany };

// REQUIRES: op is kInsert, kCopy (as insert), kUpsert, kMend, kUpdate or kDelete; keyless updates and deletes only with kOne.
[[nodiscard]] RowStatement row_statement(const TablePlan& plan,
                                         BatchOp op,
                                         const std::vector<uint16_t>& columns,
                                         Rows rows);

[[nodiscard]] std::string copy_statement(const TablePlan& plan, const std::vector<uint16_t>& columns);
// TRUNCATE, or DELETE where foreign keys or privileges forbid it.
[[nodiscard]] std::string truncate_statement(const TablePlan& plan);

}  // namespace weft::postgres
