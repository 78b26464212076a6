// SPDX-License-Identifier: Apache-2.0
// A table of the catalogue as a TableSchema, and values of SQLite as Values. Pure; any thread.
// What each declared type becomes: docs/types/sqlite.md.
#pragma once

#include <string>

#include "engine/sqlite/catalogue.h"
#include "model/row.h"

namespace weft::sqlite {

// Without generated columns: the target computes them, or has none. The key is the primary key, else the first unique one
// whose columns are all NOT NULL. Foreign keys are those whose actions fire triggers, so that they hide nothing.
[[nodiscard]] TableSchema schema_of(const CatalogTable& table);

// Ordinals in the catalogue of the columns that schema_of() keeps.
[[nodiscard]] std::vector<int> kept_columns(const CatalogTable& table);

// How a statement names the row of a table with rowids: "rowid", another of its names where a column has taken it, or the
// column that is the rowid. Empty: every name is taken.
[[nodiscard]] std::string rowid_name(const CatalogTable& table);

// Why weft can't follow the table, with the next step; empty if it can.
[[nodiscard]] std::string refusal(const CatalogTable& table);

}  // namespace weft::sqlite
