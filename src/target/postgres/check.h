// SPDX-License-Identifier: Apache-2.0
// Everything at a PostgreSQL target that would stop a pipeline or surprise its user, each with the statement that mends it.
// Changes nothing. Uses the Connection; its one thread.
#pragma once

#include <vector>

#include "engine/postgres/connection.h"
#include "model/finding.h"
#include "model/schema.h"

namespace weft::postgres {

struct CheckOptions {
  bool triggers = true;
  bool setup = true;  // run may make the `_weft` objects
  bool keep_schema = false;
  bool leave_out_columns = false;
};

[[nodiscard]] std::vector<Finding> check_target(Connection& connection,
                                                const std::vector<SchemaRef>& tables,
                                                const CheckOptions& options);

}  // namespace weft::postgres
