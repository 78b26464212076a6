// SPDX-License-Identifier: Apache-2.0
#include "control/health.h"

#include <utility>

#include "base/text.h"

namespace weft {
Health health_of(const PipelineStatus& status, SteadyTime now, Duration deadline) {
  if (status.state == PipelineState::kFailed) return {false, "failed: " + status.reason};
  // A stage that ended, or rests on purpose, owes nothing.
  const bool over = status.state == PipelineState::kFinished || status.state == PipelineState::kPaused;
  Health health{true, "ok"};
  for (const auto& [name, stage] : status.stages) {
    const Duration still = stage.moved == SteadyTime{} ? Duration(0) : now - stage.moved;
    if (over || (!stage.stalled && still <= deadline)) continue;
    std::string reason = stage.reason.empty() ? status.reason : stage.reason;
    if (reason.empty()) reason = std::string(usual_reason(name));
    std::string line = cat(
        name, ": no progress for ", std::chrono::duration_cast<std::chrono::seconds>(still).count(), " s: ", reason);
    health.text = health.healthy ? std::move(line) : cat(health.text, "\n", line);
    health.healthy = false;
  }
  return health;
}

}  // namespace weft
