// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "journal/journal.h"

namespace weft {

MemoryJournal::MemoryJournal(size_t bytes_limit) : queue_(bytes_limit) {}

Status MemoryJournal::restart(const JournalPlace& place) {
  queue_.clear();
  next_ = place.sequence.next();
  return ok();
}

Result<bool> MemoryJournal::append(Batch& batch, Duration wait, std::stop_token stop) {
  const auto transactions = batch.transactions();
  const auto whole = static_cast<uint64_t>(
      std::count_if(transactions.begin(), transactions.end(), [](const Transaction& tx) { return tx.last; }));
  const size_t bytes = batch.bytes();
  // The entry takes the batch only once there is room: a push that times out gives it back.
  JournalEntry entry{std::make_shared<const Batch>(std::move(batch)), next_};
  if (queue_.push(entry, bytes, wait, std::move(stop))) {
    next_ = Sequence(next_.value() + whole);
    return true;
  }
  batch = std::move(*std::const_pointer_cast<Batch>(entry.batch));
  return false;
}

Result<std::optional<JournalEntry>> MemoryJournal::read(Duration wait, std::stop_token stop) {
  return queue_.pop(wait, std::move(stop));
}

}  // namespace weft
