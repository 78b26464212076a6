// SPDX-License-Identifier: Apache-2.0
#include "live/canonical.h"

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "base/text.h"

namespace weft::live {
namespace {

bool is_one_of(const std::string& word, const std::set<std::string>& words) {
  return words.contains(word);
}

std::string double_bits(const std::string& text) {
  double d = std::strtod(text.c_str(), nullptr);
  if (d == 0) d = 0;  // the sources print no sign of zero
  char raw[32];
  std::snprintf(raw, sizeof raw, "%016llx %g", static_cast<unsigned long long>(std::bit_cast<uint64_t>(d)), d);
  return raw;
}

// A source may print fewer digits than a double needs, but never fewer than a float does.
std::string float_bits(const std::string& text) {
  return double_bits(cat(static_cast<double>(std::strtof(text.c_str(), nullptr))));
}

// "-838:59:58.999999" in microseconds.
std::string time_micros(const std::string& text) {
  const bool negative = text.starts_with('-');
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  std::sscanf(text.c_str() + (negative ? 1 : 0), "%d:%d:%d", &hours, &minutes, &seconds);
  int64_t micros = ((hours * 60LL + minutes) * 60 + seconds) * 1000000;
  const size_t point = text.find('.');
  if (point != std::string::npos) micros += std::stoll((text.substr(point + 1) + "000000").substr(0, 6));
  return cat(negative ? -micros : micros);
}

// Four bytes in hexadecimal digits, little endian.
uint32_t word_at(const std::string& hex, size_t at) {
  uint32_t out = 0;
  for (int i = 3; i >= 0; --i) {
    out = out << 8 | static_cast<uint32_t>(std::stoul(hex.substr(at + 2 * static_cast<size_t>(i), 2), nullptr, 16));
  }
  return out;
}

// MySQL's inner form: SRID and WKB, little endian.
std::string source_geometry(const std::string& hex) {
  if (hex.size() < 18) return hex;
  return cat(word_at(hex, 0), ":", hex.substr(8));
}

std::string target_geometry(const std::string& hex) {
  constexpr uint32_t kHasSrid = 0x20000000;
  if (hex.size() < 10 || !hex.starts_with("01")) return hex;
  const uint32_t type = word_at(hex, 2);
  if ((type & kHasSrid) == 0) return cat("0:", hex);
  char plain[16];
  const uint32_t bare = type & ~kHasSrid;
  std::snprintf(plain, sizeof plain, "%02X%02X%02X%02X", bare & 0xff, bare >> 8 & 0xff, bare >> 16 & 0xff, bare >> 24);
  return cat(word_at(hex, 10), ":01", plain, hex.substr(18));
}

}  // namespace

CanonicalColumn canonical_column(const std::string& name,
                                 const std::string& data_type,
                                 const std::string& column_type) {
  const std::string s = "`" + name + "`";
  const std::string t = "\"" + name + "\"";
  const auto make = [&](std::string source, std::string target, Spelling spelling = Spelling::kText) {
    return CanonicalColumn{name, column_type, std::move(source), std::move(target), spelling};
  };
  const std::string parts = "DATE_FORMAT(" + s + ", '%Y-%m-%d %H:%i:%s.%f')";
  if (is_one_of(data_type, {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})) {
    return make("HEX(CONVERT(" + s + " USING utf8mb4))", "upper(encode(convert_to(" + t + "::text, 'UTF8'), 'hex'))");
  }
  if (is_one_of(data_type, {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})) {
    return make("HEX(" + s + ")", "upper(encode(" + t + ", 'hex'))");
  }
  if (is_one_of(data_type,
                {"geometry",
                 "point",
                 "linestring",
                 "polygon",
                 "multipoint",
                 "multilinestring",
                 "multipolygon",
                 "geometrycollection",
                 "geomcollection"})) {
    return make("HEX(" + s + ")", "upper(encode(" + t + ", 'hex'))", Spelling::kGeometry);
  }
  if (data_type == "float" || data_type == "double") {
    return make(s + " + 0e0", t + "::float8::text", data_type == "float" ? Spelling::kFloat : Spelling::kDouble);
  }
  if (data_type == "bit") {
    const std::string width = column_type.substr(4, column_type.size() - 5);
    return make("LPAD(BIN(" + s + " + 0), " + width + ", '0')", t + "::text");
  }
  if (data_type == "date") return make("CAST(" + s + " AS CHAR)", "to_char(" + t + ", 'YYYY-MM-DD')");
  if (data_type == "datetime") return make(parts, "to_char(" + t + ", 'YYYY-MM-DD HH24:MI:SS.US')");
  if (data_type == "timestamp") {
    return make(parts, "to_char(" + t + " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')");
  }
  if (data_type == "time") {
    return make("CAST(" + s + " AS CHAR)", "(extract(epoch from " + t + ") * 1000000)::bigint::text", Spelling::kTime);
  }
  if (data_type == "json") return make("CAST(" + s + " AS CHAR)", t + "::text", Spelling::kJson);
  if (data_type == "inet4" || data_type == "inet6")
    return make("CAST(" + s + " AS CHAR)", "host(" + t + ")", Spelling::kInet);
  if (data_type == "uuid") return make("CAST(" + s + " AS CHAR)", t + "::text");
  return make("CAST(" + s + " + 0 AS CHAR)", t + "::text");
}

std::string canonical_source(Spelling spelling, const std::string& text) {
  switch (spelling) {
    case Spelling::kDouble:
      return double_bits(text);
    case Spelling::kFloat:
      return float_bits(text);
    case Spelling::kTime:
      return time_micros(text);
    case Spelling::kGeometry:
      return source_geometry(text);
    case Spelling::kText:
    case Spelling::kJson:
    case Spelling::kInet:
      break;
  }
  return text;
}

std::string canonical_target(Spelling spelling, const std::string& text) {
  if (spelling == Spelling::kDouble) return double_bits(text);
  if (spelling == Spelling::kFloat) return float_bits(text);
  if (spelling == Spelling::kGeometry) return target_geometry(text);
  return text;
}

}  // namespace weft::live
