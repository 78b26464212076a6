// SPDX-License-Identifier: Apache-2.0
// The table `_weft_table_state`: how far each table's copy is, and what a person asked for (Target::ask). Written in the same transaction
// as the rows it speaks of. Format: docs/formats/table_state.md.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <string>
#include <vector>

#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

[[nodiscard]] Status write_states(SqlPort& port, const std::string& name, const std::vector<TableStateRow>& states);
// By the tables' names.
[[nodiscard]] Result<std::vector<TableStateRow>> read_states(SqlPort& port, const std::string& name);
// Target::ask, in a transaction of its own.
[[nodiscard]] Status write_wish(SqlPort& port,
                                const std::string& name,
                                const std::vector<std::string>& tables,
                                std::string_view what);
// Target::asked.
[[nodiscard]] Result<bool> read_wishes(SqlPort& port, const std::string& name);

}  // namespace weft::bookkeeping
