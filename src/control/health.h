// SPDX-License-Identifier: Apache-2.0
// health_of: whether every stage of a pipeline moved, or had nothing to do, within its deadline. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "pipeline/status.h"

namespace weft {

struct Health {
  bool healthy = true;
  std::string text;  // "ok", or "apply: no progress for 12 s: waiting for a lock", one line per stage
};

[[nodiscard]] Health health_of(const PipelineStatus& status, SteadyTime now, Duration deadline = kStageDeadline);

}  // namespace weft
