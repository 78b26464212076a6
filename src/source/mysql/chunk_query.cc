// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/chunk_query.h"

#include "base/text.h"
#include "engine/mysql/quote.h"

namespace weft::mysql {
namespace {

std::string key_column(const TableSchema& schema, size_t i) {
  return quote_identifier(schema.columns[schema.key[i]].name);
}

// "123e4567-e89b-12d3-a456-426614174000", which is what the server makes a UUID of.
std::string uuid_text(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.push_back('-');
    out.push_back(kHex[static_cast<uint8_t>(bytes[i]) >> 4]);
    out.push_back(kHex[static_cast<uint8_t>(bytes[i]) & 15]);
  }
  return out;
}

void compare(const TableSchema& schema, size_t i, std::string_view op, const Value& value, Query& query) {
  query.sql += cat(key_column(schema, i), " ", op, " ?");
  if (value.kind() != Kind::kUuid) return query.parameters.push_back(value);
  query.parameters.push_back(Value::text(query.texts.emplace_back(uuid_text(value.view()))));
}

// `op` is ">" or "<"; the last column takes `last_op`.
void compare_from(
    const TableSchema& schema, size_t i, Row key, std::string_view op, std::string_view last_op, Query& query) {
  if (i + 1 == schema.key.size()) return compare(schema, i, last_op, key[i], query);
  query.sql += "(";
  compare(schema, i, op, key[i], query);
  query.sql += " OR (";
  compare(schema, i, "=", key[i], query);
  query.sql += " AND ";
  compare_from(schema, i + 1, key, op, last_op, query);
  query.sql += "))";
}

void bound(const TableSchema& schema, Row key, std::string_view op, std::string_view last_op, Query& query) {
  if (schema.key.size() > 1) {
    compare(schema, 0, cat(op, "="), key[0], query);
    query.sql += " AND ";
  }
  compare_from(schema, 0, key, op, last_op, query);
}

std::string select_from(const TableSchema& schema) {
  std::string out = "SELECT ";
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    out += (i == 0 ? "" : ",") + quote_identifier(schema.columns[i].name);
  }
  return cat(out, " FROM ", quote_name(schema.name));
}

std::string key_list(const TableSchema& schema) {
  std::string out;
  for (size_t i = 0; i < schema.key.size(); ++i) out += (i == 0 ? "" : ",") + key_column(schema, i);
  return out;
}

}  // namespace

Query range_query(const TableSchema& schema, const OwnedRow* after, const OwnedRow* upto, size_t limit) {
  Query query{select_from(schema), {}, {}};
  if (after != nullptr || upto != nullptr) query.sql += " WHERE ";
  if (after != nullptr) bound(schema, after->row(), ">", ">", query);
  if (after != nullptr && upto != nullptr) query.sql += " AND ";
  if (upto != nullptr) bound(schema, upto->row(), "<", "<=", query);
  query.sql += cat(" ORDER BY ", key_list(schema), " LIMIT ", limit);
  return query;
}

std::string whole_query(const TableSchema& schema) {
  return select_from(schema);
}

Query keys_query(const TableSchema& schema, std::span<const OwnedRow> keys) {
  Query query{select_from(schema) + " WHERE ", {}, {}};
  for (size_t k = 0; k < keys.size(); ++k) {
    query.sql += k == 0 ? "(" : " OR (";
    for (size_t i = 0; i < schema.key.size(); ++i) {
      if (i > 0) query.sql += " AND ";
      compare(schema, i, "=", keys[k].row()[i], query);
    }
    query.sql += ")";
  }
  return query;
}

}  // namespace weft::mysql
