// SPDX-License-Identifier: Apache-2.0
// Driver: plays one seed. Everything is drawn from it: the kinds of servers, the pipeline's options, the history, the order
// of all steps, the faults. After the noise comes a quiet phase in which the pipeline must catch up within a bounded number
// of steps; then both sides are compared.
//
//   Verdict verdict = simulate({.seed = 7});
//
// One thread.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "sim/world.h"

namespace weft::sim {

struct SimOptions {
  uint64_t seed = 1;
  bool trace = false;
  std::function<void(Plan&)> alter;           // tests bend the drawn plan
  std::function<void(Faults&)> alter_faults;  // and its faults
};

struct Verdict {
  bool ok = true;
  std::string violation;
  std::string trace;
  std::array<uint64_t, kFaultCount> faults{};
  uint64_t commits = 0;
  uint64_t transactions = 0;
  uint64_t processes = 0;
  bool stopped_for_good = false;  // ended rightly with a lost position: a human must choose
};

[[nodiscard]] Plan draw_plan(uint64_t seed);
[[nodiscard]] Verdict simulate(const SimOptions& options);

}  // namespace weft::sim
