// SPDX-License-Identifier: Apache-2.0
// The keys of a target table's rows, as values of the source's kinds. One thread; a session of its own.
#pragma once

#include <memory>

#include "engine/mysql/connection.h"
#include "target/mysql/match.h"
#include "target/target.h"

namespace weft::mysql {

[[nodiscard]] Result<std::unique_ptr<TargetKeys>> read_keys(Connection session, std::shared_ptr<const TablePlan> plan);

}  // namespace weft::mysql
