// SPDX-License-Identifier: Apache-2.0
// The `_weft_*` tables of a target that has no schemas to keep them in: their creation, and whether they are there. Made when
// allowed, used as they are when an administrator made them (then no CREATE privilege is needed).
// Columns: docs/formats/progress.md, table_state.md, schema_version.md, prepared.md, dead_letter.md.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "target/bookkeeping/port.h"

namespace weft::bookkeeping {

// The version of the tables' layout; a newer one at the target is refused.
inline constexpr int kObjectsVersion = 1;

// "_weft_progress", ... in order of creation; for grants and for teardown.
[[nodiscard]] std::span<const std::string_view> object_names();
// One statement each, without a semicolon; each may run again. For ensure_objects() and for an administrator.
[[nodiscard]] std::vector<std::string> creation_statements(Dialect dialect);
// The same as a script.
[[nodiscard]] std::string objects_sql(Dialect dialect);

enum class Objects : uint8_t { kMissing, kPartial, kPresent };

[[nodiscard]] Result<Objects> find_objects(SqlPort& port);
// kConfig when the version is newer than ours; `where` names the target. REQUIRES: kPresent.
[[nodiscard]] Status check_objects_version(SqlPort& port, std::string_view where);
// Makes what is missing, or says what an administrator must run. REQUIRES: no open transaction.
[[nodiscard]] Status ensure_objects(SqlPort& port, bool may_create, std::string_view where);

}  // namespace weft::bookkeeping
