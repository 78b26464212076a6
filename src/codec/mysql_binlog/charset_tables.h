// SPDX-License-Identifier: Apache-2.0
// The tables of the servers' one-byte character sets. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace weft::mysql_binlog {

// Code points of bytes 0x80..0xff, 0xfffd where there is none; empty if `charset` is not a one-byte set with a table.
[[nodiscard]] std::span<const char16_t> upper_half(std::string_view charset);

// The character that the servers read from two bytes of Big5 where the C library's conversion reads another; 0: the same.
[[nodiscard]] char16_t big5_extension(uint8_t lead, uint8_t trail);

}  // namespace weft::mysql_binlog
