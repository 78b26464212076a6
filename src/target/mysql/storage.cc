// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/storage.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>

namespace weft::mysql {
namespace {

struct Name {
  std::string_view type;
  Form form;
};

constexpr Name kForms[] = {
    {"tinyint", Form::kInteger},   {"smallint", Form::kInteger},    {"mediumint", Form::kInteger},
    {"int", Form::kInteger},       {"bigint", Form::kInteger},      {"bit", Form::kBit},
    {"year", Form::kYear},         {"decimal", Form::kDecimal},     {"float", Form::kFloat},
    {"double", Form::kDouble},     {"char", Form::kChar},           {"varchar", Form::kVarchar},
    {"tinytext", Form::kText},     {"text", Form::kText},           {"mediumtext", Form::kText},
    {"longtext", Form::kText},     {"enum", Form::kEnum},           {"set", Form::kSet},
    {"binary", Form::kBinary},     {"varbinary", Form::kVarbinary}, {"tinyblob", Form::kBlob},
    {"blob", Form::kBlob},         {"mediumblob", Form::kBlob},     {"longblob", Form::kBlob},
    {"vector", Form::kBlob},       {"date", Form::kDate},           {"datetime", Form::kDateTime},
    {"timestamp", Form::kTimestamp}, {"time", Form::kTime},         {"json", Form::kJson},
    {"uuid", Form::kUuid},         {"inet4", Form::kInet},          {"inet6", Form::kInet},
};

// MariaDB keeps TIMESTAMP in 32 unsigned bits from here on.
constexpr uint32_t kLongTimestamps = 110500;

Form form_of(const std::string& data_type, Kind kind) {
  for (const Name& name : kForms) {
    if (name.type == data_type) return name.form;
  }
  // The kinds of geometry: all other types are in the list.
  return kind == Kind::kBytes ? Form::kGeometry : Form::kRefused;
}

bool one_of(Kind kind, std::initializer_list<Kind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

uint32_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return static_cast<uint32_t>(std::min<uint64_t>(n, UINT32_MAX));
}

uint32_t limit_of(const Storage& storage, const Column& column, const ColumnEntry& entry) {
  switch (storage.form) {
    case Form::kInteger:
      return column.int_bits;
    case Form::kBit:
    case Form::kChar:
    case Form::kVarchar:
    case Form::kBinary:
    case Form::kVarbinary:
      return column.length;
    case Form::kText:
    case Form::kBlob:
      return number(entry.octets);
    default:
      return 0;
  }
}

bool is_number(Kind kind) {
  return one_of(kind, {Kind::kBool, Kind::kInt, Kind::kUint, Kind::kBit});
}

}  // namespace

bool is_text(Form form) {
  return form == Form::kChar || form == Form::kVarchar || form == Form::kText;
}

bool is_binary_collation(std::string_view collation, bool spaces) {
  if (!collation.ends_with("_bin")) return false;
  return !spaces || collation.ends_with("_nopad_bin") || collation == "utf8mb4_0900_bin";
}

Storage storage_of(const ColumnEntry& entry, std::string_view collation, const ServerFacts& facts) {
  Storage storage;
  storage.printed = entry.column_type;
  const std::optional<Column> column = parse_column(entry);
  if (!column) return storage;
  storage.form = form_of(entry.data_type, column->kind);
  storage.charset = entry.charset;
  storage.collation = collation;
  storage.labels = column->labels;
  storage.precision = column->precision;
  storage.scale = column->scale;
  storage.is_unsigned = entry.column_type.find("unsigned") != std::string::npos;
  storage.limit = limit_of(storage, *column, entry);
  if ((storage.form == Form::kFloat || storage.form == Form::kDouble) && !entry.scale.empty()) {
    storage.rounded = true;
    storage.scale = static_cast<uint8_t>(number(entry.scale));
  }
  if (facts.flavor == Flavor::kMariaDb && facts.version >= kLongTimestamps) storage.last_second = UINT32_MAX;
  return storage;
}

bool can_hold(const Storage& storage, const Column& source) {
  const Kind kind = source.kind;
  if (kind == Kind::kNull || kind == Kind::kUnchanged) return true;
  switch (storage.form) {
    case Form::kRefused:
      return false;
    case Form::kInteger:
      return is_number(kind) || kind == Kind::kDecimal;
    case Form::kBit:
    case Form::kYear:
      return is_number(kind);
    case Form::kDecimal:
    case Form::kFloat:
    case Form::kDouble:
      if (kind == Kind::kFloat || kind == Kind::kDouble) return storage.form != Form::kDecimal;
      return is_number(kind) || kind == Kind::kDecimal;
    case Form::kChar:
    case Form::kVarchar:
    case Form::kText:
      return one_of(kind, {Kind::kText, Kind::kJson, Kind::kDecimal, Kind::kInt, Kind::kUint, Kind::kUuid});
    case Form::kEnum:
    case Form::kSet:
    case Form::kInet:
      return kind == Kind::kText;
    case Form::kBinary:
    case Form::kVarbinary:
    case Form::kBlob:
      return one_of(kind, {Kind::kBytes, Kind::kText, Kind::kUuid, Kind::kJson});
    case Form::kGeometry:
      return kind == Kind::kBytes;
    case Form::kDate:
    case Form::kDateTime:
    case Form::kTimestamp:
      return one_of(kind, {Kind::kDate, Kind::kDateTime, Kind::kTimestamp});
    case Form::kTime:
      return kind == Kind::kTime;
    case Form::kJson:
      return kind == Kind::kJson || kind == Kind::kText;
    case Form::kUuid:
      return one_of(kind, {Kind::kUuid, Kind::kText, Kind::kBytes});
  }
  return false;
}

bool equal_by_bytes(const Storage& storage, const Column& source) {
  switch (storage.form) {
    case Form::kFloat:
    case Form::kDouble:  // 0 and -0
    case Form::kGeometry:
    case Form::kJson:
    case Form::kRefused:
      return false;
    case Form::kDecimal:
    case Form::kInteger:
      return source.kind != Kind::kDecimal || source.precision > 0;  // 1.0 and 1.00
    case Form::kChar:
      return is_binary_collation(storage.collation, false);  // it keeps no spaces at the end
    case Form::kVarchar:
    case Form::kText:
      return is_binary_collation(storage.collation, true);
    case Form::kDate:
    case Form::kDateTime:
    case Form::kTimestamp:
      return true;
    default:
      return true;
  }
}

}  // namespace weft::mysql
