// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/column_type.h"

#include <array>
#include <charconv>

namespace weft::mysql {
namespace {

enum class Family : uint8_t {
  kInteger,
  kDecimal,
  kFloat,
  kDouble,
  kBit,
  kChar,
  kVarchar,
  kText,
  kLabels,
  kBinary,
  kVarbinary,
  kBlob,
  kDate,
  kDateTime,
  kTimestamp,
  kTime,
  kYear,
  kJson,
  kUuid,
  kInet,
};

struct Type {
  std::string_view name;  // DATA_TYPE
  Family family;
  uint8_t bits = 0;
};

constexpr std::array kTypes = {
    Type{"tinyint", Family::kInteger, 8},
    Type{"smallint", Family::kInteger, 16},
    Type{"mediumint", Family::kInteger, 24},
    Type{"int", Family::kInteger, 32},
    Type{"bigint", Family::kInteger, 64},
    Type{"decimal", Family::kDecimal},
    Type{"float", Family::kFloat},
    Type{"double", Family::kDouble},
    Type{"bit", Family::kBit},
    Type{"char", Family::kChar},
    Type{"varchar", Family::kVarchar},
    Type{"tinytext", Family::kText},
    Type{"text", Family::kText},
    Type{"mediumtext", Family::kText},
    Type{"longtext", Family::kText},
    Type{"enum", Family::kLabels},
    Type{"set", Family::kLabels},
    Type{"binary", Family::kBinary},
    Type{"varbinary", Family::kVarbinary},
    Type{"tinyblob", Family::kBlob},
    Type{"blob", Family::kBlob},
    Type{"mediumblob", Family::kBlob},
    Type{"longblob", Family::kBlob},
    Type{"geometry", Family::kBlob},
    Type{"point", Family::kBlob},
    Type{"linestring", Family::kBlob},
    Type{"polygon", Family::kBlob},
    Type{"multipoint", Family::kBlob},
    Type{"multilinestring", Family::kBlob},
    Type{"multipolygon", Family::kBlob},
    Type{"geometrycollection", Family::kBlob},
    Type{"geomcollection", Family::kBlob},
    Type{"vector", Family::kBlob},
    Type{"date", Family::kDate},
    Type{"datetime", Family::kDateTime},
    Type{"timestamp", Family::kTimestamp},
    Type{"time", Family::kTime},
    Type{"year", Family::kYear},
    Type{"json", Family::kJson},
    Type{"uuid", Family::kUuid},
    Type{"inet4", Family::kInet},
    Type{"inet6", Family::kInet},
};

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

uint32_t length32(const std::string& text) {
  return static_cast<uint32_t>(std::min<uint64_t>(number(text), UINT32_MAX));
}

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// "varchar(100) /*M!100301 COMPRESSED*/" -> "varchar(100)"
std::string without_comment(const std::string& type) {
  const size_t at = type.find(" /*");
  return at == std::string::npos ? type : type.substr(0, at);
}

// What a letter behind a backslash stands for.
char unescaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

void set_text(const ColumnEntry& entry, uint32_t length, Column& column) {
  column.kind = Kind::kText;
  column.length = length;
  column.charset = entry.charset;
}

void set_bytes(uint32_t length, Column& column) {
  column.kind = Kind::kBytes;
  column.length = length;
}

void set_temporal(const ColumnEntry& entry, Kind kind, Column& column) {
  column.kind = kind;
  column.scale = static_cast<uint8_t>(number(entry.fraction));
}

void set_number(const ColumnEntry& entry, const Type& type, Column& column) {
  switch (type.family) {
    case Family::kInteger:
      column.kind = contains(entry.column_type, "unsigned") ? Kind::kUint : Kind::kInt;
      column.int_bits = type.bits;
      break;
    case Family::kYear:
      column.kind = Kind::kInt;
      column.int_bits = 16;
      break;
    case Family::kDecimal:
      column.kind = Kind::kDecimal;
      column.precision = static_cast<uint8_t>(number(entry.precision));
      column.scale = static_cast<uint8_t>(number(entry.scale));
      break;
    case Family::kBit:
      column.kind = Kind::kBit;
      column.length = length32(entry.precision);
      break;
    default:
      column.kind = type.family == Family::kFloat ? Kind::kFloat : Kind::kDouble;
  }
}

void set_type(const ColumnEntry& entry, const Type& type, Column& column) {
  switch (type.family) {
    case Family::kInteger:
    case Family::kDecimal:
    case Family::kFloat:
    case Family::kDouble:
    case Family::kBit:
    case Family::kYear:
      return set_number(entry, type, column);
    case Family::kChar:
      column.fixed_length = true;
      return set_text(entry, length32(entry.characters), column);
    case Family::kVarchar:
      // MariaDB counts only the bytes of a compressed column: as many characters as bytes may be in it.
      return set_text(
          entry, length32(contains(entry.column_type, "COMPRESSED") ? entry.octets : entry.characters), column);
    case Family::kText:
      set_text(entry, 0, column);
      if (entry.json_checked) column.kind = Kind::kJson;
      return;
    case Family::kLabels:
      set_text(entry, 0, column);
      column.labels = parse_labels(entry.column_type);
      return;
    case Family::kInet:
      return set_text(entry, 0, column);
    case Family::kBinary:
      column.fixed_length = true;
      return set_bytes(length32(entry.octets), column);
    case Family::kVarbinary:
      return set_bytes(length32(entry.octets), column);
    case Family::kBlob:
      return set_bytes(0, column);
    case Family::kDate:
      column.kind = Kind::kDate;
      return;
    case Family::kDateTime:
      return set_temporal(entry, Kind::kDateTime, column);
    case Family::kTimestamp:
      return set_temporal(entry, Kind::kTimestamp, column);
    case Family::kTime:
      return set_temporal(entry, Kind::kTime, column);
    case Family::kJson:
      column.kind = Kind::kJson;
      return;
    case Family::kUuid:
      column.kind = Kind::kUuid;
      return;
  }
}

}  // namespace

std::optional<Column> parse_column(const ColumnEntry& entry) {
  const Type* type = nullptr;
  for (const Type& candidate : kTypes) {
    if (candidate.name == entry.data_type) type = &candidate;
  }
  if (type == nullptr) return std::nullopt;
  Column column;
  column.name = entry.name;
  column.source_type = without_comment(entry.column_type);
  column.nullable = entry.is_nullable == "YES";
  column.generated =
      contains(entry.extra, "VIRTUAL") || contains(entry.extra, "STORED") || contains(entry.extra, "PERSISTENT");
  column.identity = contains(entry.extra, "auto_increment");
  set_type(entry, *type, column);
  return column;
}

std::vector<std::string> parse_labels(std::string_view type) {
  std::vector<std::string> labels;
  size_t i = type.find('(');
  while (i != std::string_view::npos && i < type.size()) {
    i = type.find('\'', i);
    if (i == std::string_view::npos) break;
    std::string label;
    for (++i; i < type.size(); ++i) {
      const bool quote = type[i] == '\'';
      if (quote && (i + 1 >= type.size() || type[i + 1] != '\'')) break;
      const bool escape = type[i] == '\\' && i + 1 < type.size();
      if (quote || escape) ++i;  // a doubled quote, or what follows a backslash
      label.push_back(escape ? unescaped(type[i]) : type[i]);
    }
    ++i;
    labels.push_back(std::move(label));
  }
  return labels;
}

}  // namespace weft::mysql
