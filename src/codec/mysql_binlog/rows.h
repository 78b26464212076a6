// SPDX-License-Identifier: Apache-2.0
// The head of a rows event: which table, which operation, which columns; what follows are row images. Views of the caller's
// bytes; pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/row_decoder.h"
#include "model/change.h"

namespace weft::mysql_binlog {

// What a type of rows event means.
struct RowsKind {
  Op op = Op::kInsert;
  bool has_extra = false;   // version 2: extra data behind the flags
  bool compressed = false;  // MariaDB: the rows are packed
  bool partial = false;     // PARTIAL_UPDATE_ROWS
};

[[nodiscard]] RowsKind rows_kind(EventType type);

struct RowsEvent {
  uint64_t table_id = 0;
  bool foreign_keys = true;  // the statement ran with foreign_key_checks
  size_t columns = 0;
  ColumnSet before;  // of an insert or delete: the only image
  ColumnSet after;   // of an update
  std::string_view rows;
};

// The table that `body` (without header and checksum) is about.
[[nodiscard]] inline uint64_t rows_table_id(std::string_view body, size_t id_bytes) {
  ByteReader in(body);
  return id_bytes == 6 ? in.le(6) : in.le(4);
}

[[nodiscard]] Result<RowsEvent> parse_rows(const RowsKind& kind, std::string_view body, size_t id_bytes);

}  // namespace weft::mysql_binlog
