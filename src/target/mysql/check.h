// SPDX-License-Identifier: Apache-2.0
// What would stop or surprise a pipeline into a MySQL or MariaDB database. Changes nothing. The session's thread.
#pragma once

#include <string>
#include <vector>

#include "engine/mysql/connection.h"
#include "model/finding.h"
#include "model/schema.h"
#include "target/mysql/match.h"

namespace weft::mysql {

struct CheckOptions {
  std::string database;
  bool setup = true;  // the `_weft_*` tables will be made if they are missing
  MatchOptions match;
};

[[nodiscard]] std::vector<Finding> check_target(Connection& session,
                                                const std::vector<SchemaRef>& tables,
                                                const CheckOptions& options);

}  // namespace weft::mysql
