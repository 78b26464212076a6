// SPDX-License-Identifier: Apache-2.0
#include "pipeline/reshape.h"

#include "base/text.h"

namespace weft {
namespace {

Error not_known(const TableSchema& table, const Column& column, std::string_view why) {
  return Error(Blame::kData,
               cat("table ",
                   table.name.text(),
                   ": column ",
                   column.name,
                   " ",
                   why,
                   " since the change: weft resume copies the table again, and this row with it"));
}

// What rows that were there got in a column, from the first version that has it.
Result<Value> added_value(const TableSchema& now,
                          const Column& column,
                          const std::vector<SchemaRef>& versions,
                          std::vector<std::shared_ptr<OwnedRow>>& kept) {
  const Column* first = &column;
  for (const SchemaRef& version : versions) {
    const int at = version->name == now.name ? version->find(column.name) : -1;
    if (at < 0) continue;
    first = &version->columns[static_cast<size_t>(at)];
    break;
  }
  if (!first->default_value.empty()) {
    TRY_ASSIGN(OwnedRow value, decode_key(first->default_value));
    if (value.row().size() == 1) {
      kept.push_back(std::make_shared<OwnedRow>(std::move(value)));
      return kept.back()->row()[0];
    }
  }
  if (first->generated) return Value::unchanged();
  if (first->nullable) return Value::null();
  return not_known(now, column, "was added, with a value that is not known,");
}

}  // namespace

SchemaRef newest_shape(const std::vector<SchemaRef>& versions, const TableName& table) {
  for (auto at = versions.rbegin(); at != versions.rend(); ++at) {
    if ((*at)->name == table && !(*at)->columns.empty()) return *at;
  }
  return nullptr;
}

Result<std::vector<Value>> reshape(const TableSchema& then,
                                   Row row,
                                   bool partial,
                                   const std::vector<SchemaRef>& versions,
                                   std::vector<std::shared_ptr<OwnedRow>>& kept) {
  std::vector<Value> out;
  if (row.empty()) return out;
  const SchemaRef now = newest_shape(versions, then.name);
  if (!now || same_shape(*now, then)) return std::vector<Value>(row.begin(), row.end());
  if (row.size() != then.columns.size()) return Error(Blame::kData, "a row of another width than its table");
  for (const Column& column : now->columns) {
    const int at = then.find(column.name);
    if (at >= 0) {
      if (then.columns[static_cast<size_t>(at)].kind != column.kind) return not_known(*now, column, "has another type");
      out.push_back(row[static_cast<size_t>(at)]);
    } else if (partial) {
      out.push_back(Value::unchanged());
    } else {
      TRY_ASSIGN(const Value value, added_value(*now, column, versions, kept));
      out.push_back(value);
    }
  }
  return out;
}

}  // namespace weft
