// SPDX-License-Identifier: Apache-2.0
// CREATE TABLE for a source schema: columns, NOT NULL, primary key, unique keys; no foreign keys, no other indexes. The type
// mapping is that of docs/types/mysql.md. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "model/schema.h"

namespace weft::postgres {

// The target type of a source column: "numeric(20,0)".
[[nodiscard]] std::string target_type(const Column& column);

// kConfig when a name is longer than PostgreSQL keeps.
[[nodiscard]] Result<std::string> create_table_statement(const TableSchema& source, const TableName& target);

}  // namespace weft::postgres
