// SPDX-License-Identifier: Apache-2.0
// Single columns of a table map against model columns: does one fit the other, and what column an event describes by itself.
// Pure; any thread.
#pragma once

#include <string>

#include "codec/mysql_binlog/table_map.h"

namespace weft::mysql_binlog {

// Whether values of the wire type are values of the catalogue's column, as exactly as the event tells.
[[nodiscard]] bool fits(const WireColumn& wire, bool has_signedness, const Column& column);

// The column that the event describes. REQUIRES: optional metadata (names, signedness, collations).
[[nodiscard]] Column column_from(const WireColumn& wire);

// Whether the wire type can't be decoded without the catalogue: MariaDB's temporals of before 10.0 do not say how many
// fraction digits they have.
[[nodiscard]] bool needs_catalogue(const WireColumn& wire);

// A column that the server made for itself and no one may see: MariaDB's hash of a long unique key.
[[nodiscard]] bool is_hidden(const TableMap& map, const WireColumn& wire);

// "decimal(10,2) unsigned", as near to the server's words as the event allows.
[[nodiscard]] std::string describe_wire(const WireColumn& wire);
// "enum('a','b')"
[[nodiscard]] std::string describe_labels(const WireColumn& wire, const std::vector<std::string>& labels);

}  // namespace weft::mysql_binlog
