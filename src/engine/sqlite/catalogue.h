// SPDX-License-Identifier: Apache-2.0
// What an SQLite database says about its tables (sqlite.org/pragma.html#pragma_table_list and neighbours). CatalogTable is a plain
// value; the functions use a Connection, its one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/sqlite/connection.h"
#include "model/schema.h"

namespace weft::sqlite {

// sqlite.org/datatype3.html section 3.1; of a STRICT table by the type's name, where ANY changes nothing.
enum class Affinity : uint8_t { kInteger, kText, kBlob, kReal, kNumeric };

struct CatalogColumn {
  std::string name;
  std::string type;  // as declared
  Affinity affinity = Affinity::kBlob;
  bool not_null = false;
  std::optional<std::string> default_value;  // an expression
  int key_place = 0;                         // in the primary key, from 1; 0: not part of it
  bool generated = false;
  bool hidden = false;  // of a virtual table
};

struct CatalogIndex {
  std::string name;
  bool primary = false;
  bool partial = false;
  bool expressions = false;
  std::string where;                    // of a partial one, as its statement has it
  std::vector<int> columns;             // ordinals
  std::vector<std::string> collations;  // of each: BINARY, NOCASE, RTRIM or the application's
};

struct CatalogForeignKey {
  int id = 0;
  std::vector<int> columns;  // ordinals
  std::string parent;
  std::vector<std::string> parent_columns;  // empty: the parent's primary key
  KeyAction on_delete = KeyAction::kNone;
  KeyAction on_update = KeyAction::kNone;
  bool sets_default = false;  // an action SET DEFAULT, which KeyAction has no word for
};

struct CatalogTrigger {
  std::string name;
  std::string sql;
  int64_t made = 0;  // its row in sqlite_schema: of two, the later one fires first
};

struct CatalogTable {
  std::string name;
  std::string kind;  // "table", "view", "virtual", "shadow"
  std::string sql;   // as sqlite_schema has it
  bool without_rowid = false;
  bool strict = false;
  int rowid_column = -1;  // ordinal of INTEGER PRIMARY KEY, which is the rowid
  bool autoincrement = false;
  std::vector<CatalogColumn> columns;
  std::vector<CatalogIndex> unique_indexes;  // primary key first (a rowid alias has no index, and is not among them)
  std::vector<CatalogForeignKey> foreign_keys;
  std::vector<CatalogTrigger> triggers;

  // Ordinals of the primary key, in its order; empty: none.
  [[nodiscard]] std::vector<int> primary_key() const;
};

[[nodiscard]] Affinity affinity_of(std::string_view declared, bool strict);

// None: no such table or view. Names are matched as SQLite does, ignoring the case of ASCII.
[[nodiscard]] Result<std::optional<CatalogTable>> read_table(Connection& connection, std::string_view name);
// Names of ordinary tables (no views, no virtual ones), without SQLite's own and without those that begin with `_weft_`.
[[nodiscard]] Result<std::vector<std::string>> table_names(Connection& connection);
// Changes with each DDL statement.
[[nodiscard]] Result<int64_t> schema_version(Connection& connection);
// Changes when another connection has committed.
[[nodiscard]] Result<int64_t> data_version(Connection& connection);

}  // namespace weft::sqlite
