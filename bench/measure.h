// SPDX-License-Identifier: Apache-2.0
// A program run to its end under measurement: time, CPU and peak memory of that process alone.
//   Measured m = measure({.argv = {weft, "run", ...}, .output_file = log}, 10min);
// One at a time: CPU is what this process's children used in between.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "support/process.h"

namespace weft::bench {

struct Measured {
  double seconds = 0;
  double cpu_seconds = 0;
  uint64_t peak_kib = 0;  // VmHWM
};

// Throws if it fails, with the end of its output file.
[[nodiscard]] Measured measure(const support::ProcessOptions& options, std::chrono::seconds limit);

// CPU that a living process has used so far, all its threads; 0 if it is gone.
[[nodiscard]] double cpu_seconds_of(pid_t pid);
// "VmHWM" or "VmRSS" of a living process in KiB; 0 if it is gone.
[[nodiscard]] uint64_t memory_kib_of(pid_t pid, const std::string& field);

}  // namespace weft::bench
