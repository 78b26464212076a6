// SPDX-License-Identifier: Apache-2.0
// crash_points: for tests. WEFT_CRASH_AT=point:n kills the process with SIGKILL at the n-th passing of a point on the path
// of a change (pipeline/crash_points.h). Empty unless built with WEFT_CRASH_POINTS and asked for.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "control/secrets.h"

namespace weft {

using CrashPoints = std::function<void(std::string_view point)>;

// kConfig for a point that there is none of, or a number that is none.
[[nodiscard]] Result<CrashPoints> crash_points(const Environment& environment);

}  // namespace weft
