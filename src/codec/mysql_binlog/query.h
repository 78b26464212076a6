// SPDX-License-Identifier: Apache-2.0
// Query events: a statement as text, the database it ran in, and the settings of its session that matter for reading it.
// Views of the caller's bytes; pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/slab.h"
#include "codec/mysql_binlog/event.h"

namespace weft::mysql_binlog {

inline constexpr uint64_t kModeAnsiQuotes = 0x4;
inline constexpr uint64_t kModeNoBackslashEscapes = 0x100000;
inline constexpr uint32_t kFlagNoForeignKeyChecks = 0x4000000;

struct QueryEvent {
  uint32_t thread = 0;
  uint16_t error = 0;
  uint32_t flags = 0;  // flags2: kFlagNoForeignKeyChecks ...
  uint64_t sql_mode = 0;
  uint16_t collation = 0;  // of the client's character set; 0: not told
  std::string_view database;
  std::string_view statement;
};

// `compressed`: MariaDB's QUERY_COMPRESSED, whose statement is unpacked into the arena.
[[nodiscard]] Result<QueryEvent> parse_query(std::string_view body, bool compressed, Arena& arena);

}  // namespace weft::mysql_binlog
