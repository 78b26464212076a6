// SPDX-License-Identifier: Apache-2.0
// metrics_text: a pipeline's status as Prometheus text. docs/metrics.md lists the names, and a test compares. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "pipeline/status.h"

namespace weft {

// What the process itself uses, as the kernel says.
struct ProcessUse {
  uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
};

[[nodiscard]] ProcessUse process_use();

[[nodiscard]] std::string metrics_text(const PipelineStatus& status,
                                       SteadyTime now,
                                       const ProcessUse& use,
                                       const std::string& version);

}  // namespace weft
