// SPDX-License-Identifier: Apache-2.0
// Queue<T>: a bounded queue between two stages, measured in bytes. Keeps I5: never above its limit, except that an empty
// queue always accepts one item, however large. Any thread may push or pop; items keep their order.
//
//   Queue<Batch> queue(ByteCount(16 << 20));
//   queue.push(std::move(batch), batch_bytes, 50ms, stop)   // false: full until the timeout, item left untouched
//   queue.pop(50ms, stop)                                   // nullopt: empty until the timeout
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/guarded.h"

namespace weft {

template <class T>
class Queue {
 public:
  explicit Queue(size_t bytes_limit) : bytes_limit_(bytes_limit) {}

  // Moves `item` in, or leaves it untouched and returns false when there is no room within the timeout.
  bool push(T& item, size_t bytes, Duration timeout, std::stop_token stop) {
    const auto has_room = [&](const State& s) { return s.items.empty() || s.bytes + bytes <= bytes_limit_; };
    if (!state_.wait_for(timeout, stop, has_room)) return false;
    return state_.change([&](State& s) {
      if (!has_room(s)) return false;
      s.items.emplace_back(std::move(item), bytes);
      s.bytes += bytes;
      return true;
    });
  }

  std::optional<T> pop(Duration timeout, std::stop_token stop) {
    state_.wait_for(timeout, stop, [](const State& s) { return !s.items.empty(); });
    return state_.change([](State& s) -> std::optional<T> {
      if (s.items.empty()) return std::nullopt;
      std::optional<T> item(std::move(s.items.front().first));
      s.bytes -= s.items.front().second;
      s.items.pop_front();
      return item;
    });
  }

  void clear() {
    state_.change([](State& s) { s = State(); });
  }

  [[nodiscard]] size_t bytes() const {
    return state_.with([](const State& s) { return s.bytes; });
  }

  [[nodiscard]] bool empty() const {
    return state_.with([](const State& s) { return s.items.empty(); });
  }

 private:
  struct State {
    std::deque<std::pair<T, size_t>> items;
    size_t bytes = 0;
  };

  size_t bytes_limit_;
  Guarded<State> state_;
};

}  // namespace weft
