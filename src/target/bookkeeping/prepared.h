// SPDX-License-Identifier: Apache-2.0
// The table `_weft_prepared`: changes of transactions in two phases until they are committed. Format: docs/formats/prepared.md.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <string>
#include <vector>

#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

// In order, in the open transaction.
[[nodiscard]] Status write_prepared(SqlPort& port, const std::string& name, const std::vector<PreparedStepRef>& steps);
[[nodiscard]] Result<std::vector<PreparedName>> read_prepared(SqlPort& port, const std::string& name);
// PreparedStep::changes. kTransient if it is not there.
[[nodiscard]] Result<std::string> read_prepared_piece(SqlPort& port,
                                                      const std::string& name,
                                                      const std::string& transaction,
                                                      uint64_t piece);

}  // namespace weft::bookkeeping
