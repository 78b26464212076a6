// SPDX-License-Identifier: Apache-2.0
// Guarded<T>: data and the mutex that guards it, reachable only together. Guarded<T>::wait pairs it with a condition.
//
//   Guarded<Counters> counters;
//   counters.with([](Counters& c) { ++c.rows; });
//
// Any thread. Never call out (I/O, another lock) from inside with().
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "base/clock.h"

namespace weft {

template <class T>
class Guarded {
 public:
  Guarded() = default;

  explicit Guarded(T value) : value_(std::move(value)) {}

  template <class F>
  auto with(F&& f) {
    std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }

  template <class F>
  auto with(F&& f) const {
    std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }

  // Changes the value and wakes those who wait.
  template <class F>
  auto change(F&& f) {
    std::scoped_lock lock(mutex_);
    changed_.notify_all();
    return std::forward<F>(f)(value_);
  }

  // Waits until ready(value), a stop request or the timeout; returns ready(value) then.
  template <class P>
  bool wait_for(Duration timeout, std::stop_token stop, P&& ready) {
    std::unique_lock lock(mutex_);
    // No wait means no sleep: even a timeout of zero would cost a trip through the kernel.
    if (timeout <= Duration(0)) return ready(value_);
    return changed_.wait_for(lock, stop, timeout, [&] { return ready(value_); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  T value_{};
};

}  // namespace weft
