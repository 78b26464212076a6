// SPDX-License-Identifier: Apache-2.0
#include "engine/sqlite/catalogue.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "engine/sqlite/quote.h"

namespace weft::sqlite {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(
      out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

int ordinal_of(const CatalogTable& table, std::string_view name) {
  const auto at =
      std::ranges::find_if(table.columns, [&](const CatalogColumn& c) { return upper(c.name) == upper(name); });
  return at == table.columns.end() ? -1 : static_cast<int>(at - table.columns.begin());
}

KeyAction action_of(std::string_view text) {
  return text == "CASCADE" ? KeyAction::kCascade : text == "SET NULL" ? KeyAction::kSetNull : KeyAction::kNone;
}

Status read_columns(Connection& db, CatalogTable& table) {
  TRY_ASSIGN(
      Statement * s,
      db.statement("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid"));
  s->bind_text(1, table.name);
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    CatalogColumn c;
    c.name = s->text(0);
    c.type = s->text(1);
    c.affinity = affinity_of(c.type, table.strict);
    c.not_null = s->integer(2) != 0;
    if (!s->is_null(3)) c.default_value = s->text(3);
    c.key_place = static_cast<int>(s->integer(4));
    c.hidden = s->integer(5) == 1;
    c.generated = s->integer(5) >= 2;
    table.columns.push_back(std::move(c));
  }
  s->reset();
  return ok();
}

// Behind the end of a token of a statement: a name or text in quotes, a comment, or one character.
size_t token_end(std::string_view sql, size_t at) {
  const auto behind = [&](std::string_view what, size_t from) {
    const size_t found = sql.find(what, from);
    return found == std::string_view::npos ? sql.size() : found + what.size();
  };
  if (sql.substr(at, 2) == "--") return behind("\n", at);
  if (sql.substr(at, 2) == "/*") return behind("*/", at + 2);
  if (sql[at] == '[') return behind("]", at);
  if (sql[at] == '\'' || sql[at] == '"' || sql[at] == '`') return behind(sql.substr(at, 1), at + 1);
  return at + 1;
}

// What stands behind WHERE in CREATE UNIQUE INDEX ... ON t (...) WHERE ...
std::string where_of(std::string_view sql) {
  int depth = 0;
  bool listed = false;
  for (size_t at = 0; at < sql.size(); at = token_end(sql, at)) {
    if (sql[at] == '(') ++depth;
    if (sql[at] == ')') listed = --depth == 0 || listed;
    if (listed && depth == 0 && upper(sql.substr(at, 5)) == "WHERE") return std::string(sql.substr(at + 5));
  }
  return {};
}

Status read_index_columns(Connection& db, const CatalogTable& table, CatalogIndex& index) {
  TRY_ASSIGN(Statement * s, db.statement("SELECT cid, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno"));
  s->bind_text(1, index.name);
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    const auto column = static_cast<int>(s->integer(0));
    index.expressions = index.expressions || column < 0 || column >= static_cast<int>(table.columns.size());
    index.columns.push_back(column);
    index.collations.push_back(upper(s->text(1)));
  }
  s->reset();
  return ok();
}

Status read_indexes(Connection& db, CatalogTable& table) {
  TRY_ASSIGN(
      Statement * s,
      db.statement("SELECT name, origin, partial FROM pragma_index_list(?) WHERE \"unique\" = 1 ORDER BY origin <> "
                   "'pk', seq DESC"));
  s->bind_text(1, table.name);
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    CatalogIndex index;
    index.name = s->text(0);
    index.primary = s->bytes(1) == "pk";
    index.partial = s->integer(2) != 0;
    table.unique_indexes.push_back(std::move(index));
  }
  s->reset();
  for (CatalogIndex& index : table.unique_indexes) {
    TRY(read_index_columns(db, table, index));
    if (!index.partial) continue;
    TRY_ASSIGN(
        const auto sql,
        db.value(cat("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ", quote_literal(index.name))));
    index.where = where_of(sql.value_or(""));
  }
  return ok();
}

Status read_foreign_keys(Connection& db, CatalogTable& table) {
  TRY_ASSIGN(
      Statement * s,
      db.statement("SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?) "
                   "ORDER BY id, seq"));
  s->bind_text(1, table.name);
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    const auto id = static_cast<int>(s->integer(0));
    if (table.foreign_keys.empty() || table.foreign_keys.back().id != id) {
      CatalogForeignKey key;
      key.id = id;
      key.parent = s->text(1);
      key.on_update = action_of(s->bytes(4));
      key.on_delete = action_of(s->bytes(5));
      key.sets_default = s->bytes(4) == "SET DEFAULT" || s->bytes(5) == "SET DEFAULT";
      table.foreign_keys.push_back(std::move(key));
    }
    table.foreign_keys.back().columns.push_back(ordinal_of(table, s->bytes(2)));
    if (!s->is_null(3)) table.foreign_keys.back().parent_columns.push_back(s->text(3));
  }
  s->reset();
  return ok();
}

