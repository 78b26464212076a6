// SPDX-License-Identifier: Apache-2.0
// What copying brings between the transactions of the stream: chunks, single keys, and holes.
#include "pipeline/admission.h"
#include "snapshot/judge.h"

namespace weft {

// A chunk goes between transactions, as a ticket of its own.
Result<bool> Admission::take_chunk() {
  if (ticket_) return false;  // what is already in the open ticket comes first
  std::optional<ReadyChunk> ready = merge_.chunk(next_ != nullptr ? batch_.get() : nullptr, next_);
  if (!ready) return false;
  TRY_ASSIGN(const TargetTableRef table, target_table(ready->chunk.schema));
  full_ = true;
  merge_.admitted_chunk(*ready);
  if (!ready->holes.empty()) {
    add_keys(*std::move(ready), table);
    return true;
  }
  Ticket& ticket = open_ticket();
  ticket.copy_table = table;
  ticket.copy_op = table->source->keyless() ? BatchOp::kCopy : ready->op;
  ticket.copy_clear = ready->clear_first;
  ticket.copy_replace = ready->replace && !table->source->keyless();
  ticket.alone = ready->clear_first;
  put_state(ready->state);
  ticket.bytes = ready->chunk.bytes;
  ticket.copy_rows = std::move(ready->chunk.rows);
  ticket.keep.push_back(std::make_shared<std::vector<SlabRef>>(std::move(ready->chunk.slabs)));
  return true;
}

// Rows read again by their keys: whatever the target has of them gives way.
void Admission::add_keys(ReadyChunk ready, const TargetTableRef& table) {
  Ticket& ticket = open_ticket();
  ticket.copied_keys = true;
  ticket.mode = ApplyMode::kRuns;
  ticket.alone = ready.sweep;  // behind the rows that hang on them
  for (const OwnedRow& key : ready.holes) {
    add_item({table, ApplyItem::What::kDelete, Expect::kLoose, key_row(*ready.chunk.schema, key.row()), {}});
  }
  for (const Row& row : ready.chunk.rows) add_item({table, ApplyItem::What::kInsert, Expect::kLoose, {}, row});
  put_state(ready.state);
  ticket.bytes = ready.chunk.bytes;
  ticket.keep.push_back(std::make_shared<Chunk>(std::move(ready.chunk)));
}

// The rows of both keys go; the merge passes the new one over until it has been read.
void Admission::open_hole(const RowChange& change, const TargetTableRef& table) {
  const Row key = key_row(*change.schema, key_after(change).row());
  add_item({table, ApplyItem::What::kDelete, Expect::kLoose, key, {}});
  put_state(merge_.open_hole(change));
  full_ = true;  // progress passes this transaction only together with the hole
}

// A row of which only the key is known; kept by the open ticket.
Row Admission::key_row(const TableSchema& schema, Row key) {
  std::vector<Value> values(schema.columns.size(), Value::unchanged());
  for (size_t i = 0; i < schema.key.size(); ++i) values[schema.key[i]] = key[i];
  const auto owned = std::make_shared<OwnedRow>(values);
  open_ticket().keep.push_back(owned);
  return owned->row();
}

}  // namespace weft
