// SPDX-License-Identifier: Apache-2.0
// The table `_weft_schema_version`: the shapes that a pipeline's tables had. Format: docs/formats/schema_version.md.
// Free functions over a SqlPort; its one thread.
#pragma once

#include <string>
#include <vector>

#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

[[nodiscard]] Status write_schemas(SqlPort& port, const std::string& name, const std::vector<SchemaRef>& schemas);
// The latest of each table.
[[nodiscard]] Result<std::vector<SchemaRef>> read_schemas(SqlPort& port, const std::string& name);
// All versions, oldest first.
[[nodiscard]] Result<std::vector<SchemaRef>> read_schema_history(SqlPort& port, const std::string& name);
// Versions behind the latest one go, unless letters or prepared transactions wait, which may be of any of them.
[[nodiscard]] Status prune_schemas(SqlPort& port, const std::string& name);

}  // namespace weft::bookkeeping
