// SPDX-License-Identifier: Apache-2.0
// Layouts: my_time.cc of MySQL (my_datetime_packed_from_binary and its kin), compat56.cc and Field_*_hires of MariaDB.
#include "codec/mysql_binlog/temporal.h"

#include <array>

namespace weft::mysql_binlog {
namespace {

constexpr int64_t kMicros = 1000000;
constexpr std::array<uint32_t, 7> kMicrosPerUnit = {1000000, 100000, 10000, 1000, 100, 10, 1};

// A fraction in (digits + 1) / 2 bytes: hundredths, ten-thousandths or millionths.
uint32_t read_fraction(ByteReader& in, uint8_t digits) {
  switch (digits) {
    case 0:
      return 0;
    case 1:
    case 2:
      return static_cast<uint32_t>(in.be(1)) * 10000;
    case 3:
    case 4:
      return static_cast<uint32_t>(in.be(2)) * 100;
    default:
      return static_cast<uint32_t>(in.be(3));
  }
}

Value checked_datetime(ByteReader& in, const Civil& civil, uint8_t digits) {
  if (civil.year > 9999 || civil.month > 12 || civil.day > 31 || civil.hour > 23 || civil.minute > 59 ||
      civil.second > 59 || civil.micros > 999999) {
    in.fail();
  }
  return Value::datetime(civil, digits);
}

Value time_value(
    ByteReader& in, bool negative, uint64_t hour, uint64_t minute, uint64_t second, uint64_t micros, uint8_t digits) {
  if (hour > 838 || minute > 59 || second > 59 || micros > 999999) in.fail();
  const auto total = static_cast<int64_t>((hour * 3600 + minute * 60 + second) * 1000000 + micros);
  return Value::time(negative ? -total : total, digits);
}

Value timestamp_value(ByteReader& in, uint64_t seconds, uint64_t micros, uint8_t digits) {
  if (micros > 999999) in.fail();
  if (seconds == 0 && micros == 0) return Value::timestamp(kZeroTimestamp, digits);
  return Value::timestamp(static_cast<int64_t>(seconds) * kMicros + static_cast<int64_t>(micros), digits);
}

}  // namespace

Value read_date(ByteReader& in) {
  const uint64_t packed = in.le(3);
  Civil civil;
  civil.day = packed & 31;
  civil.month = (packed >> 5) & 15;
  civil.year = static_cast<uint32_t>(packed >> 9);
  if (civil.year > 9999 || civil.month > 12) in.fail();
  return Value::date(civil);
}

// hours (10 bits), minutes, seconds (6 each) and micros (24) of a number that is stored with its sign as an offset.
Value read_time2(ByteReader& in, uint8_t digits) {
  int64_t packed = 0;
  if (digits >= 5) {
    packed = static_cast<int64_t>(in.be(6)) - 0x800000000000;
  } else {
    int64_t whole = static_cast<int64_t>(in.be(3)) - 0x800000;
    int64_t fraction = 0;
    if (digits > 0) {
      const bool two = digits > 2;
      fraction = static_cast<int64_t>(two ? in.be(2) : in.be(1));
      if (whole < 0 && fraction != 0) {  // the fraction counts down from the next whole number
        ++whole;
        fraction -= two ? 0x10000 : 0x100;
      }
      fraction *= two ? 100 : 10000;
    }
    packed = whole * 0x1000000 + fraction;
  }
  const bool negative = packed < 0;
  const uint64_t magnitude = negative ? ~static_cast<uint64_t>(packed) + 1 : static_cast<uint64_t>(packed);
  return time_value(in,
                    negative,
                    (magnitude >> 36) & 0x3ff,
                    (magnitude >> 30) & 63,
                    (magnitude >> 24) & 63,
                    magnitude & 0xffffff,
                    digits);
}

Value read_datetime2(ByteReader& in, uint8_t digits) {
  const uint64_t packed = in.be(5) - 0x8000000000;
  const uint64_t months = (packed >> 22) & 0x1ffff;
  Civil civil;
  civil.year = static_cast<uint32_t>(months / 13);
  civil.month = static_cast<uint32_t>(months % 13);
  civil.day = (packed >> 17) & 31;
  civil.hour = (packed >> 12) & 31;
  civil.minute = (packed >> 6) & 63;
  civil.second = packed & 63;
  civil.micros = read_fraction(in, digits);
  return checked_datetime(in, civil, digits);
}

Value read_timestamp2(ByteReader& in, uint8_t digits) {
  const uint64_t seconds = in.be(4);
  return timestamp_value(in, seconds, read_fraction(in, digits), digits);
}

// hhmmss as a decimal number; with digits: units of the last digit since -838:59:59.999999..., big-endian.
Value read_old_time(ByteReader& in, uint8_t digits) {
  if (digits == 0) {
    const auto raw = static_cast<uint32_t>(in.le(3));
    const auto number = static_cast<int32_t>(raw << 8) / 256;
    const auto magnitude = static_cast<uint64_t>(number < 0 ? -int64_t{number} : int64_t{number});
    return time_value(in, number < 0, magnitude / 10000, magnitude / 100 % 100, magnitude % 100, 0, 0);
  }
  constexpr std::array<uint8_t, 7> kBytes = {3, 4, 4, 5, 5, 5, 6};
  constexpr int64_t kSeconds = 838 * 3600 + 59 * 60 + 59 + 1;
  const int64_t unit = kMicrosPerUnit[digits];
  const int64_t micros = static_cast<int64_t>(in.be(kBytes[digits])) * unit - kSeconds * kMicros;
  const auto magnitude = static_cast<uint64_t>(micros < 0 ? -micros : micros);
  const uint64_t seconds = magnitude / 1000000;
  return time_value(in, micros < 0, seconds / 3600, seconds / 60 % 60, seconds % 60, magnitude % 1000000, digits);
}

// YYYYMMDDhhmmss as a decimal number; with digits: mixed radix 13, 32, 24, 60, 60 and units of the last digit, big-endian.
Value read_old_datetime(ByteReader& in, uint8_t digits) {
  Civil civil;
  if (digits == 0) {
    const uint64_t number = in.u64();
    const uint64_t date = number / 1000000;
    civil.year = static_cast<uint32_t>(date / 10000);
    civil.month = static_cast<uint32_t>(date / 100 % 100);
    civil.day = static_cast<uint32_t>(date % 100);
    civil.hour = static_cast<uint32_t>(number / 10000 % 100);
    civil.minute = static_cast<uint32_t>(number / 100 % 100);
    civil.second = static_cast<uint32_t>(number % 100);
    return checked_datetime(in, civil, 0);
  }
  constexpr std::array<uint8_t, 7> kBytes = {5, 6, 6, 7, 7, 7, 8};
  uint64_t packed = in.be(kBytes[digits]);
  const auto next = [&packed](uint64_t radix) {
    const auto field = static_cast<uint32_t>(packed % radix);
    packed /= radix;
    return field;
  };
  civil.micros = next(1000000 / kMicrosPerUnit[digits]) * kMicrosPerUnit[digits];
  civil.second = next(60);
  civil.minute = next(60);
  civil.hour = next(24);
  civil.day = next(32);
  civil.month = next(13);
  civil.year = static_cast<uint32_t>(packed > 9999 ? 10000 : packed);
  return checked_datetime(in, civil, digits);
}

// Seconds, little-endian; with digits: big-endian, then the fraction in units of the last digit.
Value read_old_timestamp(ByteReader& in, uint8_t digits) {
  if (digits == 0) return timestamp_value(in, in.u32(), 0, 0);
  const uint64_t seconds = in.be(4);
  const uint64_t fraction = in.be(size_t{digits} / 2 + digits % 2);
  return timestamp_value(in, seconds, fraction * kMicrosPerUnit[digits], digits);
}

}  // namespace weft::mysql_binlog
