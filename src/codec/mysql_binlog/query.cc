// SPDX-License-Identifier: Apache-2.0
// Layout: statement_events.h (Query_event) of MySQL, log_event.h (Query_log_event) of MariaDB. Status variables are written
// in the order of their codes, so an unknown one ends what can be read of them.
#include "codec/mysql_binlog/query.h"

#include "codec/mysql_binlog/inflate.h"

namespace weft::mysql_binlog {
namespace {

enum StatusVariable : uint8_t {
  kFlags2 = 0,
  kSqlMode = 1,
  kCatalog = 2,
  kAutoIncrement = 3,
  kCharset = 4,
};

void read_status(ByteReader in, QueryEvent& event) {
  while (in.ok() && !in.empty()) {
    switch (in.u8()) {
      case kFlags2:
        event.flags = in.u32();
        break;
      case kSqlMode:
        event.sql_mode = in.u64();
        break;
      case kCatalog:
        in.skip(in.u8() + 1u);
        break;
      case kAutoIncrement:
        in.skip(4);
        break;
      case kCharset:
        event.collation = in.u16();
        in.skip(4);
        break;
      case 6:  // the catalogue again, without its end byte
        in.skip(in.u8());
        break;
      default:
        return;  // nothing further is needed
    }
  }
}

}  // namespace

Result<QueryEvent> parse_query(std::string_view body, bool compressed, Arena& arena) {
  ByteReader in(body);
  QueryEvent event;
  event.thread = in.u32();
  in.skip(4);  // seconds it took
  const uint8_t database = in.u8();
  event.error = in.u16();
  const uint16_t status = in.u16();
  read_status(ByteReader(in.take(status)), event);
  event.database = in.take(database);
  in.skip(1);
  event.statement = in.rest();
  if (!in.ok()) return corrupt("query event");
  if (!compressed) return event;
  const std::optional<std::string_view> unpacked = inflate_event_part(event.statement, arena);
  if (!unpacked) return corrupt("compressed query event");
  event.statement = *unpacked;
  return event;
}

}  // namespace weft::mysql_binlog
