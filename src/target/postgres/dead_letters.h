// SPDX-License-Identifier: Apache-2.0
// The letters in _weft.dead_letter: writing, looking up and taking away. Layout: docs/formats/dead_letter.md.
// Free functions over a Connection or Pipeline; its one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/postgres/pipeline.h"
#include "target/dead_letter.h"

namespace weft::postgres {

// In order, in the open transaction.
[[nodiscard]] Status send_letters(Pipeline& pipeline,
                                  const std::string& name,
                                  const std::vector<DeadLetterStep>& steps,
                                  uint64_t tag);
// TargetSession::held: the letters found are locked.
[[nodiscard]] Result<std::vector<HeldKey>> read_held_keys(Connection& connection,
                                                          const std::string& name,
                                                          const std::string& table,
                                                          const std::vector<std::string>& keys);
// Opened::held.
[[nodiscard]] Result<std::vector<HeldTable>> read_held_tables(Connection& connection, const std::string& name);
[[nodiscard]] Result<std::map<std::string, uint64_t>> count_letters(Connection& connection, const std::string& name);
// Behind `after_id`; of one table, or of all if it is empty.
[[nodiscard]] Result<std::vector<DeadLetter>> read_letters(
    Connection& connection, const std::string& name, const std::string& table, uint64_t after_id, size_t limit);
// The number of letters that were there.
[[nodiscard]] Result<uint64_t> remove_letters(Connection& connection,
                                              const std::string& name,
                                              const std::vector<uint64_t>& ids);

}  // namespace weft::postgres
