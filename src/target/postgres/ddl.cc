// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/ddl.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "engine/postgres/quote.h"

namespace weft::postgres {
namespace {

constexpr uint32_t kVarcharLimit = 10485760;

// PostgreSQL's own types, as format_type() prints them, that weft carries as text or as a kind that another type would hold
// too. A column that came from one becomes the same again.
constexpr std::array<std::string_view, 41> kOwnTypes = {
    "bit",       "bit varying", "box",       "character", "cidr",     "circle",  "date",
    "daterange", "boolean",     "bigint",    "integer",   "smallint", "real",    "double precision",
    "bytea",     "inet",        "int4range", "int8range", "interval", "json",    "jsonb",
    "jsonpath",  "line",        "lseg",      "macaddr",   "macaddr8", "money",   "name",
    "numeric",   "numrange",    "oid",       "path",      "pg_lsn",   "polygon", "text",
    "tsquery",   "tsrange",     "tstzrange", "tsvector",  "uuid",     "xml"};

// MySQL's types have no such names, but for those whose kind is another (point, bit, date, json ...).
std::optional<std::string> own_type(const Column& c) {
  std::string_view name = c.source_type;
  if (c.kind == Kind::kTime) {
    const bool own = name.starts_with("time") && name.ends_with(" without time zone");
    return own ? std::optional(c.source_type) : std::nullopt;
  }
  if (c.kind == Kind::kJson) return name == "jsonb" ? std::optional(c.source_type) : std::nullopt;
  if (c.kind != Kind::kText) return std::nullopt;
  if (name.starts_with("time") && name.find(" with") != std::string_view::npos) return c.source_type;
  const bool array = name.ends_with("[]");
  if (array) name.remove_suffix(2);
  if (array && (name.starts_with("timestamp") || name.starts_with("character varying"))) return c.source_type;
  if (name == "text" && !array) return std::nullopt;
  name = name.substr(0, name.find('('));
  const bool own = std::ranges::find(kOwnTypes, name) != kOwnTypes.end();
  return own ? std::optional(c.source_type) : std::nullopt;
}

std::string integer_type(const Column& c) {
  if (c.source_type.starts_with("year")) return "smallint";
  if (c.kind == Kind::kInt)
    return c.int_bits <= 16 && c.int_bits > 0 ? "smallint" : c.int_bits <= 32 && c.int_bits > 0 ? "integer" : "bigint";
  switch (c.int_bits) {
    case 8:
      return "smallint";
    case 16:
    case 24:
      return "integer";
    case 32:
      return "bigint";
    default:
      return "numeric(20,0)";
  }
}

std::string text_type(const Column& c) {
  if (c.source_type.starts_with("inet")) return "inet";
  if (c.length == 0 || c.length > kVarcharLimit || !c.labels.empty()) return "text";
  // TEXT types carry a length in bytes; only CHAR and VARCHAR limit characters.
  if (c.source_type.find("char") == std::string::npos) return "text";
  return cat("varchar(", c.length, ")");
}

std::string with_digits(std::string_view type, uint8_t digits) {
  return cat(type, "(", digits, ")");
}

std::string quoted_list(const TableSchema& source, const std::vector<uint16_t>& ordinals) {
  std::string out;
  for (const uint16_t o : ordinals) out += cat(out.empty() ? "" : ", ", quote_identifier(source.columns[o].name));
  return out;
}

Status check_name(std::string_view what, std::string_view name) {
  if (name.size() <= kNameBytesLimit) return ok();
  return Error(Blame::kConfig,
               cat(what,
                   " \"",
                   name,
                   "\" has ",
                   name.size(),
                   " bytes and PostgreSQL keeps ",
                   kNameBytesLimit,
                   ": rename it on the way"));
}

}  // namespace

std::string target_type(const Column& c) {
  if (std::optional<std::string> own = own_type(c)) return *std::move(own);
  switch (c.kind) {
    case Kind::kBool:
      return "boolean";
    case Kind::kInt:
    case Kind::kUint:
      return integer_type(c);
    case Kind::kFloat:
      return "real";
    case Kind::kDouble:
      return "double precision";
    case Kind::kDecimal:
      return c.precision == 0 ? "numeric" : cat("numeric(", c.precision, ",", c.scale, ")");
    case Kind::kText:
      return text_type(c);
    case Kind::kBytes:
      return "bytea";
    case Kind::kBit:
      return cat("bit(", c.length == 0 ? 1 : c.length, ")");
    case Kind::kDate:
      return "date";
    case Kind::kDateTime:
      return with_digits("timestamp", c.scale);
    case Kind::kTimestamp:
      return with_digits("timestamptz", c.scale);
    case Kind::kTime:
      return with_digits("interval", c.scale);
    case Kind::kJson:
      return "json";
    case Kind::kUuid:
      return "uuid";
    case Kind::kNull:
    case Kind::kUnchanged:
      break;
  }
  return "text";
}

Result<std::string> create_table_statement(const TableSchema& source, const TableName& target) {
  TRY(check_name("table", target.table));
  std::string sql = cat("CREATE TABLE ", quote_name(target), " (");
  bool first = true;
  for (const Column& c : source.columns) {
    TRY(check_name(cat("column of ", target.table), c.name));
    sql += cat(first ? "\n  " : ",\n  ", quote_identifier(c.name), " ", target_type(c), c.nullable ? "" : " NOT NULL");
    first = false;
  }
  if (!source.key.empty()) sql += cat(",\n  PRIMARY KEY (", quoted_list(source, source.key), ")");
  for (const auto& key : source.unique_keys) sql += cat(",\n  UNIQUE (", quoted_list(source, key), ")");
  return sql + "\n)";
}

}  // namespace weft::postgres
