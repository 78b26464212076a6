// SPDX-License-Identifier: Apache-2.0
// status_lines: a PipelineStatus for people, as `weft status` prints it. Pure.
#pragma once

#include <string>
#include <vector>

#include "pipeline/status.h"

namespace weft {

[[nodiscard]] std::vector<std::string> status_lines(const PipelineStatus& status);

}  // namespace weft
