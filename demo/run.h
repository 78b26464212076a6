// SPDX-License-Identifier: Apache-2.0
// run_shop: the demonstration from the first server to the verdict.
//   Interrupt interrupt; bool proven = run_shop({.weft = path}, interrupt);
// Throws Interrupted after Ctrl-C or SIGTERM, when everything it started is gone, and std::runtime_error if something failed.
#pragma once

#include <exception>
#include <filesystem>

#include "base/clock.h"

namespace weft::demo {

struct Plan {
  std::filesystem::path weft;
  double duration_s = 20;
  double rate = 1000;
};

class Interrupted : public std::exception {};

// Ctrl-C, SIGTERM and SIGHUP as an exception at the next wait. Blocks them in this thread and all that it starts.
class Interrupt {
 public:
  Interrupt();
  // Sleeps; throws Interrupted.
  void wait(Duration time) const;
};

[[nodiscard]] bool run_shop(const Plan& plan, const Interrupt& interrupt);

}  // namespace weft::demo
