// SPDX-License-Identifier: Apache-2.0
// TableSteps: what the steps of a pipeline mean for one shape of one table: the shape that goes on, and where its columns come
// from.
//
//   const TableSteps steps = compile(all, schema, tables);
//   if (steps.schema->unfit().empty()) row = steps.project(row, arena);
//
// Compiling never fails: where the steps don't fit a shape (a column that they name is not in it), the shape that goes on says
// so (TableSchema::unfit), and whoever would apply its rows refuses them. For a shape may be one of the past, or of the
// future, of which no row ever comes.
// Immutable; any thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/slab.h"
#include "model/change.h"
#include "transform/predicate.h"
#include "transform/steps.h"

namespace weft::transform {

// One thing that the steps name: number of the step, and of the entry inside of it.
using Mention = std::pair<size_t, size_t>;

struct TableSteps {
  SchemaRef source;
  SchemaRef schema;                // what goes on; `source` itself if no step has anything to do
  bool projects = false;           // whether the columns are not those of the source in their order
  std::vector<uint16_t> columns;   // for each column of `schema` its ordinal at the source
  std::vector<Predicate> filters;  // over rows of the source; all of them must match
  SchemaRef undecided;             // `schema` for rows of which they can't tell; null without filters
  std::vector<Mention> mentioned;  // of the steps' entries those that are about this table

  [[nodiscard]] bool identity() const { return schema == source; }

  // Whether a row of the source goes on.
  [[nodiscard]] Match judge(Row row) const;
  // Whether a filter looks at a column that is not of the key.
  [[nodiscard]] bool filters_beyond_key() const;
  // The row's values that go on; a view of `row` if that is all of them. An empty row stays empty.
  [[nodiscard]] Row project(Row row, Arena& arena) const;
};

// `tables`: all tables of the source by their own names, by which "a.b" is told to be a table or a column.
[[nodiscard]] TableSteps compile(const Steps& steps, const SchemaRef& source, const std::set<TableName>& tables);

// The name that a table goes on under, and whether a step gave it a schema.
struct NewName {
  TableName name;
  bool names_schema = false;
};

[[nodiscard]] NewName renamed(const Steps& steps, const TableName& table, const std::set<TableName>& tables);
// The name that a column of the table would go on under; empty: it does not go on.
[[nodiscard]] std::string renamed_column(const Steps& steps,
                                         const TableName& table,
                                         const std::string& column,
                                         const std::set<TableName>& tables);

// What the steps name and none of these shapes has, one text each. `shapes`: compiled, of all tables.
[[nodiscard]] std::vector<std::string> unmatched(const Steps& steps, const std::vector<TableSteps>& shapes);

}  // namespace weft::transform
