// SPDX-License-Identifier: Apache-2.0
#include "apply/change_rows.h"

#include "apply/shape.h"

namespace weft {

using What = ApplyItem::What;

std::string table_of(const ApplyItem& item) {
  return item.table->source->name.text();
}

std::string code_of(const TableSchema& schema, Row row) {
  return schema.keyless() ? encode_key(row) : encode_key(key_of(schema, row).row());
}

ApplyItem as_loose(const ApplyItem& like, What what, Row before, Row after) {
  ApplyItem item = like;
  item.what = what;
  item.expect = Expect::kLoose;
  item.before = before;
  item.after = after;
  item.leads = false;
  return item;
}

Row row_after(const ApplyItem& change, Arena& arena) {
  if (change.what != What::kUpdate || change.before.empty()) return change.after;
  const std::span<Value> row = arena.array<Value>(change.after.size());
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = change.after[i].is_unchanged() ? change.before[i] : change.after[i];
  }
  return row;
}

std::vector<ApplyItem> overriding(const ApplyItem& change, Arena& arena) {
  const TableSchema& schema = *change.table->source;
  std::vector<ApplyItem> items;
  const Row after = change.what == What::kDelete ? Row() : row_after(change, arena);
  if (!after.empty() && !full_image(*change.table, after)) return items;
  const bool moves = change.what == What::kUpdate && moves_key(schema, change.before, change.after);
  if (after.empty() || moves) items.push_back(as_loose(change, What::kDelete, change.before, {}));
  if (!after.empty()) items.push_back(as_loose(change, What::kInsert, {}, after));
  return items;
}

}  // namespace weft
