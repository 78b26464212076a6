// SPDX-License-Identifier: Apache-2.0
// What `weft setup` and `weft teardown` do at PostgreSQL. Free functions with connections of their own; any thread.
#pragma once

#include <string>
#include <vector>

#include "target/postgres/postgres_target.h"

namespace weft::postgres {

// The SQL that makes the `_weft` objects, with the grants for the address's role, for an administrator to run. kConfig when
// the URL is none. Contacts nothing.
[[nodiscard]] Result<std::string> postgres_setup_sql(const std::string& url);
// Makes them.
[[nodiscard]] Status postgres_setup(const PostgresTargetOptions& options);

struct PostgresTeardown {
  std::string pipeline;
  bool cutover = false;  // sequences of its tables move past the data
  bool dry_run = false;
  Duration wait{};  // how long to wait for another process to go
};

// Removes what is kept of a pipeline, with the last one the objects themselves; gives back the statements, none where nothing
// is there. Code kPipelineTaken when another process runs it.
[[nodiscard]] Result<std::vector<std::string>> postgres_teardown(const PostgresTargetOptions& options,
                                                                 const PostgresTeardown& request);

}  // namespace weft::postgres
