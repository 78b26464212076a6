// SPDX-License-Identifier: Apache-2.0
// RowLimit: a row that takes more than a quarter of the memory budget is refused by name (hard case 27): beside a few of
// its kind in queues and groups the process would leave its budget. Pure.
#pragma once

#include <cstdint>

#include "model/row.h"

namespace weft {

class RowLimit {
 public:
  explicit RowLimit(size_t memory_bytes) : memory_(memory_bytes) {}

  // What takes no more than this has no row to be looked at.
  [[nodiscard]] size_t bytes() const { return memory_ / 4; }

  // kData if the images of one row (`before` may be empty) are larger; names table, key, size, budget and what to raise.
  [[nodiscard]] Status check(const TableSchema& schema, Row before, Row after) const;

 private:
  size_t memory_;
};

}  // namespace weft
