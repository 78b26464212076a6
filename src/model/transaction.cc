// SPDX-License-Identifier: Apache-2.0
#include "model/transaction.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace weft {

SchemaRef Batch::schema(const TableSchema* schema) const {
  for (const SchemaRef& kept : schemas_) {
    if (kept.get() == schema) return kept;
  }
  return nullptr;
}

void BatchBuilder::keep(const SchemaRef& schema) {
  if (!schemas_.empty() && schemas_.back() == schema) return;
  if (std::find(schemas_.begin(), schemas_.end(), schema) == schemas_.end()) schemas_.push_back(schema);
}

void BatchBuilder::keep(SlabRef slab) {
  if (!slabs_.empty() && slabs_.back() == slab) return;
  slabs_.push_back(std::move(slab));
}

// Its slabs serve other batches, too: what counts is what it counts of them, not their size.
void BatchBuilder::keep_all_of(const Batch& other) {
  others_.insert(others_.end(), other.slabs_.begin(), other.slabs_.end());
  bytes_of_others_ += other.bytes_;
  for (const SchemaRef& schema : other.schemas_) keep(schema);
}

void BatchBuilder::begin(int64_t commit_us, bool first) {
  CHECK(!open_);
  open_ = true;
  current_ = Transaction();
  current_.commit_us = commit_us;
  current_.first = first;
  bytes_mark_ = arena_.bytes();
}

void BatchBuilder::end(uint32_t position_index, bool last) {
  CHECK(open_);
  open_ = false;
  const std::span<Change> kept = arena_.array<Change>(changes_.size());
  std::copy(changes_.begin(), changes_.end(), kept.begin());
  changes_.clear();
  current_.changes = kept;
  current_.position_index = position_index;
  current_.last = last;
  current_.bytes += arena_.bytes() - bytes_mark_;
  transactions_.push_back(current_);
}

std::vector<Change> BatchBuilder::abandon() {
  CHECK(open_);
  open_ = false;
  return std::exchange(changes_, {});
}

Batch BatchBuilder::finish(std::shared_ptr<const PositionLog> positions) {
  Batch batch;
  batch.transactions_ = std::exchange(transactions_, {});
  transactions_.reserve(
      batch.transactions_.size());  // the next batch is likely as large; growing to it moves it over and over
  batch.bytes_ = arena_.bytes() + batch.transactions_.size() * sizeof(Transaction) + bytes_of_others_;
  bytes_of_others_ = 0;
  current_.bytes += arena_.bytes() - bytes_mark_;
  bytes_mark_ = 0;
  batch.slabs_ = arena_.take();
  for (const SlabRef& slab : slabs_) {
    batch.bytes_ += slab->capacity();
    if (std::find(batch.slabs_.begin(), batch.slabs_.end(), slab) == batch.slabs_.end()) batch.slabs_.push_back(slab);
  }
  for (SlabRef& slab : others_) batch.slabs_.push_back(std::move(slab));
  others_.clear();
  batch.schemas_ = schemas_;
  batch.positions_ = std::move(positions);
  slabs_.clear();
  if (open_) {
    slabs_ = batch.slabs_;
  } else {
    schemas_.clear();
  }
  return batch;
}

}  // namespace weft
