// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/values.h"

#include <algorithm>
#include <cmath>

#include "base/hex.h"
#include "base/text.h"

namespace weft::sqlite {
namespace {

constexpr int64_t kExactInReal = int64_t{1} << 53;
constexpr size_t kDigitsInReal = 15;  // significant decimal digits that a REAL gives back

constexpr std::string_view kBeyondInteger = "is beyond SQLite's 64-bit signed integers";
constexpr std::string_view kBeyondReal = "is an integer that a REAL can't hold exactly";
constexpr std::string_view kNan = "can't be kept: SQLite makes NULL of NaN";
constexpr std::string_view kTooPrecise =
    "has more than 15 significant digits, and the column's affinity makes a REAL of it; declare the column TEXT";
constexpr std::string_view kBecomesNumber =
    "is text that the column's affinity would make a number of; declare the column TEXT";

bool prefers_numbers(Affinity affinity) {
  return affinity == Affinity::kInteger || affinity == Affinity::kNumeric || affinity == Affinity::kReal;
}

size_t significant_digits(std::string_view decimal) {
  std::string digits;
  for (const char c : decimal) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return 1;
  const size_t last = digits.find_last_not_of('0');
  return last - first + 1;
}

std::string two(uint32_t n) {
  return {static_cast<char>('0' + n / 10 % 10), static_cast<char>('0' + n % 10)};
}

std::string padded(uint64_t n, size_t width) {
  std::string text = cat(n);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

std::string fraction(uint32_t micros, uint8_t digits) {
  return micros == 0 && digits == 0 ? std::string() : cat(".", padded(micros, 6));
}

std::string date_text(const Civil& c) {
  return cat(padded(c.year, 4), "-", two(c.month), "-", two(c.day));
}

std::string civil_text(const Civil& c, uint8_t digits) {
  return cat(date_text(c), " ", two(c.hour), ":", two(c.minute), ":", two(c.second), fraction(c.micros, digits));
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
             fraction(static_cast<uint32_t>(left % 1000000), digits));
}

std::string_view bind_integer(Statement& statement, int parameter, int64_t n, Affinity affinity) {
  if (affinity == Affinity::kReal && (n > kExactInReal || n < -kExactInReal)) return kBeyondReal;
  statement.bind(parameter, n);
  return {};
}

std::string_view bind_unsigned(Statement& statement, int parameter, uint64_t n, Affinity affinity, std::string& text) {
  if (n <= static_cast<uint64_t>(INT64_MAX))
    return bind_integer(statement, parameter, static_cast<int64_t>(n), affinity);
  if (prefers_numbers(affinity)) return kBeyondInteger;
  text = cat(n);
  statement.bind_text(parameter, text);
  return {};
}

std::string_view bind_decimal(Statement& statement, int parameter, std::string_view decimal, Affinity affinity) {
  if (prefers_numbers(affinity)) {
    if (!looks_numeric(decimal)) return kBecomesNumber;  // NaN and infinities
    if (significant_digits(decimal) > kDigitsInReal) return kTooPrecise;
  }
  statement.bind_text(parameter, decimal);
  return {};
}

std::string_view bind_string(Statement& statement, int parameter, std::string_view text, Affinity affinity) {
  if (prefers_numbers(affinity) && looks_numeric(text)) return kBecomesNumber;
  statement.bind_text(parameter, text);
  return {};
}

}  // namespace

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

bool looks_numeric(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return false;
  text = text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
  if (text.front() == '+' || text.front() == '-') text.remove_prefix(1);
  const auto digits = [&text] {
    const size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  size_t found = digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    found += digits();
  }
  if (found == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

std::string_view bind_value(
    Statement& statement, int parameter, const Value& value, Affinity affinity, std::string& text) {
  switch (value.kind()) {
    case Kind::kNull:
    case Kind::kUnchanged:
      statement.bind_null(parameter);
      return {};
    case Kind::kBool:
    case Kind::kInt:
      return bind_integer(statement, parameter, value.as_int(), affinity);
    case Kind::kUint:
    case Kind::kBit:
      return bind_unsigned(statement, parameter, value.as_uint(), affinity, text);
    case Kind::kFloat:
    case Kind::kDouble:
      if (std::isnan(value.as_double())) return kNan;
      statement.bind(parameter, value.as_double());
      return {};
    case Kind::kDecimal:
      return bind_decimal(statement, parameter, value.view(), affinity);
    case Kind::kText:
    case Kind::kJson:
      return bind_string(statement, parameter, value.view(), affinity);
    case Kind::kBytes:
      statement.bind_blob(parameter, value.view());
      return {};
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kTimestamp:
    case Kind::kTime:
    case Kind::kUuid:
      text = text_form(value);
      return bind_string(statement, parameter, text, affinity);
  }
  return {};
}

std::string declared_type(const Column& c) {
  switch (c.kind) {
    case Kind::kBool:
      return "BOOLEAN";
    case Kind::kInt:
    case Kind::kBit:
      return "INTEGER";
    case Kind::kUint:
      return c.int_bits == 0 || c.int_bits > 32 ? "UNSIGNED BIG INT" : "INTEGER";
    case Kind::kFloat:
      return "FLOAT";
    case Kind::kDouble:
      return "DOUBLE";
    case Kind::kDecimal:
      return c.precision != 0 && c.precision <= kDigitsInReal ? cat("DECIMAL(", c.precision, ",", c.scale, ")")
                                                              : "TEXT";
    case Kind::kText:
      return c.length != 0 && c.labels.empty() && c.source_type.find("char") != std::string::npos
                 ? cat("VARCHAR(", c.length, ")")
                 : "TEXT";
    case Kind::kBytes:
      return "BLOB";
    case Kind::kDate:
      return "DATE";
    case Kind::kDateTime:
      return "DATETIME";
    case Kind::kTimestamp:
      return "TIMESTAMP";
    case Kind::kTime:
      return "TIME";
    default:
      return "TEXT";  // JSON and UUID would have the affinity of numbers under their own names
  }
}

}  // namespace weft::sqlite
