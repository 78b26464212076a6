// SPDX-License-Identifier: Apache-2.0
// A span of time as PostgreSQL prints an interval (IntervalStyle postgres): "-838:59:58.5", "1 day 02:00:00", "00:00:00".
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::verify {

// Days count 24 hours. None: there are months or years in it, whose length no one knows, or it is no interval.
[[nodiscard]] std::optional<int64_t> interval_micros(std::string_view text);

}  // namespace weft::verify
