// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/json_numbers.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

namespace weft::mysql {
namespace {

constexpr size_t kExactDigits = 15;  // any decimal of so many is the only one that its double prints as

// Significant digits and the power of ten of the first one, the same for all ways to write a number.
struct Plain {
  std::string digits;
  int64_t exponent = 0;

  bool operator==(const Plain&) const = default;
};

Plain plain_of(std::string_view text) {
  Plain plain;
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  std::string_view power = text.substr(e);
  if (!power.empty()) power.remove_prefix(1);
  if (power.starts_with('+')) power.remove_prefix(1);
  int64_t exponent = 0;
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  bool behind = false;
  int64_t before = 0;
  for (const char c : text.substr(0, e)) {
    if (c == '.') {
      behind = true;
      continue;
    }
    if (!behind) ++before;
    plain.digits.push_back(c);
  }
  const size_t zeros = std::min(plain.digits.find_first_not_of('0'), plain.digits.size());
  plain.digits.erase(0, zeros);
  plain.digits.erase(plain.digits.find_last_not_of('0') + 1);
  if (!plain.digits.empty()) plain.exponent = before - static_cast<int64_t>(zeros) + exponent;
  return plain;
}

bool number_fits(std::string_view text) {
  const char* const end = text.data() + text.size();
  int64_t whole = 0;
  uint64_t large = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end) return true;
  if (const auto read = std::from_chars(text.data(), end, large); read.ec == std::errc() && read.ptr == end) return true;
  double d = 0;
  const auto read = std::from_chars(text.data(), end, d);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(d)) return false;
  const Plain wanted = plain_of(text);
  if (wanted.digits.size() <= kExactDigits && d != 0) return true;
  char raw[32];
  const auto printed = std::to_chars(raw, raw + sizeof raw, d);
  return wanted == plain_of({raw, static_cast<size_t>(printed.ptr - raw)});
}

}  // namespace

bool json_numbers_fit(std::string_view json) {
  for (size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      for (++i; i < json.size() && json[i] != '"'; ++i) {
        if (json[i] == '\\') ++i;
      }
      ++i;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const size_t end = std::min(json.find_first_not_of("+-0123456789.eE", i), json.size());
      if (!number_fits(json.substr(i, end - i))) return false;
      i = end;
    } else {
      ++i;
    }
  }
  return true;
}

}  // namespace weft::mysql
