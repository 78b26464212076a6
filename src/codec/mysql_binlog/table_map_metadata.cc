// SPDX-License-Identifier: Apache-2.0
// Field numbers: Table_map_event::Optional_metadata_field_type (MySQL, rows_event.h) and Table_map_log_event (MariaDB,
// log_event.h), which agree on 1 to 9; MariaDB writes no more.
#include "codec/mysql_binlog/table_map_metadata.h"

#include <functional>

#include "base/bytes.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

enum Field : uint8_t {
  kSignedness = 1,
  kDefaultCharset = 2,
  kColumnCharset = 3,
  kColumnName = 4,
  kSetLabels = 5,
  kEnumLabels = 6,
  kGeometryType = 7,
  kSimpleKey = 8,
  kPrefixKey = 9,
  kEnumSetDefaultCharset = 10,
  kEnumSetColumnCharset = 11,
  kVisibility = 12,
  kVectorDimensions = 13,
};

using Wanted = bool (*)(WireType);

bool is_numeric(WireType type) {
  switch (type) {
    case WireType::kTiny:
    case WireType::kShort:
    case WireType::kInt24:
    case WireType::kLong:
    case WireType::kLongLong:
    case WireType::kNewDecimal:
    case WireType::kFloat:
    case WireType::kDouble:
    case WireType::kYear:
      return true;
    default:
      return false;
  }
}

bool is_character(WireType type) {
  switch (type) {
    case WireType::kString:
    case WireType::kVarString:
    case WireType::kVarchar:
    case WireType::kVarcharCompressed:
    case WireType::kBlobCompressed:
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
      return true;
    default:
      return false;
  }
}

bool is_enum_or_set(WireType type) {
  return type == WireType::kEnum || type == WireType::kSet;
}

bool is_enum(WireType type) {
  return type == WireType::kEnum;
}

bool is_set(WireType type) {
  return type == WireType::kSet;
}

bool is_geometry(WireType type) {
  return type == WireType::kGeometry;
}

// MariaDB lists a collation for whatever has one in its server, and a geometry is a blob there (binary).
bool is_character_or_geometry(WireType type) {
  return is_character(type) || is_geometry(type);
}

bool is_vector(WireType type) {
  return type == WireType::kVector;
}

// Calls visit for each column of the wanted kind while it returns true; false if it did not.
bool each(TableMap& map, Wanted wanted, const std::function<bool(WireColumn&)>& visit) {
  for (WireColumn& column : map.columns) {
    if (wanted(column.type) && !visit(column)) return false;
  }
  return true;
}

// A bit per wanted column, first column in the highest bit.
bool read_bits(ByteReader in, TableMap& map, Wanted wanted, bool WireColumn::*flag) {
  size_t seen = 0;
  uint8_t bits = 0;
  return each(map, wanted, [&](WireColumn& column) {
    if (seen % 8 == 0) bits = in.u8();
    column.*flag = ((bits << (seen % 8)) & 0x80) != 0;
    ++seen;
    return in.ok();
  });
}

// A default collation, then (ordinal among the wanted columns, collation) of those that differ.
bool read_default_charset(ByteReader in, TableMap& map, Wanted wanted) {
  const auto common = static_cast<uint16_t>(read_length(in));
  std::vector<WireColumn*> columns;
  each(map, wanted, [&](WireColumn& column) {
    column.collation = common;
    columns.push_back(&column);
    return true;
  });
  while (in.ok() && !in.empty()) {
    const uint64_t ordinal = read_length(in);
    const uint64_t collation = read_length(in);
    if (!in.ok() || ordinal >= columns.size()) return false;
    columns[ordinal]->collation = static_cast<uint16_t>(collation);
  }
  return in.ok();
}

bool read_column_charset(ByteReader in, TableMap& map, Wanted wanted) {
  return each(map, wanted, [&](WireColumn& column) {
    column.collation = static_cast<uint16_t>(read_length(in));
    return in.ok();
  });
}

bool read_labels(ByteReader in, TableMap& map, Wanted wanted) {
  return each(map, wanted, [&](WireColumn& column) {
    const uint64_t count = read_length(in);
    column.labels.clear();
    for (uint64_t i = 0; i < count && in.ok(); ++i) column.labels.emplace_back(in.take(read_length(in)));
    return in.ok();
  });
}

bool read_names(ByteReader in, TableMap& map) {
  for (WireColumn& column : map.columns) column.name = in.take(read_length(in));
  map.has_names = in.ok();
  return in.ok();
}

bool read_key(ByteReader in, TableMap& map, bool prefixes) {
  map.key.clear();
  while (in.ok() && !in.empty()) {
    const uint64_t ordinal = read_length(in);
    const uint64_t prefix = prefixes ? read_length(in) : 0;
    if (!in.ok() || ordinal >= map.columns.size()) return false;
    map.key_has_prefixes |= prefix != 0;
    map.key.push_back(static_cast<uint16_t>(ordinal));
  }
  map.has_key = in.ok();
  return in.ok();
}

bool read_numbers(ByteReader in, TableMap& map, Wanted wanted, uint32_t WireColumn::*number) {
  return each(map, wanted, [&](WireColumn& column) {
    column.*number = static_cast<uint32_t>(read_length(in));
    return in.ok();
  });
}

bool read_field(uint8_t field, ByteReader in, Flavor flavor, TableMap& map) {
  const Wanted with_collation = flavor == Flavor::kMariaDb ? is_character_or_geometry : is_character;
  switch (field) {
    case kSignedness:
      map.has_signedness = true;
      return read_bits(in, map, is_numeric, &WireColumn::is_unsigned);
    case kDefaultCharset:
      return read_default_charset(in, map, with_collation);
    case kColumnCharset:
      return read_column_charset(in, map, with_collation);
    case kColumnName:
      return read_names(in, map);
    case kSetLabels:
      return read_labels(in, map, is_set);
    case kEnumLabels:
      return read_labels(in, map, is_enum);
    case kGeometryType:
      return read_numbers(in, map, is_geometry, &WireColumn::geometry);
    case kSimpleKey:
      return read_key(in, map, false);
    case kPrefixKey:
      return read_key(in, map, true);
    case kEnumSetDefaultCharset:
      return read_default_charset(in, map, is_enum_or_set);
    case kEnumSetColumnCharset:
      return read_column_charset(in, map, is_enum_or_set);
    case kVisibility:
      return read_bits(
          in, map, [](WireType) { return true; }, &WireColumn::visible);
    case kVectorDimensions:
      return read_numbers(in, map, is_vector, &WireColumn::dimensions);
    default:
      return true;
  }
}

}  // namespace

bool parse_optional_metadata(std::string_view bytes, Flavor flavor, TableMap& map) {
  ByteReader in(bytes);
  while (!in.empty()) {
    const uint8_t field = in.u8();
    const std::string_view value = in.take(read_length(in));
    if (!in.ok() || !read_field(field, ByteReader(value), flavor, map)) return false;
  }
  return true;
}

}  // namespace weft::mysql_binlog
