// SPDX-License-Identifier: Apache-2.0
// The servers' packed decimals (strings/decimal.c, decimal2bin) as exact text. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace weft::mysql_binlog {

struct DecimalText {
  std::array<char, 72> chars;
  uint8_t begin = 0;
  uint8_t end = 0;

  [[nodiscard]] std::string_view view() const { return {chars.data() + begin, static_cast<size_t>(end - begin)}; }
};

// Bytes that a DECIMAL(precision, scale) takes.
[[nodiscard]] size_t decimal_bytes(uint32_t precision, uint32_t scale);

// Reads one; `in` fails if it is cut off or its digits are out of range. REQUIRES: scale <= precision <= 65.
[[nodiscard]] DecimalText read_decimal(ByteReader& in, uint32_t precision, uint32_t scale);

}  // namespace weft::mysql_binlog
