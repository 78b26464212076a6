// SPDX-License-Identifier: Apache-2.0
// Values as the servers' SELECT prints them (in the forms that fuzz/record_mysql_binlog.sh asks for), and columns from lines
// of information_schema: the two ends of a recording.
#pragma once

#include <cctype>
#include <charconv>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/mysql_binlog/json.h"
#include "model/schema.h"

namespace weft::mysql_binlog {

inline std::vector<std::string> split_fields(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

// The number at place `index` of "type(a,b)".
inline uint32_t argument(std::string_view type, size_t index) {
  uint32_t numbers[2] = {0, 0};
  const size_t open = type.find('(');
  if (open == std::string_view::npos) return 0;
  const std::string_view rest = type.substr(open + 1);
  const auto at = std::from_chars(rest.data(), rest.data() + rest.size(), numbers[0]).ptr;
  if (*at == ',') std::from_chars(at + 1, rest.data() + rest.size(), numbers[1]);
  return numbers[index];
}

inline std::vector<std::string> parse_labels(std::string_view type) {
  std::vector<std::string> labels;
  for (size_t i = type.find('\''); i != std::string_view::npos && i < type.size();) {
    std::string label;
    for (++i; i < type.size(); ++i) {
      if (type[i] == '\'' && i + 1 < type.size() && type[i + 1] == '\'')
        ++i;
      else if (type[i] == '\'')
        break;
      label.push_back(type[i]);
    }
    labels.push_back(label);
    i = type.find('\'', i + 1);
  }
  return labels;
}

// Fields: table, column, column type, data type, character set, nullable, key, is JSON, extra.
inline Column parse_column(const std::vector<std::string>& fields) {
  Column column;
  column.name = fields[1];
  column.source_type = fields[2].substr(0, fields[2].find(" /*"));
  column.nullable = fields[5] == "YES";
  column.generated = fields[8].find("GENERATED") != std::string::npos;
  const std::string& type = fields[3];
  const bool is_unsigned = fields[2].find("unsigned") != std::string::npos;
  const std::map<std::string, uint8_t> ints = {
      {"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
  const std::map<std::string, Kind> kinds = {{"float", Kind::kFloat},
                                             {"double", Kind::kDouble},
                                             {"date", Kind::kDate},
                                             {"uuid", Kind::kUuid},
                                             {"bit", Kind::kBit},
                                             {"time", Kind::kTime},
                                             {"datetime", Kind::kDateTime},
                                             {"timestamp", Kind::kTimestamp},
                                             {"decimal", Kind::kDecimal},
                                             {"json", Kind::kJson},
                                             {"year", Kind::kInt}};
  if (ints.contains(type)) {
    column.kind = is_unsigned ? Kind::kUint : Kind::kInt;
    column.int_bits = ints.at(type);
  } else if (kinds.contains(type)) {
    column.kind = kinds.at(type);
    column.length = type == "bit" ? argument(fields[2], 0) : 0;
    column.precision = type == "decimal" ? static_cast<uint8_t>(argument(fields[2], 0)) : 0;
    column.scale = static_cast<uint8_t>(argument(fields[2], type == "decimal" ? 1 : 0));
    if (type == "year") column.scale = 0;
  } else if (fields[4] != "NULL" || type.starts_with("inet")) {
    column.kind = fields[7] == "1" ? Kind::kJson : Kind::kText;
    column.charset = fields[4] == "NULL" ? "" : fields[4];
    column.length = type == "char" || type == "varchar" ? argument(fields[2], 0) : 0;
    column.fixed_length = type == "char";
    if (type == "enum" || type == "set") column.labels = parse_labels(fields[2]);
  } else {
    column.kind = Kind::kBytes;
    column.fixed_length = type == "binary";
    column.length = type == "binary" || type == "varbinary" ? argument(fields[2], 0) : 0;
  }
  return column;
}

inline std::string upper_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
  return out;
}

inline std::string digits(uint64_t number, size_t width) {
  const std::string out = cat(number);
  return out.size() < width ? std::string(width - out.size(), '0') + out : out;
}

inline std::string fraction(uint64_t micros, uint8_t scale) {
  return scale == 0 ? "" : "." + digits(micros, 6).substr(0, scale);
}

inline std::string civil_text(const Civil& c, bool with_time, uint8_t scale) {
  const std::string date = digits(c.year, 4) + "-" + digits(c.month, 2) + "-" + digits(c.day, 2);
  if (!with_time) return date;
  return date + " " + digits(c.hour, 2) + ":" + digits(c.minute, 2) + ":" + digits(c.second, 2) +
         fraction(c.micros, scale);
}

inline std::string time_text(int64_t micros, uint8_t scale) {
  const auto size = static_cast<uint64_t>(micros < 0 ? -micros : micros);
  const uint64_t seconds = size / 1000000;
  return (micros < 0 ? "-" : "") + digits(seconds / 3600, 2) + ":" + digits(seconds / 60 % 60, 2) + ":" +
         digits(seconds % 60, 2) + fraction(size % 1000000, scale);
}

// "SRID HEX(WKB)" of a WKB or EWKB.
inline std::string geometry_text(std::string_view ewkb) {
  ByteReader in(ewkb);
  const uint8_t order = in.u8();
  const uint32_t type = in.u32();
  if ((type & 0x20000000) == 0) return "0 " + upper_hex(ewkb);
  const uint32_t srid = in.u32();
  ByteWriter wkb;
  wkb.le(order, 1);
  wkb.le(type & ~0x20000000u, 4);
  wkb.bytes(in.rest());
  return cat(srid, " ") + upper_hex(wkb.str());
}

// What the client's batch mode does to text.
inline std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\t')
      out += "\\t";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\\')
      out += "\\\\";
    else if (c == '\0')
      out += "\\0";
    else
      out.push_back(c);
  }
  return out;
}

// As a double, without JSON's ".0".
inline std::string double_text(double number) {
  std::string out;
  append_double(number == 0 ? 0 : number, out);
  return out.ends_with(".0") ? out.substr(0, out.size() - 2) : out;
}

inline std::string uuid_text(std::string_view bytes) {
  std::string hex = upper_hex(bytes);
  for (char& c : hex) c = static_cast<char>(std::tolower(c));
  for (const size_t at : {size_t{20}, size_t{16}, size_t{12}, size_t{8}}) hex.insert(at, "-");
  return hex;
}

inline bool is_geometry(const Column& column) {
  return column.source_type == "geometry" || column.source_type == "point" || column.source_type == "linestring";
}

inline std::string cell_text(const Column& column, const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return "NULL";
    case Kind::kInt:
      return cat(value.as_int());
    case Kind::kUint:
    case Kind::kBit:
      return cat(value.as_uint());
    case Kind::kFloat:
    case Kind::kDouble:
      return double_text(value.as_double());
    case Kind::kDate:
      return civil_text(value.civil(), false, 0);
    case Kind::kDateTime:
      return civil_text(value.civil(), true, value.scale());
    case Kind::kTimestamp:
      return civil_text(
          value.as_int() == kZeroTimestamp ? Civil() : Civil::from_micros(value.as_int()), true, value.scale());
    case Kind::kTime:
      return time_text(value.as_int(), value.scale());
    case Kind::kBytes:
      return is_geometry(column) ? geometry_text(value.view()) : upper_hex(value.view());
    case Kind::kUuid:
      return uuid_text(value.view());
    case Kind::kDecimal:
    case Kind::kText:
    case Kind::kJson:
      return escaped(value.view());
    default:
      return describe(value);
  }
}

}  // namespace weft::mysql_binlog
