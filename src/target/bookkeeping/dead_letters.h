// SPDX-License-Identifier: Apache-2.0
// The letters in `_weft_dead_letter`: writing, looking up and taking away. Format: docs/formats/dead_letter.md.
// Keys may be of any length, so they are found by an index of their checksums and then compared.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "target/bookkeeping/port.h"
#include "target/dead_letter.h"

namespace weft::bookkeeping {

// In order, in the open transaction.
[[nodiscard]] Status write_letters(SqlPort& port, const std::string& name, const std::vector<DeadLetterStep>& steps);
// TargetSession::held: the letters found stay until the open transaction ends.
[[nodiscard]] Result<std::vector<HeldKey>> read_held_keys(SqlPort& port,
                                                          const std::string& name,
                                                          const std::string& table,
                                                          const std::vector<std::string>& keys);
// Opened::held.
[[nodiscard]] Result<std::vector<HeldTable>> read_held_tables(SqlPort& port, const std::string& name);
[[nodiscard]] Result<std::map<std::string, uint64_t>> count_letters(SqlPort& port, const std::string& name);
// Behind `after_id`; of one table, or of all if it is empty.
[[nodiscard]] Result<std::vector<DeadLetter>> read_letters(
    SqlPort& port, const std::string& name, const std::string& table, uint64_t after_id, size_t limit);
// The number of letters that were there.
[[nodiscard]] Result<uint64_t> remove_letters(SqlPort& port, const std::string& name, const std::vector<uint64_t>& ids);

}  // namespace weft::bookkeeping
