// SPDX-License-Identifier: Apache-2.0
// Sessions with session_replication_role = replica (`triggers: off`, or a setting of the role's own): only those triggers fire
// that are ENABLE ALWAYS or REPLICA, and the target's foreign keys and deferrable unique constraints, which are triggers too,
// keep still. weft does there what the source's keys did; what only the target has, nobody checks.
// Free functions over a Connection; its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/postgres/connection.h"
#include "model/finding.h"
#include "model/schema.h"

namespace weft::postgres {

// Why the role may not set it, and the statement that mends it; none: it may.
[[nodiscard]] Result<std::optional<Finding>> replica_role_trouble(Connection& connection);
// Whether sessions of weft's role run so: `asked`, or by a setting of its own. kConfig if asked and it may not.
[[nodiscard]] Result<bool> runs_as_replica(Connection& connection, bool asked);

// What mends it, by the server's version (Connection::server_version).
[[nodiscard]] std::string replica_role_grant(int server_version, const std::string& role);

// A foreign key of the target that does nothing in such a session.
struct IdleKey {
  std::string id;
  std::string name;
  TableName child;
  TableName parent;
  std::vector<std::string> columns;  // of the child
  std::vector<std::string> parent_columns;
  std::string actions;  // "ON DELETE CASCADE"; empty: it only checks
};

// From the table or to it.
[[nodiscard]] Result<std::vector<IdleKey>> idle_keys(Connection& connection, const TableName& table);
// Whether the source has this key between these tables of it, whatever its actions: then it holds there what it says.
[[nodiscard]] bool has_key(const TableSchema& child, const TableSchema& parent, const IdleKey& key);

}  // namespace weft::postgres
