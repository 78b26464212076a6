// SPDX-License-Identifier: Apache-2.0
// What a target table lacks to hold its source's rows after a change of shape: columns, room, NULLs. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "target/mysql/catalog.h"
#include "target/target.h"

namespace weft::mysql {

// `definition`: the target's SHOW CREATE TABLE, for MODIFY says a column anew and would lose what is not said: comment, default,
// collation. kConfig where what the rows hold in a new column is not known.
[[nodiscard]] Result<std::vector<std::string>> evolve_statements(const CatalogTable& target,
                                                                 std::string_view definition,
                                                                 const ServerFacts& facts,
                                                                 const TableSchema& source,
                                                                 const std::vector<ColumnToAdd>& columns);

// Whether each value of `from` is one of `to`, which holds more.
[[nodiscard]] bool widens(const Storage& from, const Storage& to);

// What stands behind the type in a column's line of SHOW CREATE TABLE: "CHARACTER SET latin1 NOT NULL DEFAULT 'x'"; nullopt if the
// table has no such column.
[[nodiscard]] std::optional<std::string> column_rest(std::string_view definition, std::string_view column);

}  // namespace weft::mysql
