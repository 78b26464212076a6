// SPDX-License-Identifier: Apache-2.0
// What `weft teardown` does to the `_weft_*` tables: a pipeline's rows go, with the last pipeline the tables themselves.
// Statements first, so that they can be shown before anything is done.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "target/bookkeeping/port.h"

namespace weft::bookkeeping {

struct Teardown {
  std::string pipeline;
  bool cutover = false;  // the target is to live on alone: every table must be complete
};

// To be run in order by who holds the pipeline. Changes nothing. kConfig, with what to do first, when the pipeline has dead
// letters, or when a cutover would leave a table behind that is not complete; and when the target knows other pipelines but not
// this one. REQUIRES: the objects are there.
[[nodiscard]] Result<std::vector<std::string>> teardown_statements(SqlPort& port,
                                                                   const Teardown& request,
                                                                   std::string_view where);

}  // namespace weft::bookkeeping
