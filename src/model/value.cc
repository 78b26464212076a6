// SPDX-License-Identifier: Apache-2.0
#include "model/value.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace weft {
namespace {

// Days since 1970-01-01 of a proleptic Gregorian date, and back; Howard Hinnant's era arithmetic
// ("chrono-Compatible Low-Level Date Algorithms").
int64_t days_from_civil(int64_t y, uint32_t m, uint32_t d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto year_of_era = static_cast<uint32_t>(y - era * 400);
  const uint32_t day_of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

uint32_t days_in_month(uint32_t year, uint32_t month) {
  static constexpr uint32_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

std::string padded(uint64_t number, size_t width) {
  std::string digits = cat(number);
  return digits.size() >= width ? digits : std::string(width - digits.size(), '0') + digits;
}

std::string describe_civil(const Civil& c, bool with_time) {
  std::string out = cat(padded(c.year, 4), "-", padded(c.month, 2), "-", padded(c.day, 2));
  if (with_time) {
    out += cat(" ", padded(c.hour, 2), ":", padded(c.minute, 2), ":", padded(c.second, 2));
    if (c.micros != 0) out += cat(".", padded(c.micros, 6));
  }
  return out;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kUnchanged:
      return "unchanged";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kFloat:
      return "float";
    case Kind::kDouble:
      return "double";
    case Kind::kDecimal:
      return "decimal";
    case Kind::kText:
      return "text";
    case Kind::kBytes:
      return "bytes";
    case Kind::kBit:
      return "bit";
    case Kind::kDate:
      return "date";
    case Kind::kDateTime:
      return "datetime";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kTime:
      return "time";
    case Kind::kJson:
      return "json";
    case Kind::kUuid:
      return "uuid";
  }
  return "unknown";
}

bool Civil::valid_date() const {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

int64_t Civil::days_since_epoch() const {
  return days_from_civil(year, month, day);
}

int64_t Civil::micros_since_epoch() const {
  const int64_t seconds = days_since_epoch() * 86400 + hour * 3600 + minute * 60 + second;
  return seconds * 1000000 + micros;
}

Civil Civil::from_micros(int64_t total) {
  constexpr int64_t kDay = 86400LL * 1000000;
  int64_t days = total / kDay;
  int64_t rest = total % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto doe = static_cast<uint32_t>(days - era * 146097);
  const uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const uint32_t mp = (5 * doy + 2) / 153;
  const uint32_t month = mp < 10 ? mp + 3 : mp - 9;
  const int64_t year = static_cast<int64_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0);
  const auto seconds = static_cast<uint32_t>(rest / 1000000);
  return {static_cast<uint32_t>(year),
          month,
          doy - (153 * mp + 2) / 5 + 1,
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<uint32_t>(rest % 1000000)};
}

uint64_t Value::hash() const {
  const auto mix = [](uint64_t x) {
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 32);
  };
  const uint64_t seed = mix(static_cast<uint64_t>(kind_) + 1);
  return has_view() ? mix(seed ^ std::hash<std::string_view>{}(view())) : mix(seed ^ as_uint());
}

std::string describe(const Value& value, size_t limit) {
  switch (value.kind()) {
    case Kind::kNull:
      return "NULL";
    case Kind::kUnchanged:
      return "(unchanged)";
    case Kind::kBool:
      return value.as_int() != 0 ? "true" : "false";
    case Kind::kInt:
    case Kind::kTime:
      return cat(value.as_int());
    case Kind::kUint:
    case Kind::kBit:
      return cat(value.as_uint());
    case Kind::kFloat:
    case Kind::kDouble:
      return cat(value.as_double());
    case Kind::kDate:
      return describe_civil(value.civil(), false);
    case Kind::kDateTime:
      return describe_civil(value.civil(), true);
    case Kind::kTimestamp:
      return value.as_int() == kZeroTimestamp ? "0000-00-00 00:00:00"
                                              : describe_civil(Civil::from_micros(value.as_int()), true) + "Z";
    case Kind::kDecimal:
      return std::string(value.view());
    case Kind::kText:
    case Kind::kJson:
      return cat("'", value.view().substr(0, limit), value.view().size() > limit ? "...'" : "'");
    case Kind::kBytes:
    case Kind::kUuid: {
      static constexpr char kHex[] = "0123456789abcdef";
      std::string out = "0x";
      for (const char c : value.view().substr(0, limit / 2)) {
        out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
        out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
      }
      return value.view().size() > limit / 2 ? out + "..." : out;
    }
  }
  return "?";
}

}  // namespace weft
