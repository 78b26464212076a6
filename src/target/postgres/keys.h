// SPDX-License-Identifier: Apache-2.0
// TableKeys: the keys of all rows that a table holds when it is opened, as the source's values. One transaction of its own
// connection stays open as long as it lives.
#pragma once

#include <memory>

#include "engine/postgres/connection.h"
#include "target/postgres/match.h"

namespace weft::postgres {

// REQUIRES: a plan with a key. kData error: a key that no row of the source can have.
[[nodiscard]] Result<std::unique_ptr<TargetKeys>> read_keys(std::unique_ptr<Connection> connection,
                                                            std::shared_ptr<const TablePlan> plan);

}  // namespace weft::postgres
