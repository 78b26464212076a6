// SPDX-License-Identifier: Apache-2.0
// What `weft teardown` does at PostgreSQL: a pipeline's rows of `_weft` go, with the last pipeline the objects themselves, and
// for a cutover sequences move past the data. Statements first, so that they can be shown before anything is done.
//
//   TRY_ASSIGN(const std::vector<std::string> statements, teardown_statements(connection, {.pipeline = "shop"}));
//
// Uses the Connection it is given, its one thread.
#pragma once

#include <string>
#include <vector>

#include "engine/postgres/connection.h"
#include "target/target.h"

namespace weft::postgres {

struct Teardown {
  std::string pipeline;
  bool cutover = false;  // move the sequences behind the columns of its tables past the data
  std::string schema;    // of its tables at the target; empty: the source's
};

// To be run in one transaction by who holds the pipeline. Changes nothing. kConfig, with what to do first, when the pipeline
// has dead letters, or when a cutover would leave a table behind that is not complete; and when the target knows other
// pipelines but not this one. REQUIRES: the objects are there.
[[nodiscard]] Result<std::vector<std::string>> teardown_statements(Connection& connection, const Teardown& request);

}  // namespace weft::postgres
