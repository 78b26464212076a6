// SPDX-License-Identifier: Apache-2.0
#include "verify/table_pair.h"

#include <algorithm>

#include "base/text.h"
#include "verify/key_value.h"

namespace weft::verify {
namespace {

bool in_key(const TableSchema& schema, uint16_t ordinal) {
  return std::find(schema.key.begin(), schema.key.end(), ordinal) != schema.key.end();
}

// What the pair of columns of a source column is; none if it is not compared.
std::optional<ColumnPair> pair_column(
    const TableSchema& source, uint16_t ordinal, const TargetColumn& at, const TableSchema& target, JsonForms json) {
  const int found = at.missing || at.generated ? -1 : target.find(at.name);
  if (found < 0) return std::nullopt;
  ColumnPair pair;
  pair.name = source.columns[ordinal].name;
  pair.ordinal[0] = ordinal;
  pair.ordinal[1] = static_cast<uint16_t>(found);
  pair.form = form_of(source.columns[ordinal], target.columns[static_cast<size_t>(found)], json);
  return pair;
}

// The place of each key column of `side` among the pairs of the key; empty if that side's key is another.
std::vector<size_t> key_order(const TablePair& pair, Side side) {
  const auto s = static_cast<size_t>(side);
  const std::vector<uint16_t>& key = pair.schema[s]->key;
  std::vector<size_t> order;
  for (const uint16_t ordinal : key) {
    for (size_t i = 0; i < pair.key_columns; ++i) {
      if (pair.columns[i].ordinal[s] == ordinal) order.push_back(i);
    }
  }
  if (order.size() != key.size() || order.size() != pair.key_columns) order.clear();
  return order;
}

}  // namespace

size_t TablePair::write_row(Side side, Row row, std::string& out) const {
  const auto s = static_cast<size_t>(side);
  out.clear();
  size_t key_size = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    append_canonical(columns[i].form, row[columns[i].ordinal[s]], out);
    if (i + 1 == key_columns) key_size = out.size();
  }
  return keyless() ? out.size() : key_size;
}

OwnedRow TablePair::own_key(Side side, Row row) const {
  return key_of(*schema[static_cast<size_t>(side)], row);
}

OwnedRow TablePair::key_for(Side to, const OwnedRow& own_key_of_other) const {
  const auto t = static_cast<size_t>(to);
  const std::vector<size_t> from_order = key_order(*this, other(to));
  const std::vector<size_t> to_order = key_order(*this, to);
  Arena arena(256);
  std::vector<Value> values;
  for (size_t k = 0; k < to_order.size(); ++k) {
    const auto at = std::find(from_order.begin(), from_order.end(), to_order[k]);
    const Value value = own_key_of_other.row()[static_cast<size_t>(at - from_order.begin())];
    values.push_back(as_value_of(schema[t]->columns[schema[t]->key[k]], value, arena));
  }
  return OwnedRow(values);
}

Result<TablePair> pair_tables(const SchemaRef& source,
                              const TargetTable& matched,
                              const SchemaRef& target,
                              JsonForms json) {
  TablePair pair;
  pair.schema[0] = source;
  pair.schema[1] = target;
  const auto add = [&](uint16_t ordinal) {
    auto column = pair_column(*source, ordinal, matched.columns[ordinal], *target, json);
    if (column) pair.columns.push_back(*std::move(column));
    return column.has_value();
  };
  bool whole_key = !source->keyless();
  for (const uint16_t ordinal : source->key) whole_key = add(ordinal) && whole_key;
  pair.key_columns = whole_key ? pair.columns.size() : 0;
  for (uint16_t i = 0; i < source->columns.size(); ++i) {
    if (in_key(*source, i)) continue;
    if (!add(i)) pair.left_out.push_back(source->columns[i].name);
  }
  if (pair.columns.empty()) {
    return Error(Blame::kConfig,
                 cat("table ",
                     source->name.text(),
                     " has no column that ",
                     target->name.text(),
                     " at the target has too: leave it out with --exclude"))
        .about(source->name.text());
  }
  pair.by_key = pair.key_columns > 0 && !key_order(pair, Side::kTarget).empty();
  pair.ordered = pair.by_key && source->key.size() == target->key.size();
  for (size_t i = 0; i < pair.key_columns && pair.ordered; ++i) {
    const Column& ours = source->columns[pair.columns[i].ordinal[0]];
    const Column& theirs = target->columns[pair.columns[i].ordinal[1]];
    // The order of the columns within the key is part of the order of its ranges.
    pair.ordered = same_order(ours, theirs) && target->key[i] == pair.columns[i].ordinal[1];
  }
  return pair;
}

}  // namespace weft::verify
