// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/catalog.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "engine/mysql/catalogue.h"
#include "engine/mysql/quote.h"

namespace weft::mysql {
namespace {

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// As one table's rows of information_schema are found; the server folds names by itself where it has to.
std::string where(std::string_view schema, std::string_view table, const TableName& name) {
  return cat(" WHERE ", schema, " = ", quote_literal(name.schema), " AND ", table, " = ", quote_literal(name.table));
}

std::optional<size_t> find(const CatalogTable& table, const std::string& column) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == column) return i;
  }
  return std::nullopt;
}

Status read_columns(Connection& session, const TableName& name, CatalogTable& table) {
  TRY_ASSIGN(const Rows rows,
             session.query(cat("SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, "
                               "CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, "
                               "CHARACTER_SET_NAME, EXTRA, COLLATION_NAME, COLUMN_DEFAULT IS NOT NULL FROM "
                               "information_schema.COLUMNS",
                               where("TABLE_SCHEMA", "TABLE_NAME", name),
                               " ORDER BY ORDINAL_POSITION")));
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const ColumnEntry entry{rows.text(i, 0),
                            rows.text(i, 1),
                            rows.text(i, 2),
                            rows.text(i, 3),
                            rows.text(i, 4),
                            rows.text(i, 5),
                            rows.text(i, 6),
                            rows.text(i, 7),
                            rows.text(i, 8),
                            rows.text(i, 9),
                            rows.text(i, 10)};
    CatalogColumn column;
    column.name = entry.name;
    column.storage = storage_of(entry, rows.text(i, 11), session.facts());
    column.not_null = entry.is_nullable != "YES";
    column.generated = contains(entry.extra, "VIRTUAL") || contains(entry.extra, "STORED GENERATED") ||
                       contains(entry.extra, "PERSISTENT");
    column.auto_increment = contains(entry.extra, "auto_increment");
    column.on_update = contains(entry.extra, "on update");
    // MariaDB and MySQL say so of columns that can be NULL, too; what matters is a NOT NULL one.
    column.has_default = rows.text(i, 12) == "1" || contains(entry.extra, "DEFAULT_GENERATED");
    table.columns.push_back(std::move(column));
  }
  return ok();
}

Status read_indexes(Connection& session, const TableName& name, CatalogTable& table) {
  TRY_ASSIGN(const Rows rows,
             session.query(cat("SELECT INDEX_NAME, COLUMN_NAME, SUB_PART, NON_UNIQUE, SEQ_IN_INDEX FROM "
                               "information_schema.STATISTICS",
                               where("TABLE_SCHEMA", "TABLE_NAME", name),
                               " ORDER BY NON_UNIQUE, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX")));
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const auto column = find(table, rows.text(i, 1));
    if (rows.text(i, 4) == "1" && column && table.columns[*column].not_null) {
      table.first_columns.push_back(rows.text(i, 1));
    }
    if (rows.text(i, 3) != "0") continue;
    auto& indexes = table.unique_indexes;
    if (indexes.empty() || indexes.back().name != rows.text(i, 0)) {
      indexes.push_back({rows.text(i, 0), rows.text(i, 0) == "PRIMARY", false, {}});
    }
    indexes.back().partial = indexes.back().partial || !column || rows.rows[i][2].has_value();
    if (column) indexes.back().columns.push_back(*column);
  }
  return ok();
}

Status read_triggers(Connection& session, const TableName& name, CatalogTable& table) {
  TRY_ASSIGN(const Rows rows,
             session.query(cat("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS",
                               where("EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE", name),
                               " ORDER BY TRIGGER_NAME")));
  for (size_t i = 0; i < rows.rows.size(); ++i) table.triggers.push_back(rows.text(i, 0));
  return ok();
}

// By the catalogue that sources have: who may not see the actions reads them from the statement that makes the table.
Status read_foreign_keys(Connection& session, const TableName& name, CatalogTable& table) {
  TRY_ASSIGN(const std::vector<CatalogueTable> found, load_table(session, name));
  if (found.empty()) return ok();
  const TableSchema& schema = *found.front().schema;
  for (const ForeignKey& key : schema.foreign_keys) {
    CatalogForeignKey out{key.name, {}, folded(key.parent, session.facts()), key.parent_columns, key.on_delete, key.on_update};
    for (const uint16_t ordinal : key.columns) {
      if (const auto at = find(table, schema.columns[ordinal].name)) out.columns.push_back(*at);
    }
    table.foreign_keys.push_back(std::move(out));
  }
  return ok();
}

}  // namespace

TableName folded(TableName name, const ServerFacts& facts) {
  if (!facts.lower_case_names) return name;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::transform(name.schema.begin(), name.schema.end(), name.schema.begin(), lower);
  std::transform(name.table.begin(), name.table.end(), name.table.begin(), lower);
  return name;
}

Result<std::optional<CatalogTable>> read_table(Connection& session, const TableName& wanted) {
  TRY_ASSIGN(const Rows rows,
             session.query(cat("SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_TYPE, TABLE_ROWS FROM "
                               "information_schema.TABLES",
                               where("TABLE_SCHEMA", "TABLE_NAME", folded(wanted, session.facts())))));
  if (rows.empty()) return std::optional<CatalogTable>();
  // As the server keeps it, which is how the other views of its catalogue are searched.
  const TableName kept{rows.text(0, 0), rows.text(0, 1)};
  CatalogTable table;
  table.name = folded(kept, session.facts());
  table.engine = rows.text(0, 2);
  const std::string type = rows.text(0, 3);
  table.view = type != "BASE TABLE" && type != "SYSTEM VERSIONED";
  table.system_versioned = type == "SYSTEM VERSIONED";
  table.rows_estimated = number(rows.text(0, 4));
  if (table.view) return std::optional(std::move(table));
  TRY(read_columns(session, kept, table));
  TRY(read_indexes(session, kept, table));
  TRY(read_foreign_keys(session, kept, table));
  TRY(read_triggers(session, kept, table));
  return std::optional(std::move(table));
}

}  // namespace weft::mysql
