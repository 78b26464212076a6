// SPDX-License-Identifier: Apache-2.0
// The types, each with its extreme and its random values.
#include <array>
#include <cstdio>

#include "base/text.h"
#include "live/types_tables.h"

namespace weft::live {
namespace {

using ValueOf = std::function<std::string(Rng&)>;

template <class Container>
const auto& one_of(const Container& all, Rng& rng) {
  return all[rng.below(all.size())];
}

std::string digits(size_t count, Rng& rng) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += static_cast<char>('0' + rng.below(10));
  return out.empty() ? "0" : out;
}

RandomColumn integer(Rng& rng) {
  struct Width {
    const char* name;
    int bits;
  };

  static constexpr std::array<Width, 5> kWidths = {
      {{"TINYINT", 8}, {"SMALLINT", 16}, {"MEDIUMINT", 24}, {"INT", 32}, {"BIGINT", 64}}};
  const Width& width = one_of(kWidths, rng);
  const bool is_unsigned = rng.chance(1, 2);
  std::string type = width.name;
  if (width.bits == 8 && rng.chance(1, 3)) type += "(1)";
  if (is_unsigned) type += rng.chance(1, 4) ? " UNSIGNED ZEROFILL" : " UNSIGNED";
  const int bits = width.bits;
  return {"", type, [bits, is_unsigned](Rng& r) {
            const uint64_t mask = bits == 64 ? ~0ULL : (1ULL << bits) - 1;
            const uint64_t drawn = r.chance(1, 5)   ? mask
                                   : r.chance(1, 5) ? mask >> 1
                                   : r.chance(1, 5) ? (mask >> 1) + 1
                                                    : r.next() & mask;
            if (is_unsigned) return cat(drawn >> (r.chance(1, 2) ? 0 : r.below(static_cast<uint64_t>(bits))));
            const uint64_t sign = (mask >> 1) + 1;
            return cat(static_cast<int64_t>(drawn & sign ? drawn | ~mask : drawn));
          }};
}

RandomColumn decimal(Rng& rng) {
  const size_t precision = 1 + rng.below(65);
  const size_t scale = rng.below(std::min<size_t>(precision, 30) + 1);
  const bool is_unsigned = rng.chance(1, 5);
  return {"", cat("DECIMAL(", precision, ",", scale, ")", is_unsigned ? " UNSIGNED" : ""), [=](Rng& r) {
            const size_t whole = precision - scale;
            const bool extreme = r.chance(1, 6);
            std::string out = extreme ? std::string(whole, '9') : digits(r.below(whole + 1), r);
            if (scale > 0) out += "." + (extreme ? std::string(scale, '9') : digits(1 + r.below(scale), r));
            if (out.starts_with('.')) out = "0" + out;
            return (r.chance(1, 2) && !is_unsigned ? "-" : "") + (out.empty() ? std::string("0") : out);
          }};
}

RandomColumn floating(Rng& rng) {
  static const std::array<std::string, 4> kTypes = {"FLOAT", "DOUBLE", "FLOAT(9,3)", "DOUBLE(15,4)"};
  const std::string type = one_of(kTypes, rng);
  return {"", type, [type](Rng& r) {
            static const std::array<std::string, 12> kSome = {"0",
                                                              "-0e0",
                                                              "0.1",
                                                              "1e-5",
                                                              "123456.789",
                                                              "-1",
                                                              "3.4e5",
                                                              "1.5",
                                                              "16777217",
                                                              "0.30000001",
                                                              "99999.999",
                                                              "-7.25e-3"};
            static const std::array<std::string, 8> kWide = {
                "3.4028234e38", "-3.4028234e38", "1.17549435e-38", "1e-45", "1e20", "1e15", "1e16", "-2.5e-10"};
            static const std::array<std::string, 5> kDouble = {
                "1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "0.1234567890123456789", "-1e300"};
            if (type == "DOUBLE" && r.chance(1, 3)) return one_of(kDouble, r);
            if (type.size() <= 6 && r.chance(1, 3)) return one_of(kWide, r);
            if (r.chance(1, 2)) return cat(r.chance(1, 2) ? "-" : "", r.below(100000), ".", r.below(100000));
            return one_of(kSome, r);
          }};
}

// Samples of what a character set can write; the words are joined at random.
struct Charset {
  std::string name;
  std::vector<std::string> words;
};

const std::vector<Charset>& charsets() {
  static const std::vector<Charset> all = {
      {"utf8mb4", {"a", "ß", "語", "😀", "e\u0301", " ", "\\\\", "\\n", "''", "\"", "\\t", "Ω", "🇩🇪", "\u200b"}},
      {"utf8mb3", {"a", "ß", "語", "Ж", " ", "%", "_", "''"}},
      {"latin1", {"a", "Z", "é", "ÿ", "€", "ñ", " ", "~", "''", "£"}},
      {"ucs2", {"a", "ß", "語", "Ж", " ", "€"}},
      {"utf16", {"a", "😀", "語", "Ж", " "}},
      {"utf16le", {"a", "😀", "語", " "}},
      {"utf32", {"a", "😀", "語", "ß", " "}},
      {"cp1251", {"a", "Ж", "я", "ё", "№", "Ы", " "}},
      {"koi8r", {"a", "Ж", "я", "ё", "Ы", " "}},
      {"cp1250", {"a", "ž", "Č", "ł", "€", " "}},
      {"latin2", {"a", "ž", "Č", "ł", " "}},
      {"greek", {"a", "Ω", "λ", "ά", " "}},
      {"hebrew", {"a", "א", "ש", " "}},
      {"cp866", {"a", "Ж", "я", "ё", " "}},
      {"tis620", {"a", "ก", "ฮ", " "}},
      {"sjis", {"a", "あ", "ア", "語", "ｱ", " "}},
      {"cp932", {"a", "あ", "①", "語", "～", " "}},
      {"ujis", {"a", "あ", "語", "ｱ", " "}},
      {"eucjpms", {"a", "あ", "①", "語", " "}},
      {"gbk", {"a", "语", "中", "镕", " "}},
      {"gb2312", {"a", "语", "中", " "}},
      {"gb18030", {"a", "语", "😀", "ß", " "}},
      {"big5", {"a", "語", "中", " "}},
      {"euckr", {"a", "한", "글", " "}},
      {"latin5", {"a", "ğ", "İ", "ş", " "}},
      {"latin7", {"a", "ž", "ķ", " "}},
      {"cp850", {"a", "é", "ß", "ñ", " "}},
      {"cp852", {"a", "ž", "Č", " "}},
      {"cp1256", {"a", "ب", "ة", " "}},
      {"cp1257", {"a", "ž", "ķ", " "}},
      {"ascii", {"a", "Z", "~", " ", "''"}},
  };
  return all;
}

std::string sample(const Charset& charset, size_t words, Rng& rng) {
  std::string out = "'";
  for (size_t i = 0; i < words; ++i) out += one_of(charset.words, rng);
  return out + "'";
}

RandomColumn text(Engine engine, Rng& rng) {
  const Charset* charset = &one_of(charsets(), rng);
  while (engine == Engine::kMariaDb && charset->name == "gb18030") charset = &one_of(charsets(), rng);
  if (rng.chance(1, 3)) charset = &charsets()[0];
  const uint64_t length = rng.chance(1, 6) ? 0 : 1 + rng.below(60);
  static const std::array<std::string, 6> kLong = {"TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT", "TEXT", "LONGTEXT"};
  const uint64_t form = rng.below(4);
  const bool compressed = engine == Engine::kMariaDb && form >= 2 && rng.chance(1, 3);
  const std::string type = form == 0   ? cat("CHAR(", length, ")")
                           : form == 1 ? cat("VARCHAR(", length, ")")
                           : form == 2 ? cat("VARCHAR(", 200 + rng.below(300), ")")
                                       : one_of(kLong, rng);
  const size_t limit = form < 2 ? length : type == "TINYTEXT" ? 60 : form == 2 ? 180 : 3000;
  // The server's words for a compressed column: type, character set, then COMPRESSED stands with the type.
  return {"", cat(type, compressed ? " COMPRESSED" : "", " CHARACTER SET ", charset->name), [charset, limit](Rng& r) {
            return sample(*charset,
                          limit == 0       ? 0
                          : r.chance(1, 5) ? 0
                          : r.chance(1, 5) ? limit
                                           : r.below(std::min<size_t>(limit, 40) + 1),
                          r);
          }};
}

RandomColumn bytes(Engine engine, Rng& rng) {
  static const std::array<std::string, 5> kLong = {"TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "BLOB"};
  const uint64_t form = rng.below(3);
  const size_t length = 1 + rng.below(form == 0 ? 40 : 300);
  const std::string type = form == 0   ? cat("BINARY(", length, ")")
                           : form == 1 ? cat("VARBINARY(", length, ")")
                                       : one_of(kLong, rng);
  const bool compressed = engine == Engine::kMariaDb && form > 0 && rng.chance(1, 4);
  const size_t limit = form < 2 ? length : type == "TINYBLOB" ? 255 : 3000;
  return {"", type + (compressed ? " COMPRESSED" : ""), [limit](Rng& r) {
            std::string hex;
            const size_t count = r.chance(1, 5) ? limit : r.below(std::min<size_t>(limit, 60) + 1);
            for (size_t i = 0; i < count; ++i) {
              char raw[4];
              std::snprintf(raw,
                            sizeof raw,
                            "%02x",
                            static_cast<unsigned>(r.chance(1, 4)   ? 0
                                                  : r.chance(1, 6) ? 0x20
                                                                   : r.below(256)));
              hex += raw;
            }
            return "UNHEX('" + hex + "')";
          }};
}

RandomColumn bits(Rng& rng) {
  const uint64_t width = 1 + rng.below(64);
  return {"", cat("BIT(", width, ")"), [width](Rng& r) {
            const uint64_t all = width == 64 ? ~0ULL : (1ULL << width) - 1;
            return cat(r.chance(1, 5) ? all : r.next() & all);
          }};
}

std::string fraction(uint64_t count, Rng& rng) {
  if (count == 0) return "";
  return "." + (rng.chance(1, 4) ? std::string(count, '9') : digits(count, rng));
}

std::string two(uint64_t n) {
  return (n < 10 ? "0" : "") + cat(n);
}

std::string clock_text(Rng& r) {
  return cat(two(r.below(24)), ":", two(r.below(60)), ":", two(r.below(60)));
}

std::string date_text(Rng& r) {
  static const std::array<std::string, 6> kSome = {
      "1000-01-01", "9999-12-31", "2000-02-29", "1970-01-01", "0001-01-01", "1582-10-10"};
  if (r.chance(1, 4)) return one_of(kSome, r);
  return cat(1000 + r.below(9000), "-", two(1 + r.below(12)), "-", two(1 + r.below(28)));
}

RandomColumn temporal(Rng& rng) {
  const uint64_t f = rng.below(7);
  const std::string suffix = f == 0 ? "" : cat("(", f, ")");
  switch (rng.below(5)) {
    case 0:
      return {"", "DATE", [](Rng& r) { return "'" + date_text(r) + "'"; }};
    case 1:
      return {"", "DATETIME" + suffix, [f](Rng& r) {
                const std::string date = date_text(r);
                return cat("'", date, " ", date == "9999-12-31" ? "23:59:59" : clock_text(r), fraction(f, r), "'");
              }};
    case 2:
      return {
          "", "TIMESTAMP" + suffix + " NULL DEFAULT NULL", [f](Rng& r) {
            static const std::array<std::string, 3> kSome = {
                "1970-01-01 00:00:01", "2038-01-19 03:14:07", "2026-03-29 01:30:00"};
            const std::string at =
                r.chance(1, 4)
                    ? one_of(kSome, r)
                    : cat(1971 + r.below(66), "-", two(1 + r.below(12)), "-", two(1 + r.below(28)), " ", clock_text(r));
            return cat("'", at, at.starts_with("2038-01-19") ? "" : fraction(f, r), "'");
          }};
    case 3:
      return {"", "TIME" + suffix, [f](Rng& r) {
                const bool extreme = r.chance(1, 6);
                return cat("'",
                           r.chance(1, 2) ? "-" : "",
                           extreme ? "838:59:59" : cat(r.below(838), ":", two(r.below(60)), ":", two(r.below(60))),
                           extreme ? "" : fraction(f, r),
                           "'");
              }};
    default:
      return {"", "YEAR", [](Rng& r) { return r.chance(1, 8) ? std::string("'0000'") : cat(1901 + r.below(255)); }};
  }
}

RandomColumn labels(Rng& rng) {
  static const std::vector<std::string> kLabels = {
      "a", "B", "it''s", "ü", "x y", "\"q\"", "語", "-1", "0", "\\\\", "null", "(c)"};
  const bool is_set = rng.chance(1, 2);
  std::vector<std::string> chosen;
  for (const std::string& label : kLabels) {
    if (rng.chance(1, 2)) chosen.push_back(label);
  }
  if (chosen.empty()) chosen.push_back("only");
  if (!is_set) chosen.push_back(rng.chance(1, 2) ? "with, comma" : "");
  std::string list;
  for (const std::string& label : chosen) list += cat(list.empty() ? "'" : ",'", label, "'");
  return {"", cat(is_set ? "SET(" : "ENUM(", list, ") CHARACTER SET utf8mb4"), [chosen, is_set](Rng& r) {
            if (!is_set) return r.chance(1, 12) ? std::string("'not a label'") : "'" + one_of(chosen, r) + "'";
            return cat(r.below(1ULL << chosen.size()));
          }};
}

std::string json_value(Rng& r, int depth) {
  static const std::array<std::string, 16> kLeaves = {"null",
                                                      "true",
                                                      "false",
                                                      "0",
                                                      "-1",
                                                      "18446744073709551615",
                                                      "-9223372036854775808",
                                                      "1.5",
                                                      "1e100",
                                                      "0.1",
                                                      "\"\"",
                                                      "\"text\"",
                                                      "\"ü語😀\"",
                                                      "\"q\\\\\"q\"",
                                                      "\"a\\\\\\\\b\\\\n\"",
                                                      "12345.678901"};
  const uint64_t form = depth > 3 ? 0 : r.below(4);
  if (form < 2) return one_of(kLeaves, r);
  std::string out = form == 2 ? "[" : "{";
  for (uint64_t i = 0, n = r.below(5); i < n; ++i) {
    out += i == 0 ? "" : ", ";
    if (form == 3) out += cat("\"", r.chance(1, 3) ? "ключ" : "k", i, "\": ");
    out += json_value(r, depth + 1);
  }
  return out + (form == 2 ? "]" : "}");
}

RandomColumn json(Engine engine) {
  RandomColumn column{"", "JSON", [](Rng& r) { return "'" + json_value(r, 0) + "'"; }};
  column.changes_in_place = engine == Engine::kMySql;
  return column;
}

RandomColumn geometry(Rng& rng) {
  static const std::array<std::string, 2> kTypes = {"GEOMETRY", "GEOMETRY"};
  return {"", one_of(kTypes, rng), [](Rng& r) {
            static const std::array<std::string, 7> kShapes = {"POINT(1 2)",
                                                               "POINT(-0.5 1e10)",
                                                               "LINESTRING(0 0,1 1,2 2.5)",
                                                               "POLYGON((0 0,1 0,1 1,0 0))",
                                                               "MULTIPOINT(1 1,2 2)",
                                                               "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))",
                                                               "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))"};
            const std::string shape =
                r.chance(1, 4) ? cat("POINT(", r.below(80), " ", r.below(80), ")") : one_of(kShapes, r);
            const bool fits_earth = shape.find("1e10") == std::string::npos;
            return cat("ST_GeomFromText('", shape, "', ", fits_earth && r.chance(1, 3) ? 4326 : 0, ")");
          }};
}

RandomColumn of_mariadb(Rng& rng) {
  switch (rng.below(3)) {
    case 0:
      return {"", "UUID", [](Rng& r) {
                char raw[40];
                std::snprintf(raw,
                              sizeof raw,
                              "'%08x-%04x-%04x-%04x-%012llx'",
                              static_cast<unsigned>(r.next()),
                              static_cast<unsigned>(r.below(65536)),
                              static_cast<unsigned>(r.below(65536)),
                              static_cast<unsigned>(r.below(65536)),
                              static_cast<unsigned long long>(r.next() & 0xffffffffffff));
                return std::string(raw);
              }};
    case 1:
      return {"", "INET4", [](Rng& r) {
                return cat("'", r.below(256), ".", r.below(256), ".", r.below(256), ".", r.below(256), "'");
              }};
    default:
      return {"", "INET6", [](Rng& r) {
                static const std::array<std::string, 6> kSome = {
                    "'::'", "'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:1.2.3.4'", "'fe80::1'", "'ff:0:0:1::'"};
                return one_of(kSome, r);
              }};
  }
}

}  // namespace

RandomColumn random_column(std::string name, Engine engine, Rng& rng) {
  RandomColumn column;
  switch (rng.below(engine == Engine::kMariaDb ? 15 : 14)) {
    case 0:
    case 1:
      column = integer(rng);
      break;
    case 2:
      column = decimal(rng);
      break;
    case 3:
      column = floating(rng);
      break;
    case 4:
    case 5:
    case 6:
      column = text(engine, rng);
      break;
    case 7:
      column = bytes(engine, rng);
      break;
    case 8:
      column = bits(rng);
      break;
    case 9:
    case 10:
      column = temporal(rng);
      break;
    case 11:
      column = labels(rng);
      break;
    case 12:
      column = json(engine);
      break;
    case 13:
      column = geometry(rng);
      break;
    default:
      column = of_mariadb(rng);
      break;
  }
  column.name = std::move(name);
  column.nullable = rng.chance(2, 3);
  return column;
}

}  // namespace weft::live
