// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL's catalogue says of the tables to be captured. A session of the caller's; nothing is changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/pgoutput/binary_values.h"
#include "engine/postgres/connection.h"
#include "model/schema.h"

namespace weft::postgres {

struct CatalogueTable {
  uint32_t oid = 0;
  SchemaRef schema;
  char identity = 'd';  // pg_class.relreplident: d default, f full, i index, n nothing
  // Ordinals that old images carry: of the key (d), the index (i), all (f), none (n).
  std::vector<uint16_t> identity_columns;
  bool partitioned = false;  // a partitioned table; its partitions are not listed
  // What a text is cast to for each column: its type, of a domain the base type, without a modifier.
  std::vector<std::string> cast_types;
  std::vector<bool> has_default;  // by column

  struct Type {
    uint32_t oid = 0;                             // of the column itself, as the stream names it
    pgoutput::Form form = pgoutput::Form::kNone;  // of its values; kNone: they have to be asked for as text
  };

  std::vector<Type> types;  // by column

  // All values can be asked for in binary form.
  [[nodiscard]] bool readable_in_binary() const;
};

// Ordinary and partitioned tables of all schemas but the system's and weft's own, partitions under their root.
[[nodiscard]] Result<std::vector<CatalogueTable>> load_tables(Connection& session);
// One table; empty if it is gone.
[[nodiscard]] Result<std::vector<CatalogueTable>> load_table(Connection& session, const TableName& name);
// A text that is another one whenever load_table() might say something else of the table's columns and keys: one cheap
// statement. Empty if the table is gone.
[[nodiscard]] Result<std::string> shape_mark(Connection& session, const TableName& name);

}  // namespace weft::postgres
