// SPDX-License-Identifier: Apache-2.0
// The SELECT statements of a table reader. Bounds are parameters in the order of the key, `after` first. Pure; any thread.
//
//   SELECT "a","b" FROM "t" WHERE ("a" COLLATE "BINARY","b" COLLATE "NOCASE") > (?,?) ORDER BY ...
#pragma once

#include <string>

#include "engine/sqlite/catalogue.h"
#include "model/schema.h"

namespace weft::sqlite {

// REQUIRES: `schema` is schema_of(table), with a key.
[[nodiscard]] std::string range_sql(const CatalogTable& table, const TableSchema& schema, bool after, bool upto);
[[nodiscard]] std::string whole_sql(const CatalogTable& table, const TableSchema& schema);
[[nodiscard]] std::string key_sql(const CatalogTable& table, const TableSchema& schema);

}  // namespace weft::sqlite
