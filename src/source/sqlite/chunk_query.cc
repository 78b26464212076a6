// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/chunk_query.h"

#include <algorithm>

#include "base/text.h"
#include "engine/sqlite/quote.h"
#include "source/sqlite/shape.h"

namespace weft::sqlite {
namespace {

// The key's columns under the collations of its index; of a rowid there is none.
std::vector<std::string> key_columns(const CatalogTable& table, const TableSchema& schema) {
  const std::vector<int> kept = kept_columns(table);
  std::vector<int> key;
  for (const uint16_t o : schema.key) key.push_back(kept[o]);
  const auto index = std::ranges::find_if(
      table.unique_indexes, [&](const CatalogIndex& i) { return !i.partial && !i.expressions && i.columns == key; });
  std::vector<std::string> out;
  for (size_t i = 0; i < key.size(); ++i) {
    std::string column = quote_identifier(schema.columns[schema.key[i]].name);
    if (index != table.unique_indexes.end()) column += cat(" COLLATE ", quote_identifier(index->collations[i]));
    out.push_back(std::move(column));
  }
  return out;
}

std::string list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += cat(out.empty() ? "" : ",", item);
  return out;
}

std::string marks(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += i == 0 ? "?" : ",?";
  return out;
}

}  // namespace

std::string whole_sql(const CatalogTable& table, const TableSchema& schema) {
  std::string columns;
  for (const Column& column : schema.columns) columns += cat(columns.empty() ? "" : ",", quote_identifier(column.name));
  return cat("SELECT ", columns, " FROM ", quote_identifier(table.name));
}

std::string range_sql(const CatalogTable& table, const TableSchema& schema, bool after, bool upto) {
  const std::vector<std::string> columns = key_columns(table, schema);
  const std::string key = list(columns);
  const std::string values = marks(columns.size());
  std::string sql = whole_sql(table, schema);
  if (after) sql += cat(" WHERE (", key, ") > (", values, ")");
  if (upto) sql += cat(after ? " AND (" : " WHERE (", key, ") <= (", values, ")");
  return sql + cat(" ORDER BY ", key);
}

std::string key_sql(const CatalogTable& table, const TableSchema& schema) {
  const std::vector<std::string> columns = key_columns(table, schema);
  return cat(whole_sql(table, schema), " WHERE (", list(columns), ") = (", marks(columns.size()), ")");
}

}  // namespace weft::sqlite
