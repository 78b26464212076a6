// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/chunk_query.h"

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "engine/postgres/text_form.h"
#include "engine/postgres/wire_buffer.h"

namespace weft::postgres {
namespace {

std::string key_list(const TableSchema& schema) {
  std::string out;
  for (const uint16_t i : schema.key) out += cat(out.empty() ? "" : ",", quote_identifier(schema.columns[i].name));
  return out;
}

std::string select_from(const CatalogueTable& table) {
  std::string out;
  for (const Column& column : table.schema->columns) {
    out += cat(out.empty() ? "" : ",", quote_identifier(column.name));
  }
  return cat("SELECT ", out, " FROM ", from_table(table));
}

// "($1::integer,$2::text)", and the values behind it.
std::string key_values(const CatalogueTable& table, Row key, Values values, TextParams& params) {
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    std::string value = parameter_text(key[i]);
    if (values == Values::kBeside) params.emplace_back(value);
    out += cat(out.empty() ? "(" : ",",
               values == Values::kBeside ? cat("$", params.size()) : quote_literal(value),
               "::",
               table.cast_types[table.schema->key[i]]);
  }
  return out + ")";
}

}  // namespace

std::string parameter_text(const Value& value) {
  WireBuffer out;
  if (value.kind() == Kind::kBytes) out.put("\\x");
  append_text_form(out, value);
  return std::string(out.view());
}

std::string from_table(const CatalogueTable& table) {
  return cat(table.partitioned ? "" : "ONLY ", quote_name(table.schema->name));
}

Query range_query(const CatalogueTable& table, const OwnedRow* after, const OwnedRow* upto, Values values) {
  const std::string key = key_list(*table.schema);
  Query query{select_from(table), {}};
  if (after != nullptr)
    query.sql += cat(" WHERE (", key, ") > ", key_values(table, after->row(), values, query.params));
  if (upto != nullptr) {
    query.sql += cat(after != nullptr ? " AND (" : " WHERE (", key, ") <= ");
    query.sql += key_values(table, upto->row(), values, query.params);
  }
  query.sql += cat(" ORDER BY ", key);
  return query;
}

Query whole_query(const CatalogueTable& table) {
  return {select_from(table), {}};
}

Query keys_query(const CatalogueTable& table, std::span<const OwnedRow> keys) {
  const std::string key = key_list(*table.schema);
  Query query{select_from(table) + " WHERE ", {}};
  for (size_t k = 0; k < keys.size(); ++k) {
    query.sql +=
        cat(k == 0 ? "(" : " OR (", key, ") = ", key_values(table, keys[k].row(), Values::kBeside, query.params));
  }
  return query;
}

}  // namespace weft::postgres
