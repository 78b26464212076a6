// SPDX-License-Identifier: Apache-2.0
// Watcher: a reader beside weft. From the moment it is told that the target is consistent, every read (one snapshot over
// several tables) must keep what only whole transactions keep: a statement that gives a row of words per breach (that of
// the shop if none is named) must give none.
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
  Watcher(std::string target_url, std::string breaches_sql);

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
  std::string breaches_sql_;
  std::atomic<bool> consistent_ = false;
  std::atomic<uint64_t> reads_ = 0;
  Guarded<std::string> breach_;
  std::jthread thread_;
};

}  // namespace weft::live
