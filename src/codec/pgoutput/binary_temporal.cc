// SPDX-License-Identifier: Apache-2.0
// date.c, timestamp.c and datetime.c of the server: days and microseconds since 2000-01-01, and how they are printed in ISO
// style and UTC.
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/pgoutput/binary_forms.h"
#include "codec/pgoutput/binary_values.h"
#include "codec/pgoutput/temporal_values.h"

namespace weft::pgoutput {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kDay = 86400 * kSecond;
constexpr int64_t kEpochDays = 10957;   // 2000-01-01 after 1970-01-01
constexpr int64_t kFirstDay = -719162;  // 0001-01-01
constexpr int64_t kLastDay = 2932896;   // 9999-12-31

// At least `width` digits.
void put(std::string& out, int64_t number, size_t width) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const auto size = static_cast<size_t>(end - digits);
  if (size < width) out.append(width - size, '0');
  out.append(digits, size);
}

// ".5" without zeros at the end; nothing for none.
void put_fraction(std::string& out, int64_t micros) {
  if (micros == 0) return;
  out.push_back('.');
  put(out, micros, 6);
  while (out.back() == '0') out.pop_back();
}

// "23:59:59.999999"
void put_clock(std::string& out, int64_t micros) {
  put(out, micros / (3600 * kSecond), 2);
  out.push_back(':');
  put(out, micros / (60 * kSecond) % 60, 2);
  out.push_back(':');
  put(out, micros / kSecond % 60, 2);
  put_fraction(out, micros % kSecond);
}

// A date of any year: year 0 is 1 BC. Years are counted in eras of 400, which all have as many days.
struct FarDate {
  int64_t year = 0;
  uint32_t month = 0;
  uint32_t day = 0;
};

FarDate date_of(int64_t days) {
  constexpr int64_t kEraDays = 146097;
  constexpr int64_t kEraYears = 400;
  const int64_t eras = days >= 0 ? days / kEraDays : (days - kEraDays + 1) / kEraDays;
  const Civil near = Civil::from_micros((days - eras * kEraDays) * kDay);  // 1970 to 2369
  return {int64_t{near.year} + eras * kEraYears, near.month, near.day};
}

// "0044-03-15", "10000-01-01"; the BC goes behind all.
void put_date(std::string& out, const FarDate& date) {
  put(out, date.year > 0 ? date.year : 1 - date.year, 4);
  out.push_back('-');
  put(out, date.month, 2);
  out.push_back('-');
  put(out, date.day, 2);
}

// An infinity, or a year that no kind has: its text (see other_time() of the text values).
Value far_timestamp(const Column& column, int64_t micros, Arena& arena) {
  if (micros == std::numeric_limits<int64_t>::max()) return Value::text(arena.copy("infinity"));
  if (micros == std::numeric_limits<int64_t>::min()) return Value::text(arena.copy("-infinity"));
  // Days and what is behind them, down to the first instant that the bytes can say.
  const int64_t days = micros / kDay - (micros % kDay < 0 ? 1 : 0);
  const int64_t clock = micros % kDay + (micros % kDay < 0 ? kDay : 0);
  const FarDate date = date_of(days + kEpochDays);
  std::string out;
  put_date(out, date);
  out.push_back(' ');
  put_clock(out, clock);
  if (column.kind == Kind::kTimestamp) out += "+00";
  if (date.year <= 0) out += " BC";
  return Value::text(arena.copy(out));
}

// One part of an interval; its sign counts for the next one (datetime.c, AddPostgresIntPart).
void put_part(std::string& out, int64_t value, std::string_view unit, bool& before) {
  if (value == 0) return;
  if (!out.empty()) out.push_back(' ');
  if (before && value > 0) out.push_back('+');
  out += cat(value, " ", unit, value == 1 ? "" : "s");
  before = value < 0;
}

}  // namespace

