// SPDX-License-Identifier: Apache-2.0
// Layout: rows_event.h (Table_map_event) of MySQL and log_event.h (Table_map_log_event) of MariaDB; the optional metadata
// is in table_map_metadata.cc.
#include "codec/mysql_binlog/table_map.h"

#include "base/bytes.h"
#include "base/text.h"
#include "codec/mysql_binlog/event.h"
#include "codec/mysql_binlog/table_map_metadata.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

// STRING columns carry their real type in the first metadata byte, with two bits of a length above 255 turned in it.
void read_string_meta(ByteReader& in, WireColumn& column) {
  const uint8_t first = in.u8();
  const uint8_t second = in.u8();
  uint8_t real = first;
  column.max_bytes = second;
  if ((first & 0x30) != 0x30) {
    column.max_bytes |= static_cast<uint32_t>((first & 0x30) ^ 0x30) << 4;
    real = first | 0x30;
  }
  column.type = static_cast<WireType>(real);
  column.meta = static_cast<uint16_t>(column.max_bytes);
}

// False for a type that no server writes.
bool read_column_meta(ByteReader& in, WireColumn& column) {
  switch (column.type) {
    case WireType::kTiny:
    case WireType::kShort:
    case WireType::kLong:
    case WireType::kLongLong:
    case WireType::kInt24:
    case WireType::kNull:
    case WireType::kTimestamp:
    case WireType::kDate:
    case WireType::kTime:
    case WireType::kDateTime:
    case WireType::kYear:
    case WireType::kNewDate:
      return true;
    case WireType::kFloat:
    case WireType::kDouble:
    case WireType::kTimestamp2:
    case WireType::kDateTime2:
    case WireType::kTime2:
    case WireType::kBlobCompressed:
    case WireType::kVector:
    case WireType::kJson:
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
    case WireType::kGeometry:
      column.meta = in.u8();
      return true;
    case WireType::kVarchar:
    case WireType::kVarString:
    case WireType::kVarcharCompressed:
      column.meta = in.u16();
      column.max_bytes = column.meta;
      return true;
    case WireType::kBit:
    case WireType::kNewDecimal:
      column.meta = in.u16();
      return true;
    case WireType::kString:
    case WireType::kEnum:
    case WireType::kSet:
      read_string_meta(in, column);
      return column.type == WireType::kString || column.type == WireType::kEnum || column.type == WireType::kSet ||
             column.type == WireType::kVarString;
    case WireType::kDecimal:
      return false;
  }
  return false;
}

bool blob_meta_is_sane(const WireColumn& column) {
  switch (column.type) {
    case WireType::kBlobCompressed:
    case WireType::kVector:
    case WireType::kJson:
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
    case WireType::kGeometry:
      return column.meta >= 1 && column.meta <= 4;
    case WireType::kTimestamp2:
    case WireType::kDateTime2:
    case WireType::kTime2:
      return column.meta <= 6;
    case WireType::kBit:
      return (column.meta & 0xff) < 8 && (column.meta >> 8) <= 8;
    case WireType::kNewDecimal:
      return (column.meta & 0xff) <= 65 && (column.meta >> 8) <= (column.meta & 0xff);
    case WireType::kSet:
      return column.meta >= 1 && column.meta <= 8;
    case WireType::kEnum:
      return column.meta == 1 || column.meta == 2;
    default:
      return true;
  }
}

}  // namespace

std::string_view to_string(WireType type) {
  switch (type) {
    case WireType::kDecimal:
      return "decimal (before 5.0)";
    case WireType::kTiny:
      return "tinyint";
    case WireType::kShort:
      return "smallint";
    case WireType::kLong:
      return "int";
    case WireType::kFloat:
      return "float";
    case WireType::kDouble:
      return "double";
    case WireType::kNull:
      return "null";
    case WireType::kTimestamp:
    case WireType::kTimestamp2:
      return "timestamp";
    case WireType::kLongLong:
      return "bigint";
    case WireType::kInt24:
      return "mediumint";
    case WireType::kDate:
    case WireType::kNewDate:
      return "date";
    case WireType::kTime:
    case WireType::kTime2:
      return "time";
    case WireType::kDateTime:
    case WireType::kDateTime2:
      return "datetime";
    case WireType::kYear:
      return "year";
    case WireType::kVarchar:
    case WireType::kVarString:
      return "varchar";
    case WireType::kBit:
      return "bit";
    case WireType::kBlobCompressed:
      return "compressed blob";
    case WireType::kVarcharCompressed:
      return "compressed varchar";
    case WireType::kVector:
      return "vector";
    case WireType::kJson:
      return "json";
    case WireType::kNewDecimal:
      return "decimal";
    case WireType::kEnum:
      return "enum";
    case WireType::kSet:
      return "set";
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
      return "blob";
    case WireType::kString:
      return "char";
    case WireType::kGeometry:
      return "geometry";
  }
  return "unknown";
}

Result<TableMap> parse_table_map(std::string_view body, size_t id_bytes, Flavor flavor) {
  ByteReader in(body);
  TableMap map;
  map.table_id = in.le(id_bytes);
  in.skip(2);  // flags
  map.database = in.take(in.u8());
  in.skip(1);
  map.table = in.take(in.u8());
  in.skip(1);
  const uint64_t count = read_length(in);
  const std::string_view types = in.take(count);
  const uint64_t meta_bytes = read_length(in);
  ByteReader meta(in.take(meta_bytes));
  const std::string_view nullable = in.take((count + 7) / 8);
  if (!in.ok() || count > 4096) return corrupt("table map event");
  map.columns.resize(count);
  for (size_t i = 0; i < count; ++i) {
    WireColumn& column = map.columns[i];
    column.type = static_cast<WireType>(static_cast<uint8_t>(types[i]));
    column.nullable = ((static_cast<uint8_t>(nullable[i / 8]) >> (i % 8)) & 1) != 0;
    if (!read_column_meta(meta, column) || !blob_meta_is_sane(column)) {
      return corrupt(cat("table map event of ",
                         map.database,
                         ".",
                         map.table,
                         ": column ",
                         i + 1,
                         " has type ",
                         static_cast<uint32_t>(static_cast<uint8_t>(types[i])),
                         ", metadata ",
                         column.meta));
    }
  }
  if (!meta.ok() || !meta.empty()) return corrupt("table map event: column metadata");
  if (!parse_optional_metadata(in.rest(), flavor, map)) return corrupt("table map event: optional metadata");
  return map;
}

}  // namespace weft::mysql_binlog
