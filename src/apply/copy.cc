// SPDX-License-Identifier: Apache-2.0
#include "apply/copy.h"

#include <algorithm>

#include "apply/shape.h"

namespace weft {

void add_copy(const Ticket& ticket, std::span<const Row> rows, Group& group) {
  TableBatch batch;
  batch.table = ticket.copy_table;
  batch.rows.reserve(rows.size());
  for (const Row& row : rows) batch.rows.push_back({{}, row});
  const auto& unique_keys = ticket.copy_table->unique_keys;
  for (size_t i = 1; ticket.copy_replace && i < unique_keys.size(); ++i) {
    const auto computed = [&](uint16_t o) { return ticket.copy_table->columns[o].generated; };
    if (std::any_of(unique_keys[i].begin(), unique_keys[i].end(), computed)) continue;
    group.batches.push_back(batch);
    group.batches.back().op = BatchOp::kDeleteRivals;
    group.batches.back().columns = unique_keys[i];
  }
  batch.op = ticket.copy_op;
  batch.columns = written_columns(*ticket.copy_table);
  group.batches.push_back(std::move(batch));
}

}  // namespace weft
