// SPDX-License-Identifier: Apache-2.0
// Watcher: a reader beside weft. From the moment it is told that the target is consistent, every read (one snapshot over
// several tables) must keep what only whole transactions keep (shop_breaches_sql).
//
//   Watcher watcher(target.url("shop")); watcher.expect_consistent(); ... watcher.stop(); EXPECT_EQ(watcher.breach(), "");
//
// Reconnects while the target is down. Owns a thread; any thread may ask.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/guarded.h"

namespace weft::live {

class Watcher {
 public:
  explicit Watcher(std::string target_url);

  ~Watcher() { stop(); }

  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void expect_consistent() { consistent_ = true; }

  [[nodiscard]] bool consistent() const { return consistent_; }

  void stop();

  [[nodiscard]] uint64_t reads() const { return reads_; }

  // The first breaches, or empty.
  [[nodiscard]] std::string breach() const {
    return breach_.with([](const std::string& b) { return b; });
  }

 private:
  void run(std::stop_token stop);

  std::string url_;
  std::atomic<bool> consistent_ = false;
  std::atomic<uint64_t> reads_ = 0;
  Guarded<std::string> breach_;
  std::jthread thread_;
};

}  // namespace weft::live
