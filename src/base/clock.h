// SPDX-License-Identifier: Apache-2.0
// Clock: the only way to read time or to sleep, so that a simulation can own both. Times are int64 nanoseconds (steady)
// and microseconds since 1970-01-01 UTC (wall). Any thread may call any Clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace weft {

using Duration = std::chrono::nanoseconds;

// A point on a clock that never goes back; only differences mean something.
struct SteadyTime {
  int64_t ns = 0;

  auto operator<=>(const SteadyTime&) const = default;

  [[nodiscard]] SteadyTime operator+(Duration d) const { return {ns + d.count()}; }

  [[nodiscard]] Duration operator-(SteadyTime other) const { return Duration(ns - other.ns); }
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime now() const = 0;
  [[nodiscard]] virtual int64_t wall_us() const = 0;  // microseconds since 1970-01-01 UTC; may jump
  // Sleeps for d or until stop is requested, whichever comes first.
  virtual void sleep(Duration d, std::stop_token stop) = 0;
};

// The machine's clock; one object for the process.
[[nodiscard]] Clock& real_clock();

}  // namespace weft
