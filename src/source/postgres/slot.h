// SPDX-License-Identifier: Apache-2.0
// The publication and the replication slot that a source reads from: found, made, judged. Sessions are the caller's; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/postgres/connection.h"
#include "source/postgres/catalogue.h"
#include "source/postgres/position.h"

namespace weft::postgres {

// "weft_shop": what is no lower-case letter, digit or underscore becomes one; at most 63 bytes.
[[nodiscard]] std::string slot_name(std::string_view database);

// Who the server is, as a walsender tells it (IDENTIFY_SYSTEM).
struct SystemIdentity {
  std::string system;
  uint32_t timeline = 0;
  std::string database;
};

[[nodiscard]] Result<SystemIdentity> identify(Connection& walsender);
// The same, as an ordinary session may ask for it.
[[nodiscard]] Result<SystemIdentity> identify_by_sql(Connection& session);

struct Slot {
  uint64_t confirmed = 0;
  bool lost = false;  // its WAL has been removed
};

// kConfig if a slot of the name is none of ours (another plugin or database).
[[nodiscard]] Result<std::optional<Slot>> find_slot(Connection& session, const std::string& name);

enum class Slots : uint8_t { kMade, kLeft };

// The statements that make what is missing, the slot too or not: the publication before the slot, for a slot's view of the catalogue begins with
// it (hard case 30).
[[nodiscard]] Result<std::vector<std::string>> missing_statements(Connection& session,
                                                                  const std::string& name,
                                                                  const std::vector<CatalogueTable>& tables,
                                                                  Slots slots);
// Those that remove what is there.
[[nodiscard]] Result<std::vector<std::string>> removing_statements(Connection& session, const std::string& name);

// Whether the server's history leads from the position to where it is now (hard case 6): kPositionLost otherwise.
[[nodiscard]] Status check_timeline(Connection& walsender, const SystemIdentity& now, const PgPosition& from);

// Whether the slot has the log from the position on, and the log reaches it: kPositionLost otherwise.
[[nodiscard]] Status check_slot(Connection& session, const std::string& name, const PgPosition& from);

// Tables whose updates and deletes the log would not say the row of, with the statement that mends each; empty if none.
[[nodiscard]] std::string without_identity(const std::vector<CatalogueTable>& tables);
// Why old images of the table, or of one of its partitions, have not all columns; empty if they have.
[[nodiscard]] Result<std::string> without_old_values(Connection& session, const TableName& table);

}  // namespace weft::postgres
