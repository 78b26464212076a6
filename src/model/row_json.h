// SPDX-License-Identifier: Apache-2.0
// Rows as JSON objects, for people and for queries: {"id": 7, "name": "x"}. Not for data: long values are cut, and columns
// that the source did not send are left out. Pure; any thread.
#pragma once

#include <string>

#include "model/row.h"

namespace weft {

// The bytes of a value that are shown, at most.
inline constexpr size_t kShownBytes = 8192;

[[nodiscard]] std::string value_json(const Value& value);
// Empty for an empty row.
[[nodiscard]] std::string row_json(const TableSchema& schema, Row row);
// The key columns alone; empty without a key, or for an empty row.
[[nodiscard]] std::string key_json(const TableSchema& schema, Row row);

}  // namespace weft
