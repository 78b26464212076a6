// SPDX-License-Identifier: Apache-2.0
// PipelineStatus as the JSON of /status and `weft status --json`, and back. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pipeline/status.h"

namespace weft {

// One object in one line, without a line end. consistent_since is null until it is known.
[[nodiscard]] std::string status_json(const PipelineStatus& status);

// What another process said. Stages and counters that the JSON doesn't show stay empty.
[[nodiscard]] Result<PipelineStatus> parse_status(std::string_view json);

// "2026-01-01T00:00:00Z"
[[nodiscard]] std::string utc_text(int64_t wall_us);

}  // namespace weft
