// SPDX-License-Identifier: Apache-2.0
#include "transform/table_steps.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"
#include "transform/walk.h"

namespace weft::transform {
namespace {

// Gives the entries that are about the table.
std::vector<Mention> walk_through(const Steps& steps, Walk& walk) {
  std::vector<Mention> mentioned;
  for (size_t step = 0; step < steps.size(); ++step) {
    std::vector<size_t> about;
    std::visit([&](const auto& entries) { walk.take(entries, about); }, steps[step]);
    for (const size_t entry : about) mentioned.emplace_back(step, entry);
  }
  return mentioned;
}

std::vector<Walk::Column> columns_of(const TableSchema& schema) {
  std::vector<Walk::Column> columns;
  for (uint16_t i = 0; i < schema.columns.size(); ++i) {
    const bool key = std::find(schema.key.begin(), schema.key.end(), i) != schema.key.end();
    columns.push_back({schema.columns[i].name, i, key});
  }
  return columns;
}

// New ordinals for old ones; nullopt if one of the columns does not go on.
std::optional<std::vector<uint16_t>> moved(const std::vector<uint16_t>& ordinals, const std::vector<int>& now) {
  std::vector<uint16_t> out;
  for (const uint16_t o : ordinals) {
    if (now[o] < 0) return std::nullopt;
    out.push_back(static_cast<uint16_t>(now[o]));
  }
  return out;
}

// The key as it is called after the steps; nullopt if its columns do not go on.
std::optional<ForeignKey> moved_key(const Steps& steps,
                                    const ForeignKey& key,
                                    const std::vector<int>& now,
                                    const std::set<TableName>& tables) {
  auto columns = moved(key.columns, now);
  if (!columns) return std::nullopt;
  ForeignKey out = key;
  out.columns = *std::move(columns);
  out.parent = renamed(steps, key.parent, tables).name;
  for (std::string& column : out.parent_columns) {
    std::string name = renamed_column(steps, key.parent, column, tables);
    if (name.empty()) return std::nullopt;
    column = std::move(name);
  }
  return out;
}

// Two columns of one name.
void check_names(Walk& walk) {
  std::map<std::string, int> names;
  for (const Walk::Column& c : walk.columns()) {
    if (++names[c.name] != 2) continue;
    walk.problem(
        cat("two columns of table ", walk.name().text(), " would both be ", c.name, ": rename the other one, too"));
  }
  if (walk.columns().empty()) walk.problem(cat("no column of table ", walk.name().text(), " is left"));
}

TableSchema shape_of(const Steps& steps,
                     const TableSchema& source,
                     const Walk& walk,
                     const std::set<TableName>& tables) {
  TableSchema out;
  out.name = walk.name();
  out.version = source.version;
  std::vector<int> now(source.columns.size(), -1);
  for (const Walk::Column& c : walk.columns()) {
    now[c.ordinal] = static_cast<int>(out.columns.size());
    out.columns.push_back(source.columns[c.ordinal]);
    out.columns.back().name = c.name;
  }
  out.key = moved(source.key, now).value_or(std::vector<uint16_t>());
  for (const std::vector<uint16_t>& unique : source.unique_keys) {
    if (auto there = moved(unique, now)) out.unique_keys.push_back(*std::move(there));
  }
  for (const ForeignKey& key : source.foreign_keys) {
    if (auto there = moved_key(steps, key, now, tables)) out.foreign_keys.push_back(*std::move(there));
  }
  return out;
}

std::vector<Predicate> bind_filters(const TableSchema& source, Walk& walk) {
  std::vector<Predicate> filters;
  for (const Walk::Condition& condition : walk.conditions()) {
    std::vector<NamedColumn> columns;
    for (const Walk::Column& c : condition.columns) columns.push_back({c.name, c.ordinal, &source.columns[c.ordinal]});
    Result<Predicate> bound = Predicate::bind(*condition.expression, columns);
    if (bound) {
      filters.push_back(*std::move(bound));
    } else {
      walk.problem(cat("filter of table ", walk.name().text(), ": ", bound.error().message()));
    }
  }
  return filters;
}

// Rows of it are refused wherever they would be applied.
SchemaRef undecided_twin(const TableSchema& schema, const StepsTaken& taken) {
  auto reason = std::make_shared<StepsTaken>(taken);
  reason->unfit =
      "the filter can't tell whether this row goes on: the log does not hold the values that it needs, or they are not "
      "of "
      "their column's type; let the source log full rows (docs/transforms.md), then have the table copied again with "
      "weft "
      "resume";
  auto twin = std::make_shared<TableSchema>(schema);
  twin->taken = std::move(reason);
  return twin;
}

std::string joined_by(const std::vector<std::string>& texts, std::string_view by) {
  std::string out;
  for (const std::string& text : texts) out += cat(out.empty() ? "" : by, text);
  return out;
}

// The table that an entry names, and the step's word.
std::pair<std::string, std::string_view> named_by(const Rename& entry) {
  return {entry.from, "rename"};
}

std::pair<std::string, std::string_view> named_by(const Filter& entry) {
  return {entry.table, "filter"};
}

std::pair<std::string, std::string_view> named_by(const ColumnChoice& entry) {
  return {entry.table, "columns"};
}

}  // namespace

Row TableSteps::project(Row row, Arena& arena) const {
  if (!projects || row.empty()) return row;
  const std::span<Value> out = arena.array<Value>(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) out[i] = row[columns[i]];
  return out;
}

Match TableSteps::judge(Row row) const {
  Match out = Match::kYes;
  for (const Predicate& filter : filters) {
    const Match match = filter.judge(row);
    if (match == Match::kNo) return match;
    if (match == Match::kUnknown) out = match;
  }
  return out;
}

bool TableSteps::filters_beyond_key() const {
  const auto of_key = [&](uint16_t o) {
    return std::find(source->key.begin(), source->key.end(), o) != source->key.end();
  };
  return std::any_of(filters.begin(), filters.end(), [&](const Predicate& filter) {
    return !std::all_of(filter.columns().begin(), filter.columns().end(), of_key);
  });
}

TableSteps compile(const Steps& steps, const SchemaRef& source, const std::set<TableName>& tables) {
  TableSteps out;
  out.source = source;
  const bool known = !source->columns.empty();
  Walk walk(source->name, columns_of(*source), known, tables);
  out.mentioned = walk_through(steps, walk);
  if (known) check_names(walk);
  if (known) out.filters = bind_filters(*source, walk);
  TableSchema schema = shape_of(steps, *source, walk, tables);
  for (const Walk::Column& c : walk.columns()) out.columns.push_back(c.ordinal);
  out.projects = out.columns.size() != source->columns.size();
  if (out.mentioned.empty() && schema.foreign_keys == source->foreign_keys) {
    out.schema = source;
    return out;
  }
  auto taken = std::make_shared<StepsTaken>();
  taken->source = source;
  taken->steps = walk.text();
  taken->names_schema = walk.names_schema();
  taken->unfit = joined_by(walk.problems(), "; ");
  if (!out.filters.empty()) out.undecided = undecided_twin(schema, *taken);
  schema.taken = std::move(taken);
  out.schema = std::make_shared<const TableSchema>(std::move(schema));
  return out;
}

NewName renamed(const Steps& steps, const TableName& table, const std::set<TableName>& tables) {
  Walk walk(table, {}, false, tables);
  (void)walk_through(steps, walk);
  return {walk.name(), walk.names_schema()};
}

std::string renamed_column(const Steps& steps,
                           const TableName& table,
                           const std::string& column,
                           const std::set<TableName>& tables) {
  Walk walk(table, {{column, 0, false}}, false, tables);
  (void)walk_through(steps, walk);
  return walk.columns().empty() ? std::string() : walk.columns()[0].name;
}

std::vector<std::string> unmatched(const Steps& steps, const std::vector<TableSteps>& shapes) {
  std::set<Mention> mentioned;
  std::vector<std::string> known;
  for (const TableSteps& shape : shapes) {
    mentioned.insert(shape.mentioned.begin(), shape.mentioned.end());
    for (const TableSchema* schema : {shape.source.get(), shape.schema.get()}) {
      known.push_back(schema->name.table);
      known.push_back(schema->name.text());
      for (const Column& c : schema->columns) known.push_back(cat(schema->name.table, ".", c.name));
    }
  }
  std::vector<std::string> problems;
  for (size_t step = 0; step < steps.size(); ++step) {
    const auto look = [&](const auto& entries) {
      for (size_t i = 0; i < entries.size(); ++i) {
        if (mentioned.contains({step, i})) continue;
        const auto [name, word] = named_by(entries[i]);
        problems.push_back(
            cat(word, " names ", name, ", which is nothing that is captured", nearest_hint(name, known)));
      }
    };
    std::visit(look, steps[step]);
  }
  return problems;
}

}  // namespace weft::transform
