// SPDX-License-Identifier: Apache-2.0
// The SELECT statements of a table reader, with the parameters that go with them. Key ranges are spelt out column by column
// (hard case 37: a row constructor may scan). Pure; any thread.
//
//   a >= ? AND (a > ? OR (a = ? AND b > ?))        // behind (a, b)
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "model/row.h"

namespace weft::mysql {

struct Query {
  std::string sql;
  std::vector<Value> parameters;  // views of the keys they were made from, or of texts
  std::deque<std::string> texts;
};

// The rows of (after, upto] in key order, at most `limit` of them; either bound may be null. REQUIRES: a key.
[[nodiscard]] Query range_query(const TableSchema& schema, const OwnedRow* after, const OwnedRow* upto, size_t limit);
// All rows, in any order.
[[nodiscard]] std::string whole_query(const TableSchema& schema);
// The rows with these keys. REQUIRES: a key, at least one value.
[[nodiscard]] Query keys_query(const TableSchema& schema, std::span<const OwnedRow> keys);

}  // namespace weft::mysql
