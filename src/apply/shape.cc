// SPDX-License-Identifier: Apache-2.0
#include "apply/shape.h"

#include <algorithm>

namespace weft {

std::vector<uint16_t> written_columns(const TargetTable& table) {
  std::vector<uint16_t> columns;
  columns.reserve(table.columns.size());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].generated) columns.push_back(static_cast<uint16_t>(i));
  }
  return columns;
}

bool full_image(const TargetTable& table, Row row) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i].is_unchanged() && !table.columns[i].generated) return false;
  }
  return !row.empty();
}

bool moves_key(const TableSchema& schema, Row before, Row after) {
  return std::any_of(schema.key.begin(), schema.key.end(), [&](uint16_t i) {
    return !after[i].is_unchanged() && !before[i].is_unchanged() && !after[i].same(before[i]);
  });
}

std::vector<uint16_t> changed_columns(const TargetTable& table, Row before, Row after) {
  std::vector<uint16_t> columns;
  for (size_t i = 0; i < after.size(); ++i) {
    if (table.columns[i].generated || after[i].is_unchanged()) continue;
    if (!before[i].is_unchanged() && before[i].same(after[i])) continue;
    columns.push_back(static_cast<uint16_t>(i));
  }
  // A key column whose old value is unknown in a partial before image is the key itself: it does not change.
  return columns;
}

uint64_t item_key_hash(const ApplyItem& item) {
  const Row row = item.what == ApplyItem::What::kInsert ? item.after : item.before;
  if (item.what == ApplyItem::What::kTruncate) return 0;
  if (item.table->source->keyless()) return hash_values(row);
  uint64_t h = 0x51ed270b7a1f3c49ULL;
  for (const uint16_t i : item.table->source->key) h = (h ^ row[i].hash()) * 0x9fb21c651e98df25ULL;
  return h ^ (h >> 31);
}

Shape shape_of(const ApplyItem& item) {
  Shape shape;
  shape.exact = item.expect == Expect::kExact;
  switch (item.what) {
    case ApplyItem::What::kInsert:
      shape.op = shape.exact || item.table->source->keyless() ? BatchOp::kInsert : BatchOp::kUpsert;
      shape.columns = written_columns(*item.table);
      break;
    case ApplyItem::What::kUpdate:
      shape.op = BatchOp::kUpdate;
      shape.columns = changed_columns(*item.table, item.before, item.after);
      shape.moves_key = moves_key(*item.table->source, item.before, item.after);
      break;
    case ApplyItem::What::kDelete:
      shape.op = BatchOp::kDelete;
      break;
    case ApplyItem::What::kTruncate:
      shape.op = BatchOp::kTruncate;
      shape.exact = false;
      break;
    case ApplyItem::What::kKeyActions:
      shape.op = BatchOp::kKeyActions;
      shape.exact = false;
      break;
  }
  return shape;
}

}  // namespace weft
