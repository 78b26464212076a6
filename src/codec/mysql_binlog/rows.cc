// SPDX-License-Identifier: Apache-2.0
// Layout: rows_event.h (Rows_event) of MySQL. Table id, flags, (version 2) extra data counted with its own two length bytes,
// column count, a bit per column and image, rows. The extra data (NDB's info, partition ids) says nothing that is needed.
#include "codec/mysql_binlog/rows.h"

#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint16_t kNoForeignKeyChecks = 2;

}  // namespace

RowsKind rows_kind(EventType type) {
  switch (type) {
    case EventType::kUpdateRowsV1:
      return {.op = Op::kUpdate};
    case EventType::kDeleteRowsV1:
      return {.op = Op::kDelete};
    case EventType::kWriteRows:
      return {.op = Op::kInsert, .has_extra = true};
    case EventType::kUpdateRows:
      return {.op = Op::kUpdate, .has_extra = true};
    case EventType::kDeleteRows:
      return {.op = Op::kDelete, .has_extra = true};
    case EventType::kPartialUpdateRows:
      return {.op = Op::kUpdate, .has_extra = true, .partial = true};
    case EventType::kWriteRowsCompressedV1:
      return {.op = Op::kInsert, .compressed = true};
    case EventType::kUpdateRowsCompressedV1:
      return {.op = Op::kUpdate, .compressed = true};
    case EventType::kDeleteRowsCompressedV1:
      return {.op = Op::kDelete, .compressed = true};
    case EventType::kWriteRowsCompressed:
      return {.op = Op::kInsert, .has_extra = true, .compressed = true};
    case EventType::kUpdateRowsCompressed:
      return {.op = Op::kUpdate, .has_extra = true, .compressed = true};
    case EventType::kDeleteRowsCompressed:
      return {.op = Op::kDelete, .has_extra = true, .compressed = true};
    default:
      return {.op = Op::kInsert};
  }
}

Result<RowsEvent> parse_rows(const RowsKind& kind, std::string_view body, size_t id_bytes) {
  ByteReader in(body);
  RowsEvent event;
  event.table_id = in.le(id_bytes);
  event.foreign_keys = (in.u16() & kNoForeignKeyChecks) == 0;
  if (kind.has_extra) {
    const uint16_t extra = in.u16();
    if (extra < 2) return corrupt("rows event");
    in.skip(extra - 2u);
  }
  const uint64_t columns = read_length(in);
  const std::string_view before = in.take((columns + 7) / 8);
  const std::string_view after = kind.op == Op::kUpdate ? in.take((columns + 7) / 8) : std::string_view();
  if (!in.ok() || columns > 4096) return corrupt("rows event");
  event.columns = columns;
  event.before = ColumnSet(before, columns);
  if (kind.op == Op::kUpdate) event.after = ColumnSet(after, columns);
  event.rows = in.rest();
  return event;
}

}  // namespace weft::mysql_binlog
