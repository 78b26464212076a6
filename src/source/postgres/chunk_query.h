// SPDX-License-Identifier: Apache-2.0
// The SELECT statements of a table reader, with the parameters that go with them, as text that is cast to the column's base
// type: the column keeps its own collation so, which an index and ORDER BY have too. Key ranges are row comparisons, which
// PostgreSQL looks up in an index. Pure; any thread.
//
//   ("a","b") > ($1::integer,$2::text) AND ("a","b") <= ($3::integer,$4::text) ORDER BY "a","b"
#pragma once

#include <span>
#include <string>

#include "engine/postgres/connection.h"
#include "model/row.h"
#include "source/postgres/catalogue.h"

namespace weft::postgres {

struct Query {
  std::string sql;
  TextParams params;
};

// Where values stand: beside the statement, or in it, for statements that take none (COPY).
enum class Values : uint8_t { kBeside, kInside };

// As PostgreSQL reads it: cast to the type of a column it is the value again.
[[nodiscard]] std::string parameter_text(const Value& value);

// "ONLY" keeps rows of tables that inherit from it out: they are tables of their own.
[[nodiscard]] std::string from_table(const CatalogueTable& table);

// For all below: `table.schema` names the columns and the key, in this order.
// The rows of (after, upto] in key order; either bound may be null. REQUIRES: a key.
[[nodiscard]] Query range_query(const CatalogueTable& table,
                                const OwnedRow* after,
                                const OwnedRow* upto,
                                Values values = Values::kBeside);
// All rows, in any order.
[[nodiscard]] Query whole_query(const CatalogueTable& table);
// The rows with these keys. REQUIRES: a key, at least one value.
[[nodiscard]] Query keys_query(const CatalogueTable& table, std::span<const OwnedRow> keys);

}  // namespace weft::postgres
