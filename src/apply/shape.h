// SPDX-License-Identifier: Apache-2.0
// The statement shape of one item: operation, columns written, and whether the touched rows are counted. Pure.
#pragma once

#include <vector>

#include "apply/ticket.h"

namespace weft {

struct Shape {
  BatchOp op = BatchOp::kInsert;
  std::vector<uint16_t> columns;
  bool exact = true;
  bool moves_key = false;
};

[[nodiscard]] Shape shape_of(const ApplyItem& item);

// Columns of the source that are written at the target: those it does not compute itself.
[[nodiscard]] std::vector<uint16_t> written_columns(const TargetTable& table);
// Whether every written column of `row` is known.
[[nodiscard]] bool full_image(const TargetTable& table, Row row);
// Whether an update changes a key column.
[[nodiscard]] bool moves_key(const TableSchema& schema, Row before, Row after);
// Written columns that an update changes: known after, and different from a known before.
[[nodiscard]] std::vector<uint16_t> changed_columns(const TargetTable& table, Row before, Row after);
// A hash of the key that an item touches (before for update and delete, after for insert); whole row if keyless.
[[nodiscard]] uint64_t item_key_hash(const ApplyItem& item);

}  // namespace weft
