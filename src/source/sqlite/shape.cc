// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/shape.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "engine/sqlite/quote.h"

namespace weft::sqlite {
namespace {

constexpr size_t kMostColumns = 950;  // a change has two images, and a table 2000 columns at most

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(
      out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

bool starts(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.starts_with(word); });
}

// The numbers in "DECIMAL(10, 2)".
void read_modifier(std::string_view type, Column& column) {
  const size_t open = type.find('(');
  if (open == std::string_view::npos) return;
  int numbers[2] = {0, 0};
  size_t at = open + 1;
  for (int& number : numbers) {
    while (at < type.size() && type[at] == ' ') ++at;
    const auto parsed = std::from_chars(type.data() + at, type.data() + type.size(), number);
    if (parsed.ec != std::errc() || number < 0) return;
    at = static_cast<size_t>(parsed.ptr - type.data());
    while (at < type.size() && type[at] == ' ') ++at;
    if (at >= type.size() || type[at] != ',') break;
    ++at;
  }
  // The engine does not keep to it: it is what the application means, and a target's column may be made so.
  if (column.kind == Kind::kDecimal && numbers[0] <= 38 && numbers[1] <= numbers[0]) {
    column.precision = static_cast<uint8_t>(numbers[0]);
    column.scale = static_cast<uint8_t>(numbers[1]);
  }
}

Kind kind_of(const CatalogColumn& column) {
  const std::string type = upper(column.type);
  switch (column.affinity) {
    case Affinity::kInteger:
      return Kind::kInt;
    case Affinity::kReal:
      return Kind::kDouble;
    case Affinity::kText:
      return Kind::kText;
    case Affinity::kBlob:
      return type.empty() || type == "ANY" ? Kind::kText : Kind::kBytes;  // without a type: anything
    case Affinity::kNumeric:
      break;
  }
  if (starts(type, {"BOOL"})) return Kind::kInt;
  if (starts(type, {"DEC", "NUM", "MONEY"})) return Kind::kDecimal;
  return Kind::kText;  // dates, times and names that are the application's own
}

// The value of a literal, as a column of this kind holds it; nullopt for an expression, and for what an affinity would change.
std::optional<std::string> literal_value(const std::string& text, Kind kind) {
  const auto encoded = [](const Value& value) { return encode_key(Row(&value, 1)); };
  if (upper(text) == "NULL") return encoded(Value::null());
  if (kind == Kind::kText && text.size() >= 2 && text.starts_with('\'') && text.ends_with('\'')) {
    std::string plain;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] == '\'') ++i;  // a quote is written twice
      plain.push_back(text[i]);
    }
    return encoded(Value::text(plain));
  }
  const char* end = text.data() + text.size();
  int64_t whole = 0;
  const auto as_whole = std::from_chars(text.data(), end, whole);
  if (kind == Kind::kInt && as_whole.ec == std::errc() && as_whole.ptr == end) return encoded(Value::int64(whole));
  double number = 0;
  const auto as_number = std::from_chars(text.data(), end, number);
  const bool digits = text.find_first_not_of("-0123456789.eE") == std::string::npos;
  if (kind == Kind::kDouble && digits && as_number.ec == std::errc() && as_number.ptr == end) {
    return encoded(Value::float64(number));
  }
  return std::nullopt;
}

Column column_of(const CatalogTable& table, size_t ordinal) {
  const CatalogColumn& c = table.columns[ordinal];
  Column column;
  column.name = c.name;
  column.source_type = c.type;
  column.kind = kind_of(c);
  if (column.kind == Kind::kInt) column.int_bits = 64;
  read_modifier(c.type, column);
  const bool is_rowid = table.rowid_column == static_cast<int>(ordinal);
  column.nullable = !c.not_null && !is_rowid && !(table.without_rowid && c.key_place > 0);
  column.identity = is_rowid && table.autoincrement;
  column.default_value = literal_value(c.default_value.value_or("NULL"), column.kind).value_or("");
  return column;
}

// Ordinals in the schema; empty if one is not there.
std::vector<uint16_t> moved(const std::vector<int>& columns, const std::vector<int>& kept) {
  std::vector<uint16_t> out;
  for (const int column : columns) {
    const auto at = std::ranges::find(kept, column);
    if (column < 0 || at == kept.end()) return {};
    out.push_back(static_cast<uint16_t>(at - kept.begin()));
  }
  return out;
}

void read_keys(const CatalogTable& table, const std::vector<int>& kept, TableSchema& schema) {
  schema.key = moved(table.primary_key(), kept);
  for (const CatalogIndex& index : table.unique_indexes) {
    if (index.partial || index.expressions || index.primary) continue;
    std::vector<uint16_t> key = moved(index.columns, kept);
    if (!key.empty()) schema.unique_keys.push_back(std::move(key));
  }
  if (!schema.key.empty()) return;
  const auto fits = [&](const std::vector<uint16_t>& key) {
    return std::ranges::none_of(key, [&](uint16_t o) { return schema.columns[o].nullable; });
  };
  const auto found = std::ranges::find_if(schema.unique_keys, fits);
  if (found == schema.unique_keys.end()) return;
  schema.key = *found;
  schema.unique_keys.erase(found);
}

}  // namespace

std::vector<int> kept_columns(const CatalogTable& table) {
  std::vector<int> kept;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].generated && !table.columns[i].hidden) kept.push_back(static_cast<int>(i));
  }
  return kept;
}

TableSchema schema_of(const CatalogTable& table) {
  TableSchema schema;
  schema.name = {"", table.name};
  const std::vector<int> kept = kept_columns(table);
  for (const int i : kept) schema.columns.push_back(column_of(table, static_cast<size_t>(i)));
  read_keys(table, kept, schema);
  for (const CatalogForeignKey& fk : table.foreign_keys) {
    ForeignKey key;
    key.columns = moved(fk.columns, kept);
    key.parent = {"", fk.parent};
    key.parent_columns = fk.parent_columns;
    key.on_delete = fk.on_delete;
    key.on_update = fk.on_update;
    if (!key.columns.empty()) schema.foreign_keys.push_back(std::move(key));
  }
  return schema;
}

std::string rowid_name(const CatalogTable& table) {
  if (table.without_rowid) return {};
  if (table.rowid_column >= 0) return quote_identifier(table.columns[static_cast<size_t>(table.rowid_column)].name);
  for (const std::string_view name : {"ROWID", "_ROWID_", "OID"}) {
    const bool taken =
        std::ranges::any_of(table.columns, [&](const CatalogColumn& c) { return upper(c.name) == name; });
    if (!taken) return std::string(name);
  }
  return {};
}

std::string refusal(const CatalogTable& table) {
  const std::string name = cat("table ", table.name);
  if (table.kind != "table") return cat(name, " is a ", table.kind, " one, which has no triggers; --exclude it");
  if (table.columns.size() > kMostColumns) {
    return cat(
        name, " has ", table.columns.size(), " columns, and weft follows ", kMostColumns, " at most; --exclude it");
  }
  if (!table.without_rowid && rowid_name(table).empty()) {
    return cat(name, " has columns named rowid, _rowid_ and oid, so that no statement can name its rows; --exclude it");
  }
  for (const CatalogIndex& index : table.unique_indexes) {
    if (!index.expressions) continue;
    return cat(
        name,
        " has the unique index ",
        index.name,
        " over an expression: a row that INSERT OR REPLACE removes by it would not be seen; --exclude the table, or "
        "make the index over a generated column");
  }
  return {};
}

}  // namespace weft::sqlite
