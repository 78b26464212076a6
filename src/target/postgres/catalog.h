// SPDX-License-Identifier: Apache-2.0
// What the target's catalogue says about one table: columns with base types, unique indexes, foreign keys, triggers.
// CatalogTable is a plain value; read_table uses a Connection, its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/postgres/connection.h"
#include "engine/postgres/types.h"
#include "model/schema.h"

namespace weft::postgres {

struct CatalogColumn {
  int number = 0;  // attnum
  std::string name;
  CatalogType type;
  bool not_null = false;
  bool has_default = false;
  bool generated = false;
  bool identity = false;
  bool identity_always = false;
};

struct CatalogIndex {
  std::string name;
  bool primary = false;
  bool valid = true;
  bool immediate = true;  // not deferrable
  bool partial = false;
  bool expressions = false;
  bool folding = false;  // a nondeterministic collation: values that differ in bytes may be equal
  bool exclusion = false;
  std::vector<int> columns;  // attnums
};

struct CatalogForeignKey {
  std::string name;
  std::vector<int> columns;  // attnums
  TableName parent;
  std::vector<std::string> parent_columns;
  bool deferrable = false;
  KeyAction on_delete = KeyAction::kNone;  // as far as it is carried out
  KeyAction on_update = KeyAction::kNone;
};

struct CatalogTable {
  TableName name;
  char kind = 'r';          // relkind
  std::string role;         // ours
  bool referenced = false;  // by foreign keys of other tables
  bool row_security = false;
  bool may_select = false, may_insert = false, may_update = false, may_delete = false, may_truncate = false;
  std::vector<CatalogColumn> columns;
  std::vector<CatalogIndex> unique_indexes;     // primary key first
  std::vector<CatalogForeignKey> foreign_keys;  // active ones
  std::vector<std::string> triggers;            // user triggers that fire
};

// None: no such table. `replica`: sessions run with session_replication_role = replica, even if this one does not.
[[nodiscard]] Result<std::optional<CatalogTable>> read_table(Connection& connection,
                                                             const TableName& name,
                                                             bool replica);

// The first schema of the role's search_path that exists.
[[nodiscard]] Result<std::string> default_schema(const Connection& connection);

// Where a table goes: into `schema`, or into that of its name if it is kept or a step gave it.
[[nodiscard]] TableName name_at_target(const TableSchema& source, const std::string& schema, bool keep_schema);

}  // namespace weft::postgres
