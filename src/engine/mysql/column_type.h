// SPDX-License-Identifier: Apache-2.0
// What a column's entry in information_schema.COLUMNS means: Kind, lengths, labels. The table of all types, with what they
// become elsewhere and the test that proves it, is docs/types/mysql.md. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema.h"

namespace weft::mysql {

// The columns of information_schema.COLUMNS that matter, as text; NULL is empty.
struct ColumnEntry {
  std::string name = {};
  std::string data_type = {};    // "decimal"
  std::string column_type = {};  // "decimal(10,2) unsigned"
  std::string is_nullable = {};  // "YES"
  std::string characters = {};   // CHARACTER_MAXIMUM_LENGTH
  std::string octets = {};       // CHARACTER_OCTET_LENGTH
  std::string precision = {};    // NUMERIC_PRECISION
  std::string scale = {};        // NUMERIC_SCALE
  std::string fraction = {};     // DATETIME_PRECISION
  std::string charset = {};      // CHARACTER_SET_NAME
  std::string extra = {};        // "auto_increment", "STORED GENERATED" ...
  bool json_checked = false;     // MariaDB: CHECK (json_valid(`column`)), which is what its JSON type is
};

// nullopt for a type that we do not know.
[[nodiscard]] std::optional<Column> parse_column(const ColumnEntry& entry);
// The labels of "enum('a','b''c')" or "set(...)", unquoted.
[[nodiscard]] std::vector<std::string> parse_labels(std::string_view column_type);

}  // namespace weft::mysql
