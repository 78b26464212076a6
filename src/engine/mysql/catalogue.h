// SPDX-License-Identifier: Apache-2.0
// The catalogue: information_schema of a MySQL or MariaDB server as TableSchemas.
//
//   TRY_ASSIGN(auto tables, load_tables(session, filter));
//
// Functions without state; the session's thread calls them. Views and sequences are no tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/mysql/connection.h"
#include "model/schema.h"
#include "model/table_filter.h"

namespace weft::mysql {

struct CatalogueTable {
  SchemaRef schema;
  std::string engine;  // "InnoDB"
  bool system_versioned = false;
  uint64_t rows_estimated = 0;
  uint64_t data_bytes = 0;
};

// Tables that the filter takes, sorted by name. A column of a type that we do not know is Blame::kConfig and names it.
[[nodiscard]] Result<std::vector<CatalogueTable>> load_tables(Connection& session, const TableFilter& filter);
// One table by its exact name; nullopt-like: an empty vector if it is not there.
[[nodiscard]] Result<std::vector<CatalogueTable>> load_table(Connection& session, const TableName& name);
// InnoDB and what shares its read views: a read under a snapshot is a read of one moment.
[[nodiscard]] bool has_read_views(std::string_view engine);

}  // namespace weft::mysql
