// SPDX-License-Identifier: Apache-2.0
// Values that one engine prints where another has a type: spans of time, dates and times, bytes as digits. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/value.h"

namespace weft::verify {

// As PostgreSQL prints an interval (IntervalStyle postgres): "-838:59:58.5", "1 day 02:00:00", "00:00:00". Days count 24 hours. None: there are months or years in it, whose length no one knows, or it is no interval.
[[nodiscard]] std::optional<int64_t> interval_micros(std::string_view text);

// "2024-02-29 12:00:00.5", also with T, and with Z or +00 behind it, or a date alone: a kDateTime or a kDate.
[[nodiscard]] std::optional<Value> civil_of(std::string_view text);

// "00ff", also with what UUIDs are written with between the digits.
[[nodiscard]] std::optional<std::string> bytes_of_hex(std::string_view text);

}  // namespace weft::verify
