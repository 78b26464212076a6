// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/catalogue.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/text.h"
#include "engine/mysql/column_type.h"
#include "engine/mysql/default_value.h"
#include "engine/mysql/quote.h"

namespace weft::mysql {
namespace {

struct Index {
  bool usable = true;  // whole columns only, no expressions
  std::vector<uint16_t> columns;
};

struct Draft {
  TableSchema schema;
  CatalogueTable entry;
  std::map<std::string, Index> unique;
};

using Drafts = std::map<TableName, Draft>;

constexpr std::string_view kNotOurs = " NOT IN ('mysql','information_schema','performance_schema','sys')";

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// The condition that picks one table, or all of one or every database; `schema` is the column with the database's name.
std::string where(std::string_view schema, const std::string& database, const std::string& table) {
  std::string out = database.empty() ? cat(schema, kNotOurs) : cat(schema, " = ", quote_literal(database));
  if (!table.empty()) out += cat(" AND TABLE_NAME = ", quote_literal(table));
  return out;
}

class Loader {
 public:
  Loader(Connection& session, const TableFilter& filter, std::string database, std::string table)
      : session_(session), filter_(filter), database_(std::move(database)), table_(std::move(table)) {}

  [[nodiscard]] Result<std::vector<CatalogueTable>> load() {
    TRY(load_names());
    if (drafts_.empty()) return std::vector<CatalogueTable>();
    if (session_.mariadb()) TRY(load_json_checks());
    TRY(load_columns());
    TRY(load_keys());
    TRY(load_foreign_keys());
    TRY(load_key_actions());
    return finish();
  }

 private:
  [[nodiscard]] Draft* find(const std::string& database, const std::string& table) {
    const auto found = drafts_.find(TableName{database, table});
    return found == drafts_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] Status load_names() {
    TRY_ASSIGN(
        const Rows rows,
        session_.query(cat("SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_TYPE, TABLE_ROWS, DATA_LENGTH FROM "
                           "information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED') AND ",
                           where("TABLE_SCHEMA", database_, table_))));
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      const TableName name{rows.text(i, 0), rows.text(i, 1)};
      if (!filter_.matches(name.schema, name.table)) continue;
      Draft& draft = drafts_[name];
      draft.schema.name = name;
      draft.entry.engine = rows.text(i, 2);
      draft.entry.system_versioned = rows.text(i, 3) == "SYSTEM VERSIONED";
      draft.entry.rows_estimated = number(rows.text(i, 4));
      draft.entry.data_bytes = number(rows.text(i, 5));
    }
    return ok();
  }

  // MariaDB's JSON is a LONGTEXT with this check.
  [[nodiscard]] Status load_json_checks() {
    TRY_ASSIGN(const Rows rows,
               session_.query(cat("SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CHECK_CLAUSE FROM "
                                  "information_schema.CHECK_CONSTRAINTS WHERE ",
                                  where("CONSTRAINT_SCHEMA", database_, table_))));
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      std::string clause = rows.text(i, 2);
      if (!clause.starts_with("json_valid(`") || !clause.ends_with("`)")) continue;
      clause = clause.substr(12, clause.size() - 14);
      json_.insert({{rows.text(i, 0), rows.text(i, 1)}, clause});
    }
    return ok();
  }

