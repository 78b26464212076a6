// SPDX-License-Identifier: Apache-2.0
// Pace: whether messages come so fast that a nap is better than waiting for the next one. A walsender writes each message to its
// socket by itself, and one that has to wake its reader each time pays more for that than for decoding.
//
//   pace.took(messages);
//   if (pace.busy(now)) clock.sleep(Pace::kNap, {}); else wait_for_the_socket();
//
// The rate is measured over a little while and holds for the next one. One thread.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace weft::postgres {

class Pace {
 public:
  static constexpr Duration kNap = std::chrono::microseconds(500);
  static constexpr Duration kWhile = std::chrono::milliseconds(5);
  static constexpr int64_t kBusyMessages = 100;  // in a while; three make a transaction of one row

  void took(int64_t messages) { taken_ += messages; }

  [[nodiscard]] bool busy(SteadyTime now) {
    const Duration passed = now - since_;
    if (passed < kWhile) return busy_;
    // Many at once after a silence are no pace.
    busy_ = taken_ * kWhile.count() >= kBusyMessages * passed.count();
    taken_ = 0;
    since_ = now;
    return busy_;
  }

 private:
  SteadyTime since_{};
  int64_t taken_ = 0;
  bool busy_ = false;
};

}  // namespace weft::postgres
