// SPDX-License-Identifier: Apache-2.0
// The `_weft` schema at a PostgreSQL target: its tables, and whether they are there. Created when allowed, used as they are
// when an administrator made them (then no CREATE privilege is needed). Columns: docs/formats/progress.md.
// Free functions over a Connection; its one thread.
#pragma once

#include <string>

#include "engine/postgres/connection.h"

namespace weft::postgres {

// The version of the objects' layout; a newer one at the server is refused.
inline constexpr int kObjectsVersion = 3;

// Everything that makes the objects, for an administrator to run, with the grants for `role` (none if empty).
[[nodiscard]] std::string objects_sql(const std::string& role);

enum class Objects { kMissing, kPartial, kPresent };

[[nodiscard]] Result<Objects> find_objects(Connection& connection);
// kConfig when the version is newer than ours. REQUIRES: kPresent.
[[nodiscard]] Status check_objects_version(Connection& connection);
// Why open() would be refused for what is missing of the objects or of their privileges, in words; empty: it would not be.
// What mends it is objects_sql().
[[nodiscard]] Result<std::string> objects_trouble(Connection& connection, bool may_create);
// Makes what is missing, raises an older version, or says what an administrator must run.
[[nodiscard]] Status ensure_objects(Connection& connection, bool may_create);

}  // namespace weft::postgres
