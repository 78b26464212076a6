// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/temporal_values.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace weft::pgoutput {
namespace {

constexpr size_t kNamedBytes = 100;  // of a text that an error names
constexpr int64_t kSecond = 1000000;
constexpr int64_t kDay = 86400 * kSecond;
constexpr int64_t kFirstInstant = -62135596800 * kSecond;     // 0001-01-01 00:00:00
constexpr int64_t kLastInstant = 253402300800 * kSecond - 1;  // 9999-12-31 23:59:59.999999

// Takes exactly two digits from the front.
bool take_pair(std::string_view& text, uint32_t& number) {
  if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return false;
  number = static_cast<uint32_t>((text[0] - '0') * 10 + (text[1] - '0'));
  text.remove_prefix(2);
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "2024-02-29"
bool take_date(std::string_view& text, Civil& c) {
  uint32_t century = 0;
  if (!take_pair(text, century) || !take_pair(text, c.year) || !take(text, '-')) return false;
  c.year += century * 100;
  return take_pair(text, c.month) && take(text, '-') && take_pair(text, c.day) && c.valid_date();
}

// "23:59:59.999999"; hours up to 24, which is the caller's to judge.
bool take_clock(std::string_view& text, Civil& c) {
  if (!take_pair(text, c.hour) || !take(text, ':') || !take_pair(text, c.minute) || !take(text, ':') ||
      !take_pair(text, c.second)) {
    return false;
  }
  if (c.hour > 24 || c.minute > 59 || c.second > 59) return false;
  if (!take(text, '.')) return true;
  size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits == kMostFractionDigits) return false;
    c.micros = c.micros * 10 + static_cast<uint32_t>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  for (size_t i = digits; i < kMostFractionDigits; ++i) c.micros *= 10;
  return digits > 0;
}

int64_t clock_micros(const Civil& c) {
  return (int64_t{c.hour} * 3600 + c.minute * 60 + c.second) * kSecond + c.micros;
}

// "+00", "-03:30", "+01:24:30" east of UTC, in microseconds.
std::optional<int64_t> parse_zone(std::string_view text) {
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  Civil c;
  if (!take_pair(text, c.hour)) return std::nullopt;
  if (take(text, ':') && !take_pair(text, c.minute)) return std::nullopt;
  if (take(text, ':') && !take_pair(text, c.second)) return std::nullopt;
  if (!text.empty() || c.minute > 59 || c.second > 59) return std::nullopt;
  return west ? -clock_micros(c) : clock_micros(c);
}

// Infinity, years of five digits, the time before Christ: there are such values, but no kind has them. They go on as what they
// are, text: a target that has them takes them, another refuses the row (kData) as any that it can't hold.
Result<Value> other_time(const Column& column, std::string_view text, Arena& arena) {
  const size_t dash = std::min(text.find('-'), text.size());
  const bool long_year = dash > 4 && dash < text.size() && std::all_of(text.begin(), text.begin() + dash, is_digit);
  const bool real = text == "infinity" || text == "-infinity" || text.ends_with(" BC") || long_year;
  if (!real) return not_valid(column, text);
  return Value::text(arena.copy(text));
}

}  // namespace

Error bad_value(const Column& column, std::string_view text, std::string_view why) {
  return Error(Blame::kData,
               cat("'",
                   text.substr(0, kNamedBytes),
                   text.size() > kNamedBytes ? "..." : "",
                   "' of type ",
                   column.source_type,
                   " ",
                   why));
}

Error not_valid(const Column& column, std::string_view text) {
  return bad_value(column, text, "is not what PostgreSQL prints for it: the session's settings are not weft's");
}

Result<Value> read_date(const Column& column, std::string_view text, Arena& arena) {
  Civil c;
  std::string_view left = text;
  if (!take_date(left, c) || !left.empty()) return other_time(column, text, arena);
  return Value::date(c);
}

Result<Value> read_datetime(const Column& column, std::string_view text, Arena& arena) {
  Civil c;
  std::string_view left = text;
  if (!take_date(left, c) || !take(left, ' ') || !take_clock(left, c) || c.hour == 24)
    return other_time(column, text, arena);
  if (column.kind == Kind::kDateTime) {
    if (!left.empty()) return other_time(column, text, arena);
    return Value::datetime(c, column.scale);
  }
  const std::optional<int64_t> zone = parse_zone(left);
  if (!zone) return other_time(column, text, arena);
  const int64_t micros = c.micros_since_epoch() - *zone;
  if (micros < kFirstInstant || micros > kLastInstant) return other_time(column, text, arena);
  return Value::timestamp(micros, column.scale);
}

Result<Value> read_time(const Column& column, std::string_view text) {
  Civil c;
  std::string_view left = text;
  if (!take_clock(left, c) || !left.empty() || clock_micros(c) > kDay) return not_valid(column, text);
  return Value::time(clock_micros(c), column.scale);
}

}  // namespace weft::pgoutput
