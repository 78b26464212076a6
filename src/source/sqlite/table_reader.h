// SPDX-License-Identifier: Apache-2.0
// SqliteTableReader: rows that are there already, in a read transaction over a connection of its own. See source/source.h for
// the contract. The view's place is the last change of the log that it shows, so every point is exact. Keys are compared by
// SQLite, by the collations of the key's index. One thread; what it shares with its source outlives it.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "source/source.h"
#include "source/sqlite/cuts.h"

namespace weft::sqlite {

// Without `cuts` nobody follows the database: views have no place.
[[nodiscard]] Result<std::unique_ptr<TableReader>> open_table_reader(std::string path,
                                                                     std::stop_token stop,
                                                                     std::shared_ptr<Cuts> cuts);

}  // namespace weft::sqlite
