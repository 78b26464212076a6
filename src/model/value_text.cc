// SPDX-License-Identifier: Apache-2.0
#include "model/value_text.h"

#include <charconv>

#include "base/hex.h"
#include "base/text.h"
#include "model/row.h"

namespace weft {
namespace {

std::optional<uint32_t> digits(std::string_view& text, char after) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  if (after != '\0') {
    if (text.empty() || text.front() != after) return std::nullopt;
    text.remove_prefix(1);
  }
  return number;
}

uint32_t fraction(std::string_view text) {
  uint32_t micros = 0;
  for (size_t i = 0; i < 6; ++i) micros = micros * 10 + (i < text.size() ? static_cast<uint32_t>(text[i] - '0') : 0);
  return micros;
}

std::optional<Civil> parse_civil(std::string_view text, bool with_time) {
  Civil c;
  const auto take = [&](uint32_t& field, char after) {
    const auto number = digits(text, after);
    if (number) field = *number;
    return number.has_value();
  };
  if (!take(c.year, '-') || !take(c.month, '-') || !take(c.day, with_time ? ' ' : '\0')) return std::nullopt;
  if (!with_time) return c;
  if (!take(c.hour, ':') || !take(c.minute, ':') || !take(c.second, '\0')) return std::nullopt;
  if (!text.empty()) c.micros = fraction(text.substr(1));
  return c;
}

std::optional<int64_t> parse_time(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto hours = digits(text, ':');
  const auto minutes = hours ? digits(text, ':') : hours;
  const auto seconds = minutes ? digits(text, '\0') : minutes;
  if (!seconds) return std::nullopt;
  const int64_t micros =
      (int64_t{*hours} * 3600 + *minutes * 60 + *seconds) * 1000000 + (text.empty() ? 0 : fraction(text.substr(1)));
  return negative ? -micros : micros;
}

std::optional<uint64_t> parse_bits(std::string_view text) {
  if (text.starts_with("b'")) text = text.substr(2, text.size() - 3);
  uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 2);
  if (parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T, class Make>
std::optional<Value> lift(const std::optional<T>& value, Make make) {
  if (!value) return std::nullopt;
  return make(*value);
}

std::string two(uint32_t n) {
  return {static_cast<char>('0' + n / 10 % 10), static_cast<char>('0' + n % 10)};
}

std::string padded(uint64_t n, size_t width) {
  std::string text = cat(n);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

std::string fraction_text(uint32_t micros, uint8_t digits) {
  return micros == 0 && digits == 0 ? std::string() : cat(".", padded(micros, 6));
}

std::string date_text(const Civil& c) {
  return cat(padded(c.year, 4), "-", two(c.month), "-", two(c.day));
}

std::string civil_text(const Civil& c, uint8_t digits) {
  return cat(date_text(c), " ", two(c.hour), ":", two(c.minute), ":", two(c.second), fraction_text(c.micros, digits));
}

std::string time_text(int64_t micros, uint8_t digits) {
  const bool negative = micros < 0;
  const uint64_t left = negative ? uint64_t{0} - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const uint64_t seconds = left / 1000000;
  return cat(negative ? "-" : "",
             padded(seconds / 3600, 2),
             ":",
             two(static_cast<uint32_t>(seconds / 60 % 60)),
             ":",
             two(static_cast<uint32_t>(seconds % 60)),
             fraction_text(static_cast<uint32_t>(left % 1000000), digits));
}

}  // namespace

std::optional<Value> value_of_text(const Column& column, std::string_view text) {
  switch (column.kind) {
    case Kind::kInt:
      return lift(parse_number<int64_t>(text), [](int64_t n) { return Value::int64(n); });
    case Kind::kUint:
      return lift(parse_number<uint64_t>(text), [](uint64_t n) { return Value::uint64(n); });
    case Kind::kFloat:
      return lift(parse_number<float>(text), [](float n) { return Value::float32(n); });
    case Kind::kDouble:
      return lift(parse_number<double>(text), [](double n) { return Value::float64(n); });
    case Kind::kDecimal:
      return Value::decimal(text);
    case Kind::kText:
      return Value::text(text);
    case Kind::kBit:
      return lift(parse_bits(text), [&](uint64_t n) { return Value::bits(n, static_cast<uint8_t>(column.length)); });
    case Kind::kDate:
      return lift(parse_civil(text, false), [](Civil c) { return Value::date(c); });
    case Kind::kDateTime:
      return lift(parse_civil(text, true), [&](Civil c) { return Value::datetime(c, column.scale); });
    case Kind::kTimestamp:
      return lift(parse_civil(text, true), [&](Civil c) {
        return Value::timestamp(c.valid_date() ? c.micros_since_epoch() : kZeroTimestamp, column.scale);
      });
    case Kind::kTime:
      return lift(parse_time(text), [&](int64_t micros) { return Value::time(micros, column.scale); });
    default:
      return std::nullopt;  // bytes, json, uuid: their printed form is not their value
  }
}

std::string text_form(const Value& value) {
  switch (value.kind()) {
    case Kind::kDate:
      return date_text(value.civil());
    case Kind::kDateTime:
      return civil_text(value.civil(), value.scale());
    case Kind::kTimestamp:
      if (value.as_int() == kZeroTimestamp) return "0000-00-00 00:00:00Z";
      return civil_text(Civil::from_micros(value.as_int()), value.scale()) + "Z";
    case Kind::kTime:
      return time_text(value.as_int(), value.scale());
    case Kind::kUuid: {
      std::string hex = to_hex(value.view());
      for (const size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, 1, '-');
      return hex;
    }
    default:
      return {};
  }
}

}  // namespace weft
