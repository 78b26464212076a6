// SPDX-License-Identifier: Apache-2.0
// What the target's information_schema says about one table: columns with what they keep, unique indexes, foreign keys,
// triggers. CatalogTable is a plain value; read_table uses a Connection, its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/mysql/connection.h"
#include "model/schema.h"
#include "target/mysql/storage.h"

namespace weft::mysql {

struct CatalogColumn {
  std::string name;
  Storage storage;
  bool not_null = false;
  bool has_default = false;
  bool generated = false;
  bool auto_increment = false;
  bool on_update = false;  // TIMESTAMP ... ON UPDATE: takes the time of whatever changes its row
};

struct CatalogIndex {
  std::string name;
  bool primary = false;
  bool partial = false;  // over prefixes, expressions or periods
  std::vector<size_t> columns;  // places in CatalogTable::columns
};

struct CatalogForeignKey {
  std::string name;
  std::vector<size_t> columns;
  TableName parent;
  std::vector<std::string> parent_columns;
  KeyAction on_delete = KeyAction::kNone;
  KeyAction on_update = KeyAction::kNone;
};

struct CatalogTable {
  TableName name;
  std::string engine;
  bool view = false;
  bool system_versioned = false;
  uint64_t rows_estimated = 0;
  std::vector<CatalogColumn> columns;
  std::vector<CatalogIndex> unique_indexes;  // primary key first
  std::vector<std::string> first_columns;    // NOT NULL ones that an index begins with
  std::vector<CatalogForeignKey> foreign_keys;
  std::vector<std::string> triggers;
};

// None: no such table. Names of databases and tables are folded as the server compares them.
[[nodiscard]] Result<std::optional<CatalogTable>> read_table(Connection& session, const TableName& name);
// Lower case where the server's names of tables have none.
[[nodiscard]] TableName folded(TableName name, const ServerFacts& facts);

}  // namespace weft::mysql
