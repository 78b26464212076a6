// SPDX-License-Identifier: Apache-2.0
// What `weft check` says of an SQLite database as a source. Opens a connection of its own; changes nothing.
#pragma once

#include <string>
#include <vector>

#include "model/finding.h"
#include "model/table_filter.h"

namespace weft::sqlite {

// `setup`: a run may make what is missing.
[[nodiscard]] std::vector<Finding> check_source(const std::string& path, const TableFilter& filter, bool setup);

}  // namespace weft::sqlite
