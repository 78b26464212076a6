// SPDX-License-Identifier: Apache-2.0
#include "verify/text_forms.h"

#include <charconv>

#include "model/schema.h"
#include "model/value_text.h"

namespace weft::verify {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86400 * kSecond;

bool take_number(std::string_view& text, int64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return true;
}

// ".5" in microseconds; digits beyond six are none of an interval.
std::optional<int64_t> fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '.' || text.size() > 7) return std::nullopt;
  int64_t micros = 0;
  for (size_t i = 1; i <= 6; ++i) {
    const char c = i < text.size() ? text[i] : '0';
    if (c < '0' || c > '9') return std::nullopt;
    micros = micros * 10 + (c - '0');
  }
  return micros;
}

// "[-+]hours:minutes:seconds[.fraction]"
std::optional<int64_t> clock_micros(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t parts[3] = {};
  for (int i = 0; i < 3; ++i) {
    if (i > 0) {
      if (!text.starts_with(':')) return std::nullopt;
      text.remove_prefix(1);
    }
    if (text.starts_with('-') || !take_number(text, parts[i])) return std::nullopt;
  }
  const auto rest = fraction(text);
  constexpr int64_t kHoursLimit = 2'000'000'000;
  if (!rest || parts[0] > kHoursLimit || parts[1] > 59 || parts[2] > 60) return std::nullopt;
  const int64_t micros = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * kSecond + *rest;
  return negative ? -micros : micros;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::optional<int64_t> interval_micros(std::string_view text) {
  int64_t days = 0;
  const size_t word = text.find(" day");
  if (word != std::string_view::npos) {
    std::string_view number = text.substr(0, word);
    if (number.starts_with('+')) number.remove_prefix(1);
    if (!take_number(number, days) || !number.empty() || days > 100'000'000 || days < -100'000'000) return std::nullopt;
    text.remove_prefix(word + 4);
    if (text.starts_with('s')) text.remove_prefix(1);
    if (text.empty()) return days * kDay;
    if (!text.starts_with(' ')) return std::nullopt;
    text.remove_prefix(1);
  }
  const auto clock = clock_micros(text);
  return clock ? std::optional(days * kDay + *clock) : std::nullopt;
}

std::optional<Value> civil_of(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  if (text.ends_with("+00:00")) text.remove_suffix(6);
  if (text.ends_with("+00")) text.remove_suffix(3);
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  std::string spaced(text);
  if (spaced.size() > 10 && spaced[10] == 'T') spaced[10] = ' ';
  Column column;
  column.kind = spaced.size() > 10 ? Kind::kDateTime : Kind::kDate;
  return value_of_text(column, spaced);
}

std::optional<std::string> bytes_of_hex(std::string_view text) {
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (c == '-' || c == '{' || c == '}') continue;
    const int d = hex_digit(c);
    if (d < 0) return std::nullopt;
    if (high >= 0) bytes.push_back(static_cast<char>(high * 16 + d));
    high = high >= 0 ? -1 : d;
  }
  return high < 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace weft::verify
