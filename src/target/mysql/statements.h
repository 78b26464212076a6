// SPDX-License-Identifier: Apache-2.0
// The SQL of each batch operation. Values are always parameters; names are quoted and qualified. Golden texts:
// test/golden/mysql. Pure; any thread.
//
// Order of parameters: the written columns of `after`, then what finds the row: the key columns of `before` (update, delete), or
// all of them in tables without a key. A column that is equal in other bytes too is compared twice, the second time by bytes, and
// so is its parameter.
#pragma once

#include <string>
#include <vector>

#include "target/mysql/match.h"

namespace weft::mysql {

// One parameter: a source column, out of the row before or after.
struct ParamColumn {
  uint16_t ordinal = 0;
  bool before = false;
};

struct RowStatement {
  std::string sql;
  std::vector<ParamColumn> params;  // of one row
};

// `rows`: how many rows one execution takes; more than one for kInsert, kCopy, kUpsert, kMend, and for kDelete with one key
// column. REQUIRES: op is none of kTruncate and kKeyActions.
[[nodiscard]] RowStatement row_statement(const TablePlan& plan,
                                         BatchOp op,
                                         const std::vector<uint16_t>& columns,
                                         size_t rows);
// Whether a statement of that operation can take several rows.
[[nodiscard]] bool takes_rows(const TablePlan& plan, BatchOp op);
// DELETE: TRUNCATE would commit.
[[nodiscard]] std::string truncate_statement(const TablePlan& plan);
// Counts the rows that hold `columns` of a row already, byte by byte, under its key. Parameters as above.
[[nodiscard]] RowStatement same_row_statement(const TablePlan& plan, const std::vector<uint16_t>& columns);
// "`a` = ? AND ..." for a unique key of the target, by the values after.
[[nodiscard]] RowStatement holder_statement(const TablePlan& plan, const std::vector<uint16_t>& unique_key);

}  // namespace weft::mysql
