// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/ddl.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"
#include "engine/mysql/quote.h"

namespace weft::mysql {
namespace {

constexpr size_t kNameCharactersLimit = 64;
constexpr size_t kIndexBytes = 3072;       // of InnoDB's DYNAMIC rows, 16 KiB pages
constexpr uint32_t kVarcharLimit = 1000;   // characters; longer ones don't count against the 64 KiB of a row
constexpr uint32_t kTextCharacters = 16383;
constexpr uint32_t kMediumCharacters = 4194303;
constexpr uint32_t kUuidVersion = 100700;
constexpr uint32_t kInet4Version = 101000;
constexpr uint32_t kVectorMariaDb = 110700;
constexpr uint32_t kVectorMySql = 90000;
constexpr int kDecimalDigits = 65;
constexpr int kDecimalScale = 30;

constexpr std::array<std::string_view, 8> kGeometries = {
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"};
constexpr std::array<std::string_view, 4> kTexts = {"tinytext", "text", "mediumtext", "longtext"};
constexpr std::array<std::string_view, 4> kBlobs = {"tinyblob", "blob", "mediumblob", "longblob"};

template <size_t N>
bool has(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_mariadb(const ServerFacts& facts) {
  return facts.flavor == Flavor::kMariaDb;
}

std::string_view word_of(const Column& c) {
  const std::string_view type = c.source_type;
  return type.substr(0, type.find_first_of("( "));
}

// Text compared byte by byte, spaces at the end too.
std::string exact_text(const ServerFacts& facts) {
  return cat(" CHARACTER SET utf8mb4 COLLATE ", is_mariadb(facts) ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin");
}

std::string integer_type(const Column& c) {
  if (c.source_type.starts_with("year")) return "year";
  if (c.source_type == "tinyint(1)") return c.source_type;
  const std::string_view sign = c.kind == Kind::kUint ? " unsigned" : "";
  switch (c.int_bits) {
    case 8:
      return cat("tinyint", sign);
    case 16:
      return cat("smallint", sign);
    case 24:
      return cat("mediumint", sign);
    case 32:
      return cat("int", sign);
    default:
      return cat("bigint", sign);
  }
}

std::string decimal_type(const Column& c) {
  const int precision = c.precision == 0 ? kDecimalDigits : std::min<int>(c.precision, kDecimalDigits);
  const int scale = c.precision == 0 ? kDecimalScale : std::min<int>({c.scale, kDecimalScale, precision});
  return cat("decimal(", precision, ",", scale, ")", c.source_type.ends_with("unsigned") ? " unsigned" : "");
}

std::string text_by_length(uint32_t length) {
  if (length == 0 || length > kMediumCharacters) return "longtext";
  if (length <= kVarcharLimit) return cat("varchar(", length, ")");
  return length <= kTextCharacters ? "text" : "mediumtext";
}

std::string text_type(const Column& c, const ServerFacts& facts, size_t key_bytes) {
  const std::string_view word = word_of(c);
  if (word == "inet4" && !(is_mariadb(facts) && facts.version >= kInet4Version)) return "varchar(15)";
  if (word == "inet6" && !is_mariadb(facts)) return "varchar(45)";
  if (word == "inet4" || word == "inet6") return std::string(word);
  const bool of_mysql = !c.charset.empty();
  const std::string charset = cat(" CHARACTER SET ", of_mysql ? c.charset : "utf8mb4");
  if (!c.labels.empty() && of_mysql) return c.source_type + charset;
  if (key_bytes > 0) {
    const auto characters = static_cast<uint32_t>(key_bytes / 4);
    const bool fixed = c.fixed_length && c.length > 0 && c.length <= 255 && c.length <= characters;
    const uint32_t length = c.length == 0 ? characters : std::min(c.length, characters);
    return cat(fixed ? "char(" : "varchar(", length, ")", exact_text(facts));
  }
  if (c.fixed_length && c.length > 0 && c.length <= 255) return cat("char(", c.length, ")", charset);
  if (of_mysql) return cat(has(kTexts, word) ? std::string(word) : cat("varchar(", c.length, ")"), charset);
  return text_by_length(c.length) + charset;
}

std::string bytes_type(const Column& c, const ServerFacts& facts, size_t key_bytes) {
  const std::string_view word = word_of(c);
  if (word == "geomcollection") return "geometrycollection";
  if (has(kGeometries, word)) return std::string(word);
  if (word == "vector" && facts.version >= (is_mariadb(facts) ? kVectorMariaDb : kVectorMySql)) return c.source_type;
  if (key_bytes > 0 && !(c.fixed_length && c.length <= 255)) {
    return cat("varbinary(", c.length == 0 ? key_bytes : std::min<size_t>(c.length, key_bytes), ")");
  }
  if (c.fixed_length && c.length > 0 && c.length <= 255) return cat("binary(", c.length, ")");
  if (has(kBlobs, word)) return std::string(word);
  return word == "varbinary" ? cat("varbinary(", c.length, ")") : "longblob";
}

bool is_own_timestamp(const Column& c) {
  return c.source_type == "timestamp" || (c.source_type.starts_with("timestamp(") && c.source_type.ends_with(')'));
}

std::string with_digits(std::string_view type, uint8_t digits) {
  return digits == 0 ? std::string(type) : cat(type, "(", digits, ")");
}

std::string quoted_list(const TableSchema& source, const std::vector<uint16_t>& ordinals) {
  std::string out;
  for (const uint16_t o : ordinals) out += cat(out.empty() ? "" : ", ", quote_identifier(source.columns[o].name));
  return out;
}

Status check_name(std::string_view what, std::string_view name) {
  const auto characters = std::count_if(name.begin(), name.end(), [](char c) { return (c & 0xc0) != 0x80; });
  if (static_cast<size_t>(characters) <= kNameCharactersLimit) return ok();
  return Error(Blame::kConfig,
               cat(what, " \"", name, "\" has more than the ", kNameCharactersLimit, " characters of a name in MySQL: rename it on the way"));
}

bool has_free_length(const Column& c) {
  return (c.kind == Kind::kText && c.labels.empty()) || c.kind == Kind::kBytes || c.kind == Kind::kJson;
}

// What an index over these columns leaves for each that has no size of its own.
size_t room_in(const TableSchema& source, const std::vector<uint16_t>& key) {
  size_t free = 0;
  size_t taken = 0;
  for (const uint16_t o : key) {
    if (has_free_length(source.columns[o])) {
      ++free;
    } else {
      taken += 40;
    }
  }
  return free == 0 || taken >= kIndexBytes ? 0 : (kIndexBytes - taken) / free;
}

}  // namespace

std::string target_type(const Column& c, const ServerFacts& facts, size_t key_bytes) {
  switch (c.kind) {
    case Kind::kBool:
      return "tinyint(1)";
    case Kind::kInt:
    case Kind::kUint:
      return integer_type(c);
    case Kind::kFloat:
      return "float";
    case Kind::kDouble:
      return "double";
    case Kind::kDecimal:
      return decimal_type(c);
    case Kind::kText:
      return text_type(c, facts, key_bytes);
    case Kind::kBytes:
      return bytes_type(c, facts, key_bytes);
    case Kind::kBit:
      return cat("bit(", c.length == 0 ? 1 : c.length, ")");
    case Kind::kDate:
      return "date";
    case Kind::kDateTime:
      return with_digits("datetime", c.scale);
    case Kind::kTimestamp:
      // MySQL's own ends in 2038.
      return with_digits(is_own_timestamp(c) ? "timestamp" : "datetime", c.scale);
    case Kind::kTime:
      return with_digits("time", c.scale);
    case Kind::kJson:
      return "json";
    case Kind::kUuid:
      return is_mariadb(facts) && facts.version >= kUuidVersion ? "uuid" : "char(36) CHARACTER SET ascii COLLATE ascii_bin";
    case Kind::kNull:
    case Kind::kUnchanged:
      break;
  }
  return "longtext";
}

std::string nullability(const Column& c, const std::string& type) {
  const bool timestamp = type.starts_with("timestamp");
  if (c.nullable) return timestamp ? " NULL DEFAULT NULL" : "";
  if (!timestamp) return " NOT NULL";
  // Without one some servers give it a default that changes with every UPDATE (explicit_defaults_for_timestamp=OFF).
  return cat(" NOT NULL DEFAULT CURRENT_TIMESTAMP", type.substr(std::min(type.find('('), type.size())));
}

Result<std::string> create_table_statement(const TableSchema& source,
                                           const TableName& target,
                                           const ServerFacts& facts) {
  TRY(check_name("table", target.table));
  std::vector<size_t> room(source.columns.size());
  std::vector<std::vector<uint16_t>> keys = source.unique_keys;
  if (!source.key.empty()) keys.push_back(source.key);
  for (const auto& key : keys) {
    const size_t bytes = room_in(source, key);
    for (const uint16_t o : key) room[o] = room[o] == 0 ? bytes : std::min(room[o], bytes);
  }
  std::string sql = cat("CREATE TABLE ", quote_name(target), " (");
  for (size_t i = 0; i < source.columns.size(); ++i) {
    const Column& c = source.columns[i];
    TRY(check_name(cat("column of ", target.table), c.name));
    const std::string type = target_type(c, facts, room[i]);
    const bool counts = c.identity && !source.key.empty() && source.key[0] == i &&
                        (c.kind == Kind::kInt || c.kind == Kind::kUint);
    sql += cat(i == 0 ? "\n  " : ",\n  ", quote_identifier(c.name), " ", type, nullability(c, type), counts ? " AUTO_INCREMENT" : "");
  }
  if (!source.key.empty()) sql += cat(",\n  PRIMARY KEY (", quoted_list(source, source.key), ")");
  for (const auto& key : source.unique_keys) sql += cat(",\n  UNIQUE (", quoted_list(source, key), ")");
  return sql + "\n) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4";
}

}  // namespace weft::mysql
