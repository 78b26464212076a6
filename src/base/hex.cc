// SPDX-License-Identifier: Apache-2.0
#include "base/hex.h"

#include <cstdint>

namespace weft {

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  digits.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    digits.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    digits.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return digits;
}

std::string from_hex(std::string_view digits) {
  const auto half = [](char c) { return static_cast<uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::string bytes(digits.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(half(digits[2 * i]) << 4 | half(digits[2 * i + 1]));
  }
  return bytes;
}

}  // namespace weft