  [[nodiscard]] Status load_columns() {
    TRY_ASSIGN(
        const Rows rows,
        session_.query(
            cat("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, "
                "CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
                "DATETIME_PRECISION, CHARACTER_SET_NAME, EXTRA, COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE ",
                where("TABLE_SCHEMA", database_, table_),
                " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION")));
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      Draft* const draft = find(rows.text(i, 0), rows.text(i, 1));
      if (draft == nullptr) continue;
      ColumnEntry entry{rows.text(i, 2),
                        rows.text(i, 3),
                        rows.text(i, 4),
                        rows.text(i, 5),
                        rows.text(i, 6),
                        rows.text(i, 7),
                        rows.text(i, 8),
                        rows.text(i, 9),
                        rows.text(i, 10),
                        rows.text(i, 11),
                        rows.text(i, 12)};
      entry.json_checked = json_.contains({draft->schema.name, entry.name});
      std::optional<Column> column = parse_column(entry);
      if (!column) {
        return Error(Blame::kConfig,
                     cat("column ",
                         entry.name,
                         " of ",
                         draft->schema.name.text(),
                         " has the type ",
                         entry.column_type,
                         ", which weft does not know; leave the table out with --exclude"));
      }
      column->default_value = default_value(*column, rows.rows[i][13], entry.extra, session_.mariadb());
      draft->schema.columns.push_back(*std::move(column));
    }
    return ok();
  }

  [[nodiscard]] Status load_keys() {
    TRY_ASSIGN(const Rows rows,
               session_.query(cat("SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART FROM "
                                  "information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND ",
                                  where("TABLE_SCHEMA", database_, table_),
                                  " ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX")));
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      Draft* const draft = find(rows.text(i, 0), rows.text(i, 1));
      if (draft == nullptr) continue;
      Index& index = draft->unique[rows.text(i, 2)];
      const int ordinal = draft->schema.find(rows.text(i, 3));
      // The primary key counts even if it is over prefixes: its columns are then unique as a whole, too.
      const bool prefix = rows.rows[i][4].has_value() && rows.text(i, 2) != "PRIMARY";
      if (ordinal < 0 || prefix) {
        index.usable = false;
        continue;
      }
      index.columns.push_back(static_cast<uint16_t>(ordinal));
    }
    return ok();
  }

  [[nodiscard]] Status load_foreign_keys() {
    TRY_ASSIGN(const Rows rows,
               session_.query(cat("SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, "
                                  "REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM "
                                  "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND ",
                                  where("TABLE_SCHEMA", database_, table_),
                                  " ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION")));
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      Draft* const draft = find(rows.text(i, 0), rows.text(i, 1));
      const int ordinal = draft == nullptr ? -1 : draft->schema.find(rows.text(i, 3));
      if (ordinal < 0) continue;
      auto& keys = draft->schema.foreign_keys;
      if (keys.empty() || keys.back().name != rows.text(i, 2)) {
        keys.push_back({rows.text(i, 2), {}, {rows.text(i, 4), rows.text(i, 5)}, {}});
      }
      keys.back().columns.push_back(static_cast<uint16_t>(ordinal));
      keys.back().parent_columns.push_back(rows.text(i, 6));
    }
    return ok();
  }

  [[nodiscard]] Status load_key_actions() {
    TRY_ASSIGN(
        const Rows rows,
        session_.query(cat("SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM "
                           "information_schema.REFERENTIAL_CONSTRAINTS WHERE ",
                           where("CONSTRAINT_SCHEMA", database_, table_))));
    const auto action = [](const std::string& rule) {
      return rule == "CASCADE" ? KeyAction::kCascade : rule == "SET NULL" ? KeyAction::kSetNull : KeyAction::kNone;
    };
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      Draft* const draft = find(rows.text(i, 0), rows.text(i, 1));
      if (draft == nullptr) continue;
      for (ForeignKey& key : draft->schema.foreign_keys) {
        if (key.name != rows.text(i, 2)) continue;
        key.on_delete = action(rows.text(i, 3));
        key.on_update = action(rows.text(i, 4));
      }
    }
    for (auto& [name, draft] : drafts_) {
      const auto unknown = [](const ForeignKey& key) { return key.on_delete == KeyAction::kUnknown; };
      auto& keys = draft.schema.foreign_keys;
      if (std::any_of(keys.begin(), keys.end(), unknown)) TRY(show_key_actions(name, keys));
    }
    return ok();
  }

  // MariaDB shows that view only to those who may write; the statement that makes the table tells it, too.
  [[nodiscard]] Status show_key_actions(const TableName& name, std::vector<ForeignKey>& keys) {
    TRY_ASSIGN(const Rows rows, session_.query(cat("SHOW CREATE TABLE ", quote_name(name))));
    const std::string text = rows.empty() ? std::string() : rows.text(0, 1);
    for (ForeignKey& key : keys) {
      const size_t at = text.find(cat("\n  CONSTRAINT ", quote_identifier(key.name), " FOREIGN KEY "));
      if (at == std::string::npos) {
        return Error(Blame::kTransient, cat("foreign key ", key.name, " of ", name.text(), " is gone"));
      }
      const std::string line = text.substr(at, text.find('\n', at + 1) - at);
      const std::string tail = line.substr(line.rfind(')') + 1);
      const auto action = [&](std::string_view event) {
        if (tail.find(cat("ON ", event, " CASCADE")) != std::string::npos) return KeyAction::kCascade;
        return tail.find(cat("ON ", event, " SET NULL")) != std::string::npos ? KeyAction::kSetNull : KeyAction::kNone;
      };
      key.on_delete = action("DELETE");
      key.on_update = action("UPDATE");
    }
    return ok();
  }

  // The primary key, else the shortest unique key without NULLs (the first by name of equal ones).
  static void choose_key(Draft& draft) {
    TableSchema& schema = draft.schema;
    const Index* chosen = nullptr;
    for (const auto& [name, index] : draft.unique) {
      const bool nulls = std::any_of(
          index.columns.begin(), index.columns.end(), [&](uint16_t i) { return schema.columns[i].nullable; });
      if (!index.usable || nulls) continue;
      if (chosen == nullptr || index.columns.size() < chosen->columns.size()) chosen = &index;
    }
    const auto primary = draft.unique.find("PRIMARY");
    if (primary != draft.unique.end() && primary->second.usable) chosen = &primary->second;
    if (chosen != nullptr) schema.key = chosen->columns;
    for (const auto& [name, index] : draft.unique) {
      if (index.usable && &index != chosen) schema.unique_keys.push_back(index.columns);
    }
  }

  [[nodiscard]] std::vector<CatalogueTable> finish() {
    std::vector<CatalogueTable> tables;
    for (auto& [name, draft] : drafts_) {
      if (draft.schema.columns.empty()) continue;  // dropped between two of our queries
      choose_key(draft);
      draft.entry.schema = std::make_shared<const TableSchema>(std::move(draft.schema));
      tables.push_back(std::move(draft.entry));
    }
    return tables;
  }

  Connection& session_;
  const TableFilter& filter_;
  std::string database_;
  std::string table_;
  Drafts drafts_;
  std::set<std::pair<TableName, std::string>> json_;
};

}  // namespace

Result<std::vector<CatalogueTable>> load_tables(Connection& session, const TableFilter& filter) {
  return Loader(session, filter, filter.database(), "").load();
}

Result<std::vector<CatalogueTable>> load_table(Connection& session, const TableName& name) {
  const TableFilter all;
  return Loader(session, all, name.schema, name.table).load();
}

bool has_read_views(std::string_view engine) {
  return glob_matches("innodb", engine, true) || glob_matches("rocksdb", engine, true);
}

}  // namespace weft::mysql
