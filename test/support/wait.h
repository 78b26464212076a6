// SPDX-License-Identifier: Apache-2.0
// Waiting for a condition with a deadline, never for a fixed time.
//   if (!wait_until(deadline_in(10s), [&] { return connects(); })) throw ...;
// Nothing is owned; any thread may call.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace weft::support {

using Deadline = std::chrono::steady_clock::time_point;

[[nodiscard]] inline Deadline deadline_in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// True as soon as `condition()` is; false if it was not by the deadline. It is asked at least once.
template <class Condition>
[[nodiscard]] bool wait_until(Deadline deadline,
                              Condition&& condition,
                              std::chrono::milliseconds poll = std::chrono::milliseconds(20)) {
  for (;;) {
    if (condition()) return true;
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return false;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(poll, deadline - now));
  }
}

}  // namespace weft::support
