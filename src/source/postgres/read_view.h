// SPDX-License-Identifier: Apache-2.0
// ReadView: opens a REPEATABLE READ, READ ONLY transaction over one table and tells its place in the log (read_point.h).
//
//   low, running := before the view          // place of the log first, then who runs
//   BEGIN; LOCK TABLE ... ACCESS SHARE       // takes no snapshot: DDL that went on is over, and none comes until the end
//   snapshot, high := the view's first statement
//
// The table is locked first because TRUNCATE and what rewrites a table are not undone for older snapshots: a view from before
// would find the new, empty table. Stateless but for what it knows of the server; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/postgres/connection.h"
#include "source/postgres/delivered.h"
#include "source/postgres/read_point.h"

namespace weft::postgres {

// What a session's server is; asked once per session.
struct ServerState {
  bool in_recovery = false;
  uint64_t page_bytes = 0;
  uint64_t segment_bytes = 0;
};

[[nodiscard]] Result<ServerState> server_state(Connection& session);

struct ViewRequest {
  const TableName* table = nullptr;
  uint32_t oid = 0;
  bool with_partitions = false;  // a partitioned table; else only the table itself, without those that inherit from it
  bool in_log_order = false;     // the point has to be exact(): see PgReadPoint
};

// The view is open in the session then. kTransient when no fitting moment was found; the session may be in a transaction that
// close_view() ends.
[[nodiscard]] Result<std::shared_ptr<const ReadPoint>> open_view(Connection& session,
                                                                 const ServerState& server,
                                                                 const ViewRequest& request,
                                                                 const std::shared_ptr<const Delivered>& delivered);

// A view whose place in the log nobody asks for.
[[nodiscard]] Result<std::shared_ptr<const ReadPoint>> open_unplaced_view(Connection& session);

[[nodiscard]] Status close_view(Connection& session);

}  // namespace weft::postgres