Status read_triggers(Connection& db, CatalogTable& table) {
  TRY_ASSIGN(
      Statement * s,
      db.statement("SELECT name, sql, rowid FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE "
                   "ORDER BY name"));
  s->bind_text(1, table.name);
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    table.triggers.push_back({s->text(0), s->text(1), s->integer(2)});
  }
  s->reset();
  return ok();
}

// sqlite.org/lang_createtable.html#rowid: the one key column is declared just INTEGER, and not DESC.
Status find_rowid_column(Connection& db, CatalogTable& table) {
  const std::vector<int> key = table.primary_key();
  if (table.without_rowid || key.size() != 1) return ok();
  if (upper(table.columns[static_cast<size_t>(key[0])].type) != "INTEGER") return ok();
  // An index of the primary key tells that the column is not the rowid.
  const bool indexed = std::ranges::any_of(table.unique_indexes, [](const CatalogIndex& i) { return i.primary; });
  if (indexed) return ok();
  table.rowid_column = key[0];
  TRY_ASSIGN(const auto sequences, db.value("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"));
  table.autoincrement = sequences.has_value() && has(upper(table.sql), "AUTOINCREMENT");
  return ok();
}

Result<int64_t> pragma_number(Connection& db, std::string_view sql) {
  TRY_ASSIGN(Statement * s, db.statement(sql));
  TRY_ASSIGN(const bool row, s->step());
  const int64_t number = row ? s->integer(0) : 0;
  s->reset();
  return number;
}

}  // namespace

std::vector<int> CatalogTable::primary_key() const {
  std::vector<int> key;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].key_place > 0) key.push_back(static_cast<int>(i));
  }
  std::ranges::sort(key, {}, [&](int i) { return columns[static_cast<size_t>(i)].key_place; });
  return key;
}

Affinity affinity_of(std::string_view declared, bool strict) {
  const std::string type = upper(declared);
  if (strict) {
    return type == "ANY" || type == "BLOB" ? Affinity::kBlob
           : type == "TEXT"                ? Affinity::kText
           : type == "REAL"                ? Affinity::kReal
                                           : Affinity::kInteger;
  }
  if (has(type, "INT")) return Affinity::kInteger;
  if (has(type, "CHAR") || has(type, "CLOB") || has(type, "TEXT")) return Affinity::kText;
  if (type.empty() || has(type, "BLOB")) return Affinity::kBlob;
  if (has(type, "REAL") || has(type, "FLOA") || has(type, "DOUB")) return Affinity::kReal;
  return Affinity::kNumeric;
}

Result<std::optional<CatalogTable>> read_table(Connection& db, std::string_view name) {
  CatalogTable table;
  TRY_ASSIGN(
      Statement * s,
      db.statement("SELECT l.name, l.type, l.wr, l.strict, m.sql FROM pragma_table_list AS l LEFT JOIN sqlite_schema "
                   "AS m ON m.name = l.name AND m.type IN ('table', 'view') WHERE l.schema = 'main' AND l.name = ? "
                   "COLLATE NOCASE"));
  s->bind_text(1, name);
  TRY_ASSIGN(const bool row, s->step());
  if (row) {
    table.name = s->text(0);
    table.kind = s->text(1);
    table.without_rowid = s->integer(2) != 0;
    table.strict = s->integer(3) != 0;
    table.sql = s->text(4);
  }
  s->reset();
  if (!row) return std::optional<CatalogTable>();
  TRY(read_columns(db, table));
  TRY(read_indexes(db, table));
  TRY(read_foreign_keys(db, table));
  TRY(read_triggers(db, table));
  TRY(find_rowid_column(db, table));
  return std::optional<CatalogTable>(std::move(table));
}

Result<std::vector<std::string>> table_names(Connection& db) {
  TRY_ASSIGN(
      Statement * s,
      db.statement("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE "
                   "'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_weft\\_%' ESCAPE '\\' ORDER BY name"));
  std::vector<std::string> names;
  while (true) {
    TRY_ASSIGN(const bool row, s->step());
    if (!row) break;
    names.push_back(s->text(0));
  }
  s->reset();
  return names;
}

Result<int64_t> schema_version(Connection& db) {
  return pragma_number(db, "PRAGMA schema_version");
}

Result<int64_t> data_version(Connection& db) {
  return pragma_number(db, "PRAGMA data_version");
}

}  // namespace weft::sqlite
