// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/text_form.h"

#include <charconv>
#include <cmath>

namespace weft::postgres {
namespace {

void put_digits(WireBuffer& out, uint64_t number, int width) {
  char* at = out.extend(static_cast<size_t>(width));
  for (int i = width; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

template <class T>
void put_number(WireBuffer& out, T number) {
  char raw[40];
  const auto end = std::to_chars(raw, raw + sizeof raw, number).ptr;
  out.put({raw, static_cast<size_t>(end - raw)});
}

void put_float(WireBuffer& out, double number, bool single) {
  if (std::isnan(number)) return out.put("NaN");
  if (std::isinf(number)) return out.put(number < 0 ? "-Infinity" : "Infinity");
  if (single) return put_number(out, static_cast<float>(number));
  put_number(out, number);
}

void put_date(WireBuffer& out, const Civil& c) {
  put_digits(out, c.year, c.year > 9999 ? 6 : 4);
  out.put8('-');
  put_digits(out, c.month, 2);
  out.put8('-');
  put_digits(out, c.day, 2);
}

void put_clock(WireBuffer& out, uint64_t hours, uint32_t minutes, uint32_t seconds, uint32_t micros, uint8_t digits) {
  if (hours < 100) {
    put_digits(out, hours, 2);
  } else {
    put_number(out, hours);
  }
  out.put8(':');
  put_digits(out, minutes, 2);
  out.put8(':');
  put_digits(out, seconds, 2);
  if (micros == 0 && digits == 0) return;
  out.put8('.');
  put_digits(out, micros, 6);
}

void put_civil(WireBuffer& out, const Civil& c, uint8_t digits) {
  put_date(out, c);
  out.put8(' ');
  put_clock(out, c.hour, c.minute, c.second, c.micros, digits);
}

void put_time(WireBuffer& out, int64_t micros, uint8_t digits) {
  uint64_t left = static_cast<uint64_t>(micros);
  if (micros < 0) {
    out.put8('-');
    left = uint64_t{0} - left;
  }
  const uint64_t seconds = left / 1000000;
  put_clock(out,
            seconds / 3600,
            static_cast<uint32_t>(seconds / 60 % 60),
            static_cast<uint32_t>(seconds % 60),
            static_cast<uint32_t>(left % 1000000),
            digits);
}

void put_timestamp(WireBuffer& out, const Value& value) {
  if (value.as_int() == kZeroTimestamp) return out.put("0000-00-00 00:00:00");
  put_civil(out, Civil::from_micros(value.as_int()), value.scale());
  out.put("+00");
}

void put_hex(WireBuffer& out, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  char* at = out.extend(2 * bytes.size());
  for (const char c : bytes) {
    *at++ = kHex[static_cast<uint8_t>(c) >> 4];
    *at++ = kHex[static_cast<uint8_t>(c) & 15];
  }
}

void put_bits(WireBuffer& out, uint64_t bits, uint8_t width) {
  for (int i = width; i-- > 0;) out.put8((bits >> i) & 1 ? '1' : '0');
}

void put_uuid(WireBuffer& out, std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.put8('-');
    put_hex(out, bytes.substr(i, 1));
  }
}

}  // namespace

void append_text_form(WireBuffer& out, const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
    case Kind::kUnchanged:
      return;
    case Kind::kBool:
      return out.put(value.as_int() != 0 ? "true" : "false");
    case Kind::kInt:
      return put_number(out, value.as_int());
    case Kind::kUint:
      return put_number(out, value.as_uint());
    case Kind::kFloat:
    case Kind::kDouble:
      return put_float(out, value.as_double(), value.kind() == Kind::kFloat);
    case Kind::kBit:
      return put_bits(out, value.as_uint(), value.scale());
    case Kind::kDate:
      return put_date(out, value.civil());
    case Kind::kDateTime:
      return put_civil(out, value.civil(), value.scale());
    case Kind::kTimestamp:
      return put_timestamp(out, value);
    case Kind::kTime:
      return put_time(out, value.as_int(), value.scale());
    case Kind::kDecimal:
    case Kind::kText:
    case Kind::kJson:
      return out.put(value.view());
    case Kind::kBytes:
      return put_hex(out, value.view());
    case Kind::kUuid:
      return put_uuid(out, value.view());
  }
}

}  // namespace weft::postgres
