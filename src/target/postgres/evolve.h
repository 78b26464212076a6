// SPDX-License-Identifier: Apache-2.0
// The statements that make a target table take the rows of a source table that has changed: only what adds and widens, and
// only what the catalogue shows to be missing, so that they may be asked for again after a crash. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "target/postgres/catalog.h"
#include "target/target.h"

namespace weft::postgres {

[[nodiscard]] Result<std::vector<std::string>> evolve_statements(const CatalogTable& target,
                                                                 const TableSchema& source,
                                                                 const std::vector<ColumnToAdd>& columns);

// Whether every value of the first type is one of the second, and the server changes one into the other by itself.
[[nodiscard]] bool widens(const ColumnType& from, const ColumnType& to);

}  // namespace weft::postgres
