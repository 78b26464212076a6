// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/numeric.h"

#include <cstdint>

namespace weft::postgres {
namespace {

constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xC000;
constexpr uint16_t kInfinity = 0xD000;
constexpr uint16_t kMinusInfinity = 0xF000;
constexpr int64_t kWholeDigitsLimit = 131072;
constexpr int64_t kFractionDigitsLimit = 16383;

// A decimal's text taken apart; views the text.
struct Decimal {
  bool negative = false;
  std::string_view whole;     // without leading zeros
  std::string_view fraction;  // as written

  // The digit at a power of ten: 0 is the ones, -1 the tenths.
  [[nodiscard]] unsigned digit(int64_t power) const {
    const auto whole_size = static_cast<int64_t>(whole.size());
    if (power >= whole_size || power < -static_cast<int64_t>(fraction.size())) return 0;
    const char c =
        power >= 0 ? whole[static_cast<size_t>(whole_size - 1 - power)] : fraction[static_cast<size_t>(-power - 1)];
    return static_cast<unsigned>(c - '0');
  }
};

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

bool parse(std::string_view text, Decimal& out) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  out.whole = text.substr(0, point);
  if (point != std::string_view::npos) out.fraction = text.substr(point + 1);
  if (out.whole.empty() && out.fraction.empty()) return false;
  if (!all_digits(out.whole) || !all_digits(out.fraction)) return false;
  while (!out.whole.empty() && out.whole[0] == '0') out.whole.remove_prefix(1);
  return true;
}

bool zero_below(const Decimal& d, int64_t power) {
  for (int64_t p = -static_cast<int64_t>(d.fraction.size()); p < power; ++p) {
    if (d.digit(p) != 0) return false;
  }
  return true;
}

// The power of the first digit that is not zero; far below everything for zero.
int64_t highest_power(const Decimal& d) {
  if (!d.whole.empty()) return static_cast<int64_t>(d.whole.size()) - 1;
  for (size_t i = 0; i < d.fraction.size(); ++i) {
    if (d.fraction[i] != '0') return -static_cast<int64_t>(i) - 1;
  }
  return INT32_MIN;
}

void put_header(WireBuffer& out, size_t digits, int64_t weight, uint16_t sign, size_t display_scale) {
  out.put32(static_cast<uint32_t>(8 + 2 * digits));
  out.put16(static_cast<uint16_t>(digits));
  out.put16(static_cast<uint16_t>(weight));
  out.put16(sign);
  out.put16(static_cast<uint16_t>(display_scale));
}

// Floor of p / 4: the base-10000 digit that holds a power of ten.
int64_t group_of(int64_t power) {
  return power >= 0 ? power / 4 : -((3 - power) / 4);
}

}  // namespace

Misfit append_numeric(WireBuffer& out, const ColumnType& type, std::string_view text) {
  const bool infinite = text == "Infinity" || text == "-Infinity";
  if (text == "NaN" || infinite) {
    if (infinite && type.scaled) return Misfit::kRange;
    put_header(out, 0, 0, !infinite ? kNaN : text[0] == '-' ? kMinusInfinity : kInfinity, 0);
    return Misfit::kNone;
  }
  Decimal d;
  if (!parse(text, d)) return Misfit::kSyntax;
  const auto whole = static_cast<int64_t>(d.whole.size());
  const auto fraction = static_cast<int64_t>(d.fraction.size());
  if (type.scaled && !zero_below(d, -int64_t{type.scale})) return Misfit::kFraction;
  if (type.scaled && highest_power(d) >= int64_t{type.precision} - type.scale) return Misfit::kRange;
  if (whole > kWholeDigitsLimit || fraction > kFractionDigitsLimit) return Misfit::kRange;
  int64_t high = group_of(whole - 1);
  int64_t low = group_of(-fraction);
  const auto group = [&](int64_t g) {
    return d.digit(4 * g + 3) * 1000 + d.digit(4 * g + 2) * 100 + d.digit(4 * g + 1) * 10 + d.digit(4 * g);
  };
  while (high >= low && group(high) == 0) --high;
  while (low <= high && group(low) == 0) ++low;
  const size_t digits = high >= low ? static_cast<size_t>(high - low + 1) : 0;
  put_header(
      out, digits, digits == 0 ? 0 : high, d.negative && digits != 0 ? kNegative : uint16_t{0}, d.fraction.size());
  for (int64_t g = high; g >= low; --g) out.put16(static_cast<uint16_t>(group(g)));
  return Misfit::kNone;
}

size_t significant_digits(std::string_view text) {
  size_t count = 0;
  size_t zeros = 0;
  for (const char c : text) {
    if (c == '0') {
      zeros += count > 0 ? 1 : 0;
    } else if (c >= '1' && c <= '9') {
      count += zeros + 1;
      zeros = 0;
    }
  }
  return count;
}

}  // namespace weft::postgres
