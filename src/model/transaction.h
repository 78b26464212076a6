// SPDX-License-Identifier: Apache-2.0
// Transaction: the unit of order and atomicity. Batch: many small transactions that share slabs and travel together; the
// owner of every byte that their changes view. Built by one thread with a BatchBuilder, immutable afterwards, move-only.
//
//   BatchBuilder builder(arena);
//   builder.begin(commit_us); builder.add(change); builder.end(position_index, last_fragment);
//   Batch batch = builder.finish(positions);
//
// A transaction larger than its budget travels as numbered fragments: `first` on the first, `last` on the final one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/slab.h"
#include "model/change.h"
#include "model/position.h"

namespace weft {

struct Transaction {
  int64_t commit_us = 0;        // commit time at the source, microseconds since 1970 UTC; 0 if unknown
  uint32_t position_index = 0;  // into the batch's PositionLog; the position after this transaction
  bool first = true;            // the first (or only) fragment
  bool last = true;             // the final (or only) fragment: only after it may progress move
  std::span<const Change> changes;
  size_t bytes = 0;  // memory that its rows take

  [[nodiscard]] bool empty() const { return changes.empty(); }

  [[nodiscard]] bool fragment() const { return !first || !last; }

  // What makes it part of a transaction in two phases, if anything does.
  [[nodiscard]] const TwoPhase* two_phase() const {
    return changes.empty() ? nullptr : std::get_if<TwoPhase>(&changes.back());
  }

  // Where it was made first, if not here.
  [[nodiscard]] const Origin* origin() const {
    return changes.empty() ? nullptr : std::get_if<Origin>(&changes.front());
  }
};

class Batch {
 public:
  Batch() = default;
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) noexcept = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  [[nodiscard]] std::span<const Transaction> transactions() const { return transactions_; }

  [[nodiscard]] Position position(const Transaction& tx) const { return Position(positions_, tx.position_index); }

  [[nodiscard]] const PositionLog* positions() const { return positions_.get(); }

  // The owner of a schema that a change of this batch names; null if it is not kept here.
  [[nodiscard]] SchemaRef schema(const TableSchema* schema) const;

  // Memory that the batch keeps alive, for queue limits.
  [[nodiscard]] size_t bytes() const { return bytes_; }

  [[nodiscard]] bool empty() const { return transactions_.empty(); }

 private:
  friend class BatchBuilder;
  std::vector<Transaction> transactions_;
  std::vector<SlabRef> slabs_;
  std::vector<SchemaRef> schemas_;
  std::shared_ptr<const PositionLog> positions_;
  size_t bytes_ = 0;
};

// Collects changes into transactions. The arena outlives the builder and owns what changes view; finish() shares its slabs
// with the batch.
class BatchBuilder {
 public:
  explicit BatchBuilder(Arena& arena) : arena_(arena) {}

  // Keeps a schema alive with the batch. Call once per schema and batch (cheap to repeat for the latest one).
  void keep(const SchemaRef& schema);
  // Keeps foreign bytes alive with the batch: a slab that values point into and that the arena does not own.
  void keep(SlabRef slab);
  void begin(int64_t commit_us, bool first = true);

  void add(const Change& change) { changes_.push_back(change); }

  // Counts bytes of kept slabs, which values of the open transaction view, into its Transaction::bytes.
  void viewed(size_t bytes) { current_.bytes += bytes; }

  // Ends the open transaction or fragment.
  void end(uint32_t position_index, bool last = true);

  // Takes those of the open transaction's changes back, from the one of this number on, of which `which` says so.
  template <class Which>
  void take_back(size_t from, Which&& which) {
    changes_.erase(std::remove_if(changes_.begin() + static_cast<ptrdiff_t>(from), changes_.end(), which),
                   changes_.end());
  }

  // Takes the open transaction's changes out and closes it as if it had not begun.
  [[nodiscard]] std::vector<Change> abandon();

  [[nodiscard]] bool in_transaction() const { return open_; }

  [[nodiscard]] size_t transaction_count() const { return transactions_.size(); }

  [[nodiscard]] size_t pending_changes() const { return changes_.size(); }

  // Leaves the builder empty, ready for the next batch, but for an open transaction: that goes on into the next batch, and
  // what has been kept so far is kept by both.
  [[nodiscard]] Batch finish(std::shared_ptr<const PositionLog> positions);

 private:
  Arena& arena_;
  std::vector<Transaction> transactions_;
  std::vector<Change> changes_;  // of the open transaction
  std::vector<SchemaRef> schemas_;
  std::vector<SlabRef> slabs_;
  Transaction current_;
  bool open_ = false;
  size_t bytes_mark_ = 0;
};

}  // namespace weft
