// SPDX-License-Identifier: Apache-2.0
// Recent keys: what the target transactions of the last minutes changed, a row of `_weft_recent_keys` each
// (docs/formats/recent_keys.md). Free functions over a port; its one thread.
#pragma once

#include <string>
#include <vector>

#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

// In the open transaction: the row of the version that progress goes to, and now and then the removal of old ones.
[[nodiscard]] Status keep_keys(SqlPort& port, const std::string& name, const Progress& to, const std::string& keys);
// The row of a transaction beside progress, if any are kept.
[[nodiscard]] Status keep_keys_beside(SqlPort& port, const std::string& name, const std::string& keys);

// Target::kept_versions, kept_since and drop_kept.
[[nodiscard]] Result<std::vector<KeptVersion>> read_kept_versions(SqlPort& port, const std::string& name);
[[nodiscard]] Result<std::vector<std::string>> read_kept_since(SqlPort& port,
                                                               const std::string& name,
                                                               uint64_t version);
[[nodiscard]] Status drop_kept(SqlPort& port, const std::string& name);

}  // namespace weft::bookkeeping
