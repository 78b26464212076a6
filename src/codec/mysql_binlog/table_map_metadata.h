// SPDX-License-Identifier: Apache-2.0
// The optional metadata of a TABLE_MAP event: a run of (type, length, value) fields behind the null bits. Pure.
#pragma once

#include <string_view>

#include "codec/mysql_binlog/table_map.h"

namespace weft::mysql_binlog {

// Adds what the fields say to `map`, whose columns have their types already. Unknown fields are skipped. False: malformed.
[[nodiscard]] bool parse_optional_metadata(std::string_view bytes, Flavor flavor, TableMap& map);

}  // namespace weft::mysql_binlog