Result<Value> read_binary_date(const Column& column, std::string_view bytes, Arena& arena) {
  if (bytes.size() != 4) return not_sent(column, bytes);
  ByteReader in(bytes);
  const auto days = static_cast<int32_t>(in.be(4));
  if (days == std::numeric_limits<int32_t>::max()) return Value::text(arena.copy("infinity"));
  if (days == std::numeric_limits<int32_t>::min()) return Value::text(arena.copy("-infinity"));
  const int64_t since_1970 = days + kEpochDays;
  if (since_1970 >= kFirstDay && since_1970 <= kLastDay) return Value::date(Civil::from_micros(since_1970 * kDay));
  const FarDate date = date_of(since_1970);
  std::string out;
  put_date(out, date);
  if (date.year <= 0) out += " BC";
  return Value::text(arena.copy(out));
}

Result<Value> read_binary_timestamp(const Column& column, std::string_view bytes, Arena& arena) {
  if (bytes.size() != 8) return not_sent(column, bytes);
  ByteReader in(bytes);
  const auto micros = static_cast<int64_t>(in.be(8));
  constexpr int64_t kFirst = (kFirstDay - kEpochDays) * kDay;
  constexpr int64_t kBehindLast = (kLastDay + 1 - kEpochDays) * kDay;
  if (micros < kFirst || micros >= kBehindLast) return far_timestamp(column, micros, arena);
  const int64_t since_1970 = micros + kEpochDays * kDay;
  if (column.kind == Kind::kTimestamp) return Value::timestamp(since_1970, column.scale);
  return Value::datetime(Civil::from_micros(since_1970), column.scale);
}

Result<Value> read_binary_time(const Column& column, std::string_view bytes) {
  ByteReader in(bytes);
  const auto micros = static_cast<int64_t>(in.be(8));
  if (bytes.size() != 8 || micros < 0 || micros > kDay) return not_sent(column, bytes);
  return Value::time(micros, column.scale);
}

// The zone is sent west of UTC and printed east of it, as far as it goes (datetime.c, EncodeTimezone).
Result<Value> read_binary_timetz(const Column& column, std::string_view bytes, Arena& arena) {
  ByteReader in(bytes);
  const auto micros = static_cast<int64_t>(in.be(8));
  const auto west = static_cast<int32_t>(in.be(4));
  if (bytes.size() != 12 || micros < 0 || micros > kDay || west <= -86400 || west >= 86400)
    return not_sent(column, bytes);
  std::string out;
  put_clock(out, micros);
  const int32_t zone = std::abs(west);
  out.push_back(west <= 0 ? '+' : '-');
  put(out, zone / 3600, 2);
  if (zone % 3600 != 0) {
    out.push_back(':');
    put(out, zone / 60 % 60, 2);
  }
  if (zone % 60 != 0) {
    out.push_back(':');
    put(out, zone % 60, 2);
  }
  return Value::text(arena.copy(out));
}

// "1 year 2 mons -3 days +04:05:06.7" (datetime.c, EncodeInterval, style postgres).
Result<Value> read_binary_interval(const Column& column, std::string_view bytes, Arena& arena) {
  if (bytes.size() != 16) return not_sent(column, bytes);
  ByteReader in(bytes);
  const auto micros = static_cast<int64_t>(in.be(8));
  const auto days = static_cast<int32_t>(in.be(4));
  const auto months = static_cast<int32_t>(in.be(4));
  // From version 17 on the ends of all three are infinities, before they were long intervals: the server has to say it.
  if (micros == std::numeric_limits<int64_t>::max() || micros == std::numeric_limits<int64_t>::min())
    return read_binary(column, Form::kNone, bytes, arena);
  std::string out;
  bool before = false;
  put_part(out, months / 12, "year", before);
  put_part(out, months % 12, "mon", before);
  put_part(out, days, "day", before);
  if (out.empty() || micros != 0) {
    if (!out.empty()) out.push_back(' ');
    if (micros < 0 || before) out.push_back(micros < 0 ? '-' : '+');
    put_clock(out, std::abs(micros));
  }
  return Value::text(arena.copy(out));
}

}  // namespace weft::pgoutput
