// SPDX-License-Identifier: Apache-2.0
// Delivered: which transactions the stream has handed on, by transaction id, with the place where each ended. Read views ask
// it for transactions that are committed in the log, and so delivered, but not visible yet (hard case 1: one that waits for a
// synchronous standby). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/guarded.h"

namespace weft::postgres {

class Delivered {
 public:
  // Keeps the latest kKept of them.
  void add(uint32_t xid, uint64_t end_lsn);
  void clear();
  // Where the transaction ended, if it was delivered lately.
  [[nodiscard]] std::optional<uint64_t> end_of(uint32_t xid) const;

  static constexpr size_t kKept = 1u << 16;

 private:
  struct State {
    std::unordered_map<uint32_t, uint64_t> ends;
    std::deque<uint32_t> order;
  };

  mutable Guarded<State> state_;
};

}  // namespace weft::postgres
