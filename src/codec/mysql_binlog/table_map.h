// SPDX-License-Identifier: Apache-2.0
// TableMap: what a TABLE_MAP event says of a table, as plain data; and the shape that rows are decoded into, merged from it
// and from the catalogue.
//
//   TRY_ASSIGN(TableMap map, parse_table_map(body, flavor));
//   TRY_ASSIGN(SchemaRef schema, merge_schema(map, catalogue_shape));
//
// Owns its strings; values; no thread rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/mysql_binlog/position.h"
#include "model/schema.h"

namespace weft::mysql_binlog {

// Error codes of this codec (Error::code), all with Blame::kConfig.
inline constexpr std::string_view kSchemaUnknown = "schema-unknown";
inline constexpr std::string_view kCorruptEvent = "corrupt-event";
inline constexpr std::string_view kUnknownEvent = "unknown-event";
inline constexpr std::string_view kStatementFormat = "statement-format";
inline constexpr std::string_view kIncidentLogged = "incident";
inline constexpr std::string_view kPartialJsonLost = "partial-json";
inline constexpr std::string_view kGtidOrder = "gtid-order";

// Column types on the wire (enum_field_types of both servers).
enum class WireType : uint8_t {
  kDecimal = 0,
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kNull = 6,
  kTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kTime = 11,
  kDateTime = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDateTime2 = 18,
  kTime2 = 19,
  kBlobCompressed = 140,     // MariaDB
  kVarcharCompressed = 141,  // MariaDB
  kVector = 242,             // MySQL 9
  kJson = 245,               // MySQL
  kNewDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

[[nodiscard]] std::string_view to_string(WireType type);

// A column as the event describes it. `type` is the real type: ENUM and SET that travel as STRING are told apart.
struct WireColumn {
  WireType type = WireType::kNull;
  uint16_t meta = 0;       // type-specific: length bytes, precision and scale, fraction digits ...
  uint32_t max_bytes = 0;  // STRING, VARCHAR: bytes at most
  bool nullable = true;
  // Optional metadata; meaningful as TableMap::has_* says.
  bool is_unsigned = false;
  uint16_t collation = 0;  // 0: unknown
  bool visible = true;
  uint32_t geometry = 0;
  uint32_t dimensions = 0;  // VECTOR
  std::string name;
  std::vector<std::string> labels;
};

struct TableMap {
  uint64_t table_id = 0;
  std::string database;
  std::string table;
  std::vector<WireColumn> columns;
  std::vector<uint16_t> key;  // simple primary key or one with prefixes; empty: none or unknown
  bool has_signedness = false;
  bool has_names = false;  // binlog_row_metadata=FULL
  bool has_key = false;
  bool key_has_prefixes = false;
};

// Body of a TABLE_MAP event: what follows the 19-byte header, without checksum. `id_bytes` is 6 (4 in logs of MySQL 5.1).
[[nodiscard]] Result<TableMap> parse_table_map(std::string_view body,
                                               size_t id_bytes = 6,
                                               Flavor flavor = Flavor::kMySql);

// The shape to decode rows into. With column names in the event (FULL) columns are the event's, and what it can't tell
// (UUID, JSON of MariaDB, generated, exact source type ...) is taken from the catalogue's column of the same name; without,
// columns are the catalogue's by position, after its count and types were checked against the event: a mismatch is
// kSchemaUnknown. `catalogue` may be null if there are names. Gives `catalogue` itself when nothing differs.
[[nodiscard]] Result<SchemaRef> merge_schema(const TableMap& map, const SchemaRef& catalogue);

}  // namespace weft::mysql_binlog
