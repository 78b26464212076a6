// SPDX-License-Identifier: Apache-2.0
// Recent keys: what the target transactions of the last minutes changed, a row of `_weft.recent_keys` each (docs/formats/recent_keys.md).
// Free functions over a Connection or Pipeline; its one thread.
#pragma once

#include <string>
#include <vector>

#include "engine/postgres/pipeline.h"
#include "target/target.h"

namespace weft::postgres {

// Queues the row of the version that progress goes to, and now and then the removal of old ones.
[[nodiscard]] Status send_recent_keys(
    Pipeline& pipeline, const std::string& name, const Progress& to, const std::string& keys, uint64_t tag);
// The row of a transaction beside progress, if any are kept; in the open transaction.
[[nodiscard]] Status write_keys_beside(Connection& connection, const std::string& name, const std::string& keys);

// Target::kept_versions, kept_since and drop_kept.
[[nodiscard]] Result<std::vector<KeptVersion>> read_kept_versions(Connection& connection, const std::string& name);
[[nodiscard]] Result<std::vector<std::string>> read_kept_since(Connection& connection,
                                                               const std::string& name,
                                                               uint64_t version);
[[nodiscard]] Status drop_recent_keys(Connection& connection, const std::string& name);

}  // namespace weft::postgres
