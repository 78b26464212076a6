// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/delivered.h"

namespace weft::postgres {

void Delivered::add(uint32_t xid, uint64_t end_lsn) {
  state_.with([&](State& state) {
    // An id that comes again (a stream that was opened again) keeps its place in the order.
    if (!state.ends.insert_or_assign(xid, end_lsn).second) return;
    state.order.push_back(xid);
    if (state.order.size() <= kKept) return;
    state.ends.erase(state.order.front());
    state.order.pop_front();
  });
}

void Delivered::clear() {
  state_.with([](State& state) {
    state.ends.clear();
    state.order.clear();
  });
}

std::optional<uint64_t> Delivered::end_of(uint32_t xid) const {
  return state_.with([&](const State& state) -> std::optional<uint64_t> {
    const auto found = state.ends.find(xid);
    if (found == state.ends.end()) return std::nullopt;
    return found->second;
  });
}

}  // namespace weft::postgres
