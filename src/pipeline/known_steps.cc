// SPDX-License-Identifier: Apache-2.0
#include "pipeline/known_steps.h"

#include <algorithm>

#include "base/text.h"

namespace weft {
namespace {

std::string steps_of(const TableSchema& schema) {
  return schema.taken ? schema.taken->steps : std::string();
}

std::string shown(const TableSchema& schema) {
  const std::string steps = steps_of(schema);
  return steps.empty() ? "none" : steps;
}

bool is_aside(const std::vector<TableStateRow>& states, const TableName& table) {
  return std::any_of(states.begin(), states.end(), [&](const TableStateRow& row) {
    return row.table == table && is_set_aside(row.state);
  });
}

}  // namespace

// A target table has its source's name without the schema, unless a step gave it one.
Status refuse_same_names(const std::vector<SchemaRef>& catalogue) {
  const auto named = [](const TableSchema& schema) { return schema.taken && schema.taken->names_schema; };
  for (const SchemaRef& one : catalogue) {
    for (const SchemaRef& other : catalogue) {
      if (one->name.table != other->name.table || one->name <= other->name) continue;
      if (named(*one) || named(*other)) continue;  // judged by the target's names
      return Error(
          Blame::kConfig,
          cat("tables ",
              other->name.text(),
              " and ",
              one->name.text(),
              " would both be ",
              one->name.table,
              " at the target: leave one out with --exclude, rename one (transform: - rename: {...}), or follow "
              "it in a pipeline of its own"));
    }
  }
  return ok();
}

Status refuse_same_targets(const std::vector<TargetTableRef>& tables) {
  for (size_t i = 0; i < tables.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (tables[i]->name.table.empty() || tables[i]->name != tables[j]->name) continue;
      return Error(Blame::kConfig,
                   cat("tables ",
                       tables[j]->source->name.text(),
                       " and ",
                       tables[i]->source->name.text(),
                       " would both be ",
                       tables[i]->name.text(),
                       " at the target: rename one of them to something else, or follow it in a pipeline of its own"));
    }
  }
  return ok();
}

Status refuse_other_steps(const std::vector<SchemaRef>& persisted,
                          const std::vector<SchemaRef>& catalogue,
                          const std::vector<TableStateRow>& states) {
  for (const SchemaRef& now : catalogue) {
    for (const SchemaRef& then : persisted) {
      if (at_source(*then).name != at_source(*now).name || is_aside(states, then->name)) continue;
      const std::string table = at_source(*now).name.text();
      if (then->name != now->name) {
        return Error(
                   Blame::kConfig,
                   cat("transform: table ",
                       table,
                       " was ",
                       then->name.text(),
                       " to this pipeline and would now be ",
                       now->name.text(),
                       ": take that back, or copy everything anew under another name (--name NEW --existing replace)"))
            .about(now->name.text());
      }
      if (steps_of(*then) == steps_of(*now)) continue;
      return Error(Blame::kConfig,
                   cat("transform: the rows of table ",
                       table,
                       " at the target came through other steps (",
                       shown(*then),
                       ") than now (",
                       shown(*now),
                       "): take that back, or have it copied again over its rows: weft resume FILE ",
                       now->name.text(),
                       ", then start again"))
          .about(now->name.text());
    }
  }
  return ok();
}

}  // namespace weft
