// SPDX-License-Identifier: Apache-2.0
// PgTableReader: rows that are there already, by key ranges under a read view (REPEATABLE READ, READ ONLY), over a session of
// its own. See source/source.h for the contract. A view's place in the log is exact: a transaction is visible in it if its id
// is (pg_current_snapshot), and the stream tells each transaction's id. Nothing is written, nothing is locked beyond what a
// SELECT locks. One thread. What it shares with its source outlives it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/postgres/connection.h"
#include "source/postgres/delivered.h"
#include "source/source.h"

namespace weft::postgres {

// How a session of the source's server is opened: a server with another identity is refused.
using OpenSession = std::function<Result<std::unique_ptr<Connection>>()>;

// `delivered`: what the stream tells the views' places by; null: views have none.
[[nodiscard]] Result<std::unique_ptr<TableReader>> open_table_reader(OpenSession open,
                                                                     std::shared_ptr<const Delivered> delivered);

}  // namespace weft::postgres
