// SPDX-License-Identifier: Apache-2.0
// CREATE TABLE for a source schema: columns, NOT NULL, primary key, unique keys; no foreign keys, no other indexes. The type
// mapping is that of docs/types/mysql.md, "As a target": MySQL's own types stay what they are. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/mysql/connection.h"
#include "model/schema.h"

namespace weft::mysql {

// The target type of a source column: "varchar(20) CHARACTER SET utf8mb4". `key_bytes`: what an index has room for, if the
// column is part of a unique key; equality is then that of bytes.
[[nodiscard]] std::string target_type(const Column& column, const ServerFacts& facts, size_t key_bytes = 0);
// NULL or NOT NULL, and what keeps a server from adding a default of its own.
[[nodiscard]] std::string nullability(const Column& column, const std::string& type);

// kConfig when a name is longer than MySQL keeps.
[[nodiscard]] Result<std::string> create_table_statement(const TableSchema& source,
                                                         const TableName& target,
                                                         const ServerFacts& facts);

}  // namespace weft::mysql
