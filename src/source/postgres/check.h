// SPDX-License-Identifier: Apache-2.0
// Everything that would stop or surprise a run from a PostgreSQL server, each with the statement that mends it. Only asks.
#pragma once

#include <string>
#include <vector>

#include "engine/postgres/url.h"
#include "model/finding.h"
#include "model/table_filter.h"

namespace weft::postgres {

// `slot`: empty for the default of the database.
[[nodiscard]] std::vector<Finding> check_source(const Address& address,
                                                const TableFilter& filter,
                                                const std::string& slot);

}  // namespace weft::postgres
