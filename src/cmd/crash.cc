// SPDX-License-Identifier: Apache-2.0
#include "cmd/crash.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>
#include <signal.h>
#include <string>
#include <unistd.h>

#include "base/text.h"
#include "pipeline/crash_points.h"

namespace weft {

Result<CrashPoints> crash_points(const Environment& environment) {
#ifdef WEFT_CRASH_POINTS
  const auto asked = environment.find("WEFT_CRASH_AT");
  if (asked == environment.end()) return CrashPoints();
  const std::string& text = asked->second;
  const size_t colon = text.find(':');
  const std::string point = text.substr(0, colon);
  uint64_t passing = 1;
  if (colon != std::string::npos) {
    const auto end = std::from_chars(text.data() + colon + 1, text.data() + text.size(), passing);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size()) passing = 0;
  }
  if (passing == 0 || std::ranges::find(kCrashPoints, point) == kCrashPoints.end()) {
    return Error(Blame::kConfig,
                 cat("WEFT_CRASH_AT is '", text, "', expected POINT:N with a point of pipeline/crash_points.h"));
  }
  auto left = std::make_shared<std::atomic<uint64_t>>(passing);
  return CrashPoints([point, left](std::string_view passed) {
    if (passed == point && left->fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
  });
#else
  (void)environment;
  return CrashPoints();
#endif
}

}  // namespace weft
