// SPDX-License-Identifier: Apache-2.0
#include "transform/number.h"

#include <charconv>
#include <cmath>
#include <string>

namespace weft::transform {
namespace {

template <class T>
int three_way(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

bool is_float(Kind kind) {
  return kind == Kind::kFloat || kind == Kind::kDouble;
}

bool is_signed(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kBool;
}

bool is_integer(Kind kind) {
  return is_signed(kind) || kind == Kind::kUint || kind == Kind::kBit;
}

int compare_integers(const Value& a, const Value& b) {
  const bool a_below = is_signed(a.kind()) && a.as_int() < 0;
  const bool b_below = is_signed(b.kind()) && b.as_int() < 0;
  if (a_below != b_below) return a_below ? -1 : 1;
  return a_below ? three_way(a.as_int(), b.as_int()) : three_way(a.as_uint(), b.as_uint());
}

// -Infinity, numbers, Infinity, NaN
enum class Rank : int { kBelow = -1, kNumber = 0, kAbove = 1, kNan = 2 };

Rank rank_of(long double number) {
  if (std::isnan(number)) return Rank::kNan;
  if (std::isinf(number)) return number < 0 ? Rank::kBelow : Rank::kAbove;
  return Rank::kNumber;
}

Rank rank_of(std::string_view decimal) {
  if (decimal.starts_with('N') || decimal.starts_with('n')) return Rank::kNan;
  if (decimal.starts_with('I') || decimal.starts_with('i')) return Rank::kAbove;
  return decimal.starts_with("-I") || decimal.starts_with("-i") ? Rank::kBelow : Rank::kNumber;
}

// Wide enough for every integer of 64 bits where the compiler's long double is; a decimal beside a float is a double.
long double float_of(const Value& value) {
  if (is_float(value.kind())) return value.as_double();
  if (is_signed(value.kind())) return static_cast<long double>(value.as_int());
  if (is_integer(value.kind())) return static_cast<long double>(value.as_uint());
  const Rank rank = rank_of(value.view());
  if (rank == Rank::kNan) return std::nan("");
  if (rank != Rank::kNumber) return rank == Rank::kBelow ? -HUGE_VAL : HUGE_VAL;
  return nearest_double(value.view());
}

int compare_floats(const Value& a, const Value& b) {
  const long double x = float_of(a);
  const long double y = float_of(b);
  const Rank rank = rank_of(x);
  if (rank != rank_of(y) || rank != Rank::kNumber) return three_way(rank, rank_of(y));
  return three_way(x, y);
}

// -?digits[.digits] without what does not count.
struct Digits {
  explicit Digits(std::string_view text) : below(text.starts_with('-')) {
    text.remove_prefix(below || text.starts_with('+') ? 1 : 0);
    const size_t point = text.find('.');
    whole = text.substr(0, point);
    if (point != std::string_view::npos) fraction = text.substr(point + 1);
    while (whole.starts_with('0')) whole.remove_prefix(1);
    while (fraction.ends_with('0')) fraction.remove_suffix(1);
    if (whole.empty() && fraction.empty()) below = false;
  }

  bool below;
  std::string_view whole;
  std::string_view fraction;
};

int compare_digits(std::string_view a, std::string_view b) {
  const Digits x(a);
  const Digits y(b);
  if (x.below != y.below) return x.below ? -1 : 1;
  int order = three_way(x.whole.size(), y.whole.size());
  if (order == 0) order = x.whole.compare(y.whole);
  if (order == 0) order = x.fraction.compare(y.fraction);
  return x.below ? -order : order;
}

// A number's digits; an integer's are written into `room`.
std::string_view digits_of(const Value& value, char (&room)[24]) {
  if (value.kind() == Kind::kDecimal) return value.view();
  const auto end = is_signed(value.kind()) ? std::to_chars(room, room + sizeof room, value.as_int())
                                           : std::to_chars(room, room + sizeof room, value.as_uint());
  return {room, static_cast<size_t>(end.ptr - room)};
}

}  // namespace

bool is_number(Kind kind) {
  return is_integer(kind) || is_float(kind) || kind == Kind::kDecimal;
}

int compare_numbers(const Value& a, const Value& b) {
  if (is_integer(a.kind()) && is_integer(b.kind())) return compare_integers(a, b);
  if (is_float(a.kind()) || is_float(b.kind())) return compare_floats(a, b);
  char room_a[24];
  char room_b[24];
  const std::string_view x = digits_of(a, room_a);
  const std::string_view y = digits_of(b, room_b);
  const Rank rank = rank_of(x);
  if (rank != rank_of(y) || rank != Rank::kNumber) return three_way(rank, rank_of(y));
  return compare_digits(x, y);
}

double nearest_double(std::string_view digits) {
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double out = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (read.ec == std::errc::result_out_of_range) return digits.starts_with('-') ? -HUGE_VAL : HUGE_VAL;
  return out;
}

}  // namespace weft::transform
