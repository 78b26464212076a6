// SPDX-License-Identifier: Apache-2.0
// StopSignals: SIGTERM and SIGINT as a call on an own thread; the second one ends the process at once with exit code 1.
//
//   ignore_broken_pipes();
//   StopSignals signals([&](int signal) { pipeline.request_stop(); });   // before any other thread starts
//
// Blocks both signals in the calling thread, and so in every thread started after it, for the rest of the process: a
// signal that comes while the process is on its way out must not change its exit code.
#pragma once

#include <functional>
#include <thread>

namespace weft {

class StopSignals {
 public:
  explicit StopSignals(std::function<void(int signal)> on_first);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void watch();

  std::function<void(int)> on_first_;
  int signal_fd_ = -1;
  int stop_fd_ = -1;
  std::thread thread_;
};

// Writing to a closed pipe or socket is an error value, never a death.
void ignore_broken_pipes();

}  // namespace weft
