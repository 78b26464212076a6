// SPDX-License-Identifier: Apache-2.0
// The temporal kinds of read_text(), and what all kinds and read_binary() share. Private to this folder. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/slab.h"
#include "model/schema.h"

namespace weft::pgoutput {

inline constexpr uint8_t kMostFractionDigits = 6;

[[nodiscard]] inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// kData errors that name the text: `why` goes on after the type; not_valid() is for what no PostgreSQL prints in the format
// that weft's sessions set.
[[nodiscard]] Error bad_value(const Column& column, std::string_view text, std::string_view why);
[[nodiscard]] Error not_valid(const Column& column, std::string_view text);

// Of kText and kJson, which have to be valid UTF-8: a database in SQL_ASCII hands out whatever bytes it was given.
[[nodiscard]] Result<Value> read_characters(const Column& column, std::string_view text, Arena& arena);
// "2024-02-29"
[[nodiscard]] Result<Value> read_date(const Column& column, std::string_view text, Arena& arena);
// kDateTime "2024-02-29 23:59:59.999999", kTimestamp with "+00" behind it.
[[nodiscard]] Result<Value> read_datetime(const Column& column, std::string_view text, Arena& arena);
// "23:59:59.999999", up to "24:00:00"
[[nodiscard]] Result<Value> read_time(const Column& column, std::string_view text);

}  // namespace weft::pgoutput
