// SPDX-License-Identifier: Apache-2.0
// The statement that does one row's part of a batch. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "target/sqlite/match.h"

namespace weft::sqlite {

// One parameter: a source column, out of the row before or after.
struct ParamColumn {
  uint16_t ordinal = 0;
  bool before = false;
};

struct RowStatement {
  std::string sql;
  std::vector<ParamColumn> params;  // in order
};

// REQUIRES: op is neither kTruncate nor kKeyActions. An upsert writes over the row of just that key by bytes: where a collation
// takes another for the same, it touches no row.
[[nodiscard]] RowStatement row_statement(const TablePlan& plan, BatchOp op, const std::vector<uint16_t>& columns);

}  // namespace weft::sqlite
