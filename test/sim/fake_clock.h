// SPDX-License-Identifier: Apache-2.0
// FakeClock: time that moves only when the driver (or a sleep) says so. One thread.
#pragma once

#include "base/clock.h"

namespace weft::sim {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return {now_ns_}; }

  [[nodiscard]] int64_t wall_us() const override { return kEpochUs + now_ns_ / 1000 + wall_jump_us_; }

  void sleep(Duration d, std::stop_token stop) override {
    if (stop.stop_requested()) return;
    slept_ns_ += d.count();
    advance(d);
  }

  void advance(Duration d) { now_ns_ += d.count() > 0 ? d.count() : 0; }

  // Moves the wall clock alone, back or forth.
  void jump_wall(int64_t us) { wall_jump_us_ += us; }

  // How long sleepers have slept in all: a step that must not block leaves it unchanged.
  [[nodiscard]] int64_t slept_ns() const { return slept_ns_; }

 private:
  static constexpr int64_t kEpochUs = 1'700'000'000'000'000;
  int64_t now_ns_ = 1'000'000'000;
  int64_t wall_jump_us_ = 0;
  int64_t slept_ns_ = 0;
};

}  // namespace weft::sim
