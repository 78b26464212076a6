// SPDX-License-Identifier: Apache-2.0
// Values whose stored bytes are not what a reader wants: MariaDB's INET4 and INET6 as the server prints them, geometries as
// (E)WKB. Results view the input or the arena; pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/slab.h"

namespace weft::mysql_binlog {

// REQUIRES: 4 bytes (fewer print as an empty text).
[[nodiscard]] std::string_view inet4_text(std::string_view bytes, Arena& arena);
// REQUIRES: 16 bytes (fewer print as an empty text).
[[nodiscard]] std::string_view inet6_text(std::string_view bytes, Arena& arena);

// A stored geometry is a 4-byte SRID and WKB. SRID 0 gives the WKB, any other EWKB: the type with PostGIS's SRID flag, and
// the SRID behind it. None: malformed.
[[nodiscard]] std::optional<std::string_view> geometry_ewkb(std::string_view stored, Arena& arena);

}  // namespace weft::mysql_binlog
