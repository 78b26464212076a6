// SPDX-License-Identifier: Apache-2.0
// Steps: the `transform` of a pipeline as plain values, as its file says them (docs/transforms.md). They are taken in order, and
// each sees the names that the ones before it left. What they mean for one table is compiled in table_steps.h.
//
//   Steps steps{Renames{{"orders", "sales.orders"}, {"orders.cust", "customer"}}, ColumnChoices{{"customers", {}, {"ssn"}}}};
//
// A table is named `table` or `schema.table`, a column `table.column` or `schema.table.column`. Plain values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "transform/expression.h"

namespace weft::transform {

// Of a table or a column; `to` of a table may name a schema at the target, too.
struct Rename {
  std::string from;
  std::string to;

  bool operator==(const Rename&) const = default;
};

// The columns of a table that go on: those of `keep`, or all but those of `drop`. One of the two is empty.
struct ColumnChoice {
  std::string table;
  std::vector<std::string> keep;
  std::vector<std::string> drop;

  bool operator==(const ColumnChoice&) const = default;
};

// Rows of a table go on where the condition is true.
struct Filter {
  std::string table;
  Expression condition;

  bool operator==(const Filter&) const = default;
};

using Renames = std::vector<Rename>;
using ColumnChoices = std::vector<ColumnChoice>;
using Filters = std::vector<Filter>;
using Step = std::variant<Renames, ColumnChoices, Filters>;
using Steps = std::vector<Step>;

}  // namespace weft::transform
