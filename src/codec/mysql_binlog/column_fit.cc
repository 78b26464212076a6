// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/column_fit.h"

#include "base/text.h"
#include "codec/mysql_binlog/charset.h"

namespace weft::mysql_binlog {
namespace {

uint8_t int_bits(WireType type) {
  switch (type) {
    case WireType::kTiny:
      return 8;
    case WireType::kShort:
    case WireType::kYear:
      return 16;
    case WireType::kInt24:
      return 24;
    case WireType::kLong:
      return 32;
    default:
      return 64;
  }
}

bool is_binary(const WireColumn& wire) {
  return charset_of_collation(wire.collation) == "binary";
}

uint8_t precision_of(const WireColumn& wire) {
  return static_cast<uint8_t>(wire.meta & 0xff);
}

uint8_t scale_of(const WireColumn& wire) {
  return static_cast<uint8_t>(wire.meta >> 8);
}

uint32_t bits_of(const WireColumn& wire) {
  return (wire.meta & 0xffu) + 8u * (wire.meta >> 8);
}

bool fits_int(const WireColumn& wire, bool has_signedness, const Column& column) {
  const bool year = column.source_type.starts_with("year");
  if (wire.type == WireType::kYear || year) return wire.type == WireType::kYear && (year || column.source_type.empty());
  if (column.kind == Kind::kBool) return wire.type == WireType::kTiny;
  if (column.int_bits != 0 && column.int_bits != int_bits(wire.type)) return false;
  return !has_signedness || wire.is_unsigned == (column.kind == Kind::kUint);
}

bool is_int_kind(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kBool;
}

bool is_string_kind(Kind kind) {
  return kind == Kind::kText || kind == Kind::kBytes || kind == Kind::kJson || kind == Kind::kUuid;
}

// Bytes of a VARCHAR, CHAR or BINARY as the catalogue knows them; 0: unknown.
uint64_t bytes_at_most(const Column& column) {
  if (column.source_type == "inet4") return 4;
  if (column.source_type == "inet6" || column.kind == Kind::kUuid) return 16;
  if (column.length == 0 || (column.kind == Kind::kText && column.charset.empty())) return 0;
  return column.kind == Kind::kText ? uint64_t{column.length} * bytes_per_character(column.charset) : column.length;
}

// Length bytes of a TEXT or BLOB as its name tells; 0: unknown.
uint16_t length_bytes(const Column& column) {
  const std::string_view type = column.source_type;
  if (type.starts_with("tiny")) return 1;
  if (type.starts_with("medium")) return 3;
  if (type.starts_with("long") || type.starts_with("json")) return 4;
  return type.starts_with("text") || type.starts_with("blob") ? 2 : 0;
}

bool is_varchar_like(const Column& column) {
  return !column.fixed_length &&
         (column.source_type.starts_with("varchar") || column.source_type.starts_with("varbinary"));
}

// Whether bytes and text are not mixed up; an event without collations can't tell.
bool fits_collation(const WireColumn& wire, const Column& column) {
  if (wire.collation == 0) return true;
  if (!is_binary(wire)) return column.kind == Kind::kText || column.kind == Kind::kJson;
  return column.kind == Kind::kBytes || column.kind == Kind::kUuid || column.source_type.starts_with("inet");
}

bool fits_string(const WireColumn& wire, const Column& column) {
  if (!is_string_kind(column.kind) || !column.labels.empty() || !fits_collation(wire, column)) return false;
  switch (wire.type) {
    case WireType::kVarchar:
    case WireType::kVarString: {
      if (length_bytes(column) != 0 || column.fixed_length) return false;
      const uint64_t known = bytes_at_most(column);
      return known == 0 || known == wire.max_bytes;
    }
    case WireType::kString: {
      if (length_bytes(column) != 0 || is_varchar_like(column)) return false;
      const uint64_t known = bytes_at_most(column);
      return known == 0 || known == wire.max_bytes;
    }
    case WireType::kVarcharCompressed:
      return length_bytes(column) == 0 && !column.fixed_length;
    default: {
      if (column.fixed_length || is_varchar_like(column)) return false;
      const uint16_t known = length_bytes(column);
      return known == 0 || known == wire.meta;
    }
  }
}

Column string_column(const WireColumn& wire) {
  Column column;
  const std::string_view charset = charset_of_collation(wire.collation);
  column.kind = is_binary(wire) ? Kind::kBytes : Kind::kText;
  column.charset = column.kind == Kind::kText ? charset : std::string_view();
  column.length = column.kind == Kind::kText ? wire.max_bytes / bytes_per_character(charset) : wire.max_bytes;
  column.fixed_length = wire.type == WireType::kString;
  return column;
}

std::string describe_string(const WireColumn& wire) {
  const bool binary = is_binary(wire);
  const uint32_t length =
      binary ? wire.max_bytes : wire.max_bytes / bytes_per_character(charset_of_collation(wire.collation));
  switch (wire.type) {
    case WireType::kString:
      return cat(binary ? "binary(" : "char(", length, ")");
    case WireType::kVarchar:
    case WireType::kVarString:
      return cat(binary ? "varbinary(" : "varchar(", length, ")");
    case WireType::kVarcharCompressed:
      return cat(binary ? "varbinary(" : "varchar(", length, ") compressed");
    default:
      break;
  }
  static constexpr std::string_view kSizes[] = {"", "tiny", "", "medium", "long"};
  const std::string_view size = wire.meta <= 4 ? kSizes[wire.meta] : "";
  return cat(size, binary ? "blob" : "text", wire.type == WireType::kBlobCompressed ? " compressed" : "");
}

}  // namespace

bool needs_catalogue(const WireColumn& wire) {
  return wire.type == WireType::kTime || wire.type == WireType::kDateTime || wire.type == WireType::kTimestamp;
}

bool is_hidden(const TableMap& map, const WireColumn& wire) {
  return map.has_names && wire.type == WireType::kLongLong && wire.name.starts_with("DB_ROW_HASH_");
}

bool fits(const WireColumn& wire, bool has_signedness, const Column& column) {
  switch (wire.type) {
    case WireType::kTiny:
    case WireType::kShort:
    case WireType::kInt24:
    case WireType::kLong:
    case WireType::kLongLong:
    case WireType::kYear:
      return is_int_kind(column.kind) && fits_int(wire, has_signedness, column);
    case WireType::kFloat:
      return column.kind == Kind::kFloat;
    case WireType::kDouble:
      return column.kind == Kind::kDouble;
    case WireType::kNewDecimal:
      return column.kind == Kind::kDecimal && column.precision == precision_of(wire) && column.scale == scale_of(wire);
    case WireType::kBit:
      return column.kind == Kind::kBit && (column.length == 0 || column.length == bits_of(wire));
    case WireType::kDate:
    case WireType::kNewDate:
      return column.kind == Kind::kDate;
    case WireType::kDateTime:
      return column.kind == Kind::kDateTime;
    case WireType::kTime:
      return column.kind == Kind::kTime;
    case WireType::kTimestamp:
      return column.kind == Kind::kTimestamp;
    case WireType::kDateTime2:
      return column.kind == Kind::kDateTime && column.scale == wire.meta;
    case WireType::kTime2:
      return column.kind == Kind::kTime && column.scale == wire.meta;
    case WireType::kTimestamp2:
      return column.kind == Kind::kTimestamp && column.scale == wire.meta;
    case WireType::kEnum:
      return column.kind == Kind::kText && (!column.labels.empty() || column.source_type.starts_with("enum"));
    case WireType::kSet:
      return column.kind == Kind::kText && (!column.labels.empty() || column.source_type.starts_with("set"));
    case WireType::kGeometry:
    case WireType::kVector:
      return column.kind == Kind::kBytes && !column.fixed_length;
    case WireType::kJson:
      return column.kind == Kind::kJson;
    case WireType::kVarchar:
    case WireType::kVarString:
    case WireType::kString:
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
    case WireType::kBlobCompressed:
    case WireType::kVarcharCompressed:
      return fits_string(wire, column);
    case WireType::kNull:
    case WireType::kDecimal:
      return false;
  }
  return false;
}

Column column_from(const WireColumn& wire) {
  Column column;
  switch (wire.type) {
    case WireType::kTiny:
    case WireType::kShort:
    case WireType::kInt24:
    case WireType::kLong:
    case WireType::kLongLong:
    case WireType::kYear:
      column.kind = wire.is_unsigned && wire.type != WireType::kYear ? Kind::kUint : Kind::kInt;
      column.int_bits = int_bits(wire.type);
      break;
    case WireType::kFloat:
      column.kind = Kind::kFloat;
      break;
    case WireType::kDouble:
      column.kind = Kind::kDouble;
      break;
    case WireType::kNewDecimal:
      column.kind = Kind::kDecimal;
      column.precision = precision_of(wire);
      column.scale = scale_of(wire);
      break;
    case WireType::kBit:
      column.kind = Kind::kBit;
      column.length = bits_of(wire);
      break;
    case WireType::kDate:
    case WireType::kNewDate:
      column.kind = Kind::kDate;
      break;
    case WireType::kDateTime:
    case WireType::kDateTime2:
      column.kind = Kind::kDateTime;
      column.scale = static_cast<uint8_t>(wire.meta);
      break;
    case WireType::kTime:
    case WireType::kTime2:
      column.kind = Kind::kTime;
      column.scale = static_cast<uint8_t>(wire.meta);
      break;
    case WireType::kTimestamp:
    case WireType::kTimestamp2:
      column.kind = Kind::kTimestamp;
      column.scale = static_cast<uint8_t>(wire.meta);
      break;
    case WireType::kEnum:
    case WireType::kSet:
      column.kind = Kind::kText;
      column.charset = charset_of_collation(wire.collation);
      break;
    case WireType::kJson:
      column.kind = Kind::kJson;
      break;
    case WireType::kGeometry:
    case WireType::kVector:
    case WireType::kNull:
    case WireType::kDecimal:
      column.kind = Kind::kBytes;
      break;
    default:
      column = string_column(wire);
      break;
  }
  column.name = wire.name;
  column.nullable = wire.nullable;
  column.source_type = describe_wire(wire);
  return column;
}

std::string describe_wire(const WireColumn& wire) {
  std::string text(to_string(wire.type));
  switch (wire.type) {
    case WireType::kNewDecimal:
      text += cat("(", precision_of(wire), ",", scale_of(wire), ")");
      break;
    case WireType::kBit:
      text += cat("(", bits_of(wire), ")");
      break;
    case WireType::kDateTime2:
    case WireType::kTime2:
    case WireType::kTimestamp2:
      if (wire.meta != 0) text += cat("(", wire.meta, ")");
      break;
    case WireType::kVector:
      text += cat("(", wire.dimensions, ")");
      break;
    case WireType::kString:
    case WireType::kVarString:
    case WireType::kVarchar:
    case WireType::kVarcharCompressed:
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
    case WireType::kBlobCompressed:
      return describe_string(wire);
    default:
      break;
  }
  return wire.is_unsigned && wire.type != WireType::kYear ? text + " unsigned" : text;
}

std::string describe_labels(const WireColumn& wire, const std::vector<std::string>& labels) {
  std::string text(to_string(wire.type));
  for (size_t i = 0; i < labels.size(); ++i) {
    text += i == 0 ? "('" : ",'";
    for (const char c : labels[i]) text += c == '\'' ? std::string("''") : std::string(1, c);
    text += "'";
  }
  return text + ")";
}

}  // namespace weft::mysql_binlog
