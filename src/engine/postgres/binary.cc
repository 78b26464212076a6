// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/binary.h"

#include <arpa/inet.h>
#include <cfloat>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/postgres/numeric.h"
#include "engine/postgres/temporal.h"
#include "engine/postgres/text_form.h"

namespace weft::postgres {
namespace {

constexpr size_t kFieldLimit = (1u << 30) - 64;  // the server takes no larger one

void put_float8(WireBuffer& out, double number) {
  uint64_t raw;
  std::memcpy(&raw, &number, sizeof raw);
  out.put32(8);
  out.put64(raw);
}

Misfit put_float4(WireBuffer& out, double number) {
  const auto narrow = static_cast<float>(number);
  if (!std::isnan(number) && static_cast<double>(narrow) != number) {
    return std::isinf(narrow) ? Misfit::kRange : Misfit::kInexact;
  }
  uint32_t raw;
  std::memcpy(&raw, &narrow, sizeof raw);
  out.put32(4);
  out.put32(raw);
  return Misfit::kNone;
}

// An integer out of any numeric kind; decimals must be whole.
Misfit to_integer(const Value& value, int64_t& out) {
  switch (value.kind()) {
    case Kind::kBool:
    case Kind::kInt:
      out = value.as_int();
      return Misfit::kNone;
    case Kind::kUint:
    case Kind::kBit:
      out = value.as_int();
      return out < 0 ? Misfit::kRange : Misfit::kNone;
    case Kind::kDecimal: {
      std::string_view text = value.view();
      const size_t point = text.find('.');
      if (point != std::string_view::npos) {
        if (text.find_first_not_of('0', point + 1) != std::string_view::npos) return Misfit::kFraction;
        text = text.substr(0, point);
      }
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
      if (error == std::errc::result_out_of_range) return Misfit::kRange;
      return end == text.data() + text.size() && error == std::errc() ? Misfit::kNone : Misfit::kSyntax;
    }
    default:
      return Misfit::kKind;
  }
}

Misfit append_integer(WireBuffer& out, Form form, const Value& value) {
  int64_t number = 0;
  if (const Misfit bad = to_integer(value, number); bad != Misfit::kNone) return bad;
  switch (form) {
    case Form::kBool:
      if (number != 0 && number != 1) return Misfit::kRange;
      out.put32(1);
      out.put8(static_cast<uint8_t>(number));
      return Misfit::kNone;
    case Form::kInt2:
      if (number < INT16_MIN || number > INT16_MAX) return Misfit::kRange;
      out.put32(2);
      out.put16(static_cast<uint16_t>(number));
      return Misfit::kNone;
    case Form::kInt4:
      if (number < INT32_MIN || number > INT32_MAX) return Misfit::kRange;
      out.put32(4);
      out.put32(static_cast<uint32_t>(number));
      return Misfit::kNone;
    default:
      out.put32(8);
      out.put64(static_cast<uint64_t>(number));
      return Misfit::kNone;
  }
}

// A number as a binary float, if that gives the same number back.
Misfit to_double(const Value& value, double& out) {
  constexpr int64_t kWholeLimit = int64_t{1} << 53;  // up to here every integer is a double
  switch (value.kind()) {
    case Kind::kFloat:
    case Kind::kDouble:
      out = value.as_double();
      return Misfit::kNone;
    case Kind::kBool:
    case Kind::kInt:
      out = static_cast<double>(value.as_int());
      return value.as_int() >= -kWholeLimit && value.as_int() <= kWholeLimit ? Misfit::kNone : Misfit::kInexact;
    case Kind::kUint:
    case Kind::kBit:
      out = static_cast<double>(value.as_uint());
      return value.as_uint() <= uint64_t{kWholeLimit} ? Misfit::kNone : Misfit::kInexact;
    case Kind::kDecimal: {
      const std::string_view text = value.view();
      if (significant_digits(text) > DBL_DIG) return Misfit::kInexact;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
      return end == text.data() + text.size() && error == std::errc() ? Misfit::kNone : Misfit::kSyntax;
    }
    default:
      return Misfit::kKind;
  }
}

Misfit append_float(WireBuffer& out, Form form, const Value& value) {
  double number = 0;
  if (const Misfit bad = to_double(value, number); bad != Misfit::kNone) return bad;
  if (form == Form::kFloat8) return put_float8(out, number), Misfit::kNone;
  if (value.kind() != Kind::kDecimal) return put_float4(out, number);
  if (significant_digits(value.view()) > FLT_DIG) return Misfit::kInexact;
  return put_float4(out, static_cast<double>(static_cast<float>(number)));
}

Misfit append_as_numeric(WireBuffer& out, const ColumnType& type, const Value& value) {
  if (value.kind() == Kind::kDecimal) return append_numeric(out, type, value.view());
  char raw[400];
  char* end = raw;
  switch (value.kind()) {
    case Kind::kBool:
    case Kind::kInt:
      end = std::to_chars(raw, raw + sizeof raw, value.as_int()).ptr;
      break;
    case Kind::kUint:
    case Kind::kBit:
      end = std::to_chars(raw, raw + sizeof raw, value.as_uint()).ptr;
      break;
    case Kind::kFloat:
    case Kind::kDouble:
      if (std::isnan(value.as_double())) return append_numeric(out, type, "NaN");
      if (std::isinf(value.as_double())) return Misfit::kRange;
      end = value.kind() == Kind::kFloat
                ? std::to_chars(raw, raw + sizeof raw, static_cast<float>(value.as_double()), std::chars_format::fixed)
                      .ptr
                : std::to_chars(raw, raw + sizeof raw, value.as_double(), std::chars_format::fixed).ptr;
      break;
    default:
      return Misfit::kKind;
  }
  return append_numeric(out, type, {raw, static_cast<size_t>(end - raw)});
}

size_t characters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

Misfit check_text(const ColumnType& type, std::string_view text) {
  if (text.size() > kFieldLimit) return Misfit::kTooLong;
  if (!text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr) return Misfit::kZeroByte;
  const auto limit = static_cast<size_t>(type.limit);
  if (type.limit >= 0 && text.size() > limit && characters(text) > limit) return Misfit::kTooLong;
  return Misfit::kNone;
}

Misfit append_text(WireBuffer& out, const ColumnType& type, const Value& value) {
  if (value.kind() == Kind::kText || value.kind() == Kind::kJson || value.kind() == Kind::kDecimal) {
    const std::string_view text = value.view();
    if (const Misfit bad = check_text(type, text); bad != Misfit::kNone) return bad;
    if (type.form == Form::kJsonb) {
      out.put32(static_cast<uint32_t>(text.size() + 1));
      out.put8(1);  // version of the binary form
    } else {
      out.put32(static_cast<uint32_t>(text.size()));
    }
    out.put(text);
    return Misfit::kNone;
  }
  if (value.kind() == Kind::kBytes && !type.hex) return Misfit::kKind;
  const size_t at = out.size();
  out.put32(0);
  append_text_form(out, value);
  const std::string_view text = out.view().substr(at + 4);
  out.patch32(at, static_cast<uint32_t>(text.size()));
  return check_text(type, text);
}

Misfit append_bytes(WireBuffer& out, const Value& value) {
  if (value.kind() != Kind::kBytes && value.kind() != Kind::kText && value.kind() != Kind::kUuid) return Misfit::kKind;
  if (value.view().size() > kFieldLimit) return Misfit::kTooLong;
  out.put32(static_cast<uint32_t>(value.view().size()));
  out.put(value.view());
  return Misfit::kNone;
}

// Bits of a text of zeros and ones, or of a number with leading zeros to the column's width.
Misfit append_bits(WireBuffer& out, const ColumnType& type, const Value& value) {
  std::string_view text;
  size_t width = value.kind() == Kind::kBool ? 1 : value.scale();
  if (value.kind() == Kind::kText) {
    text = value.view();
    width = text.size();
    if (text.find_first_not_of("01") != std::string_view::npos) return Misfit::kSyntax;
  } else if (value.kind() != Kind::kBit && value.kind() != Kind::kBool) {
    return Misfit::kKind;
  }
  const auto limit = static_cast<size_t>(type.limit);
  if (type.form == Form::kVarbit && type.limit >= 0 && width > limit) return Misfit::kTooLong;
  if (type.form == Form::kBit && width != limit) {
    if (!text.empty() || value.kind() == Kind::kText) return Misfit::kTooLong;
    if (limit < 64 && (value.as_uint() >> limit) != 0) return Misfit::kTooLong;
    width = limit;
  }
  const size_t bytes = (width + 7) / 8;
  out.put32(static_cast<uint32_t>(4 + bytes));
  out.put32(static_cast<uint32_t>(width));
  char* at = out.extend(bytes);
  std::memset(at, 0, bytes);
  for (size_t i = 0; i < width; ++i) {
    const size_t power = width - 1 - i;
    const bool bit = value.kind() == Kind::kText ? text[i] == '1' : power < 64 && ((value.as_uint() >> power) & 1) != 0;
    if (bit) at[i / 8] = static_cast<char>(at[i / 8] | (0x80 >> (i % 8)));
  }
  return Misfit::kNone;
}

Misfit append_uuid(WireBuffer& out, const Value& value) {
  if (!value.has_view()) return Misfit::kKind;
  const std::string_view text = value.view();
  if (value.kind() != Kind::kText) {
    if (text.size() != 16) return Misfit::kSyntax;
    out.put32(16);
    out.put(text);
    return Misfit::kNone;
  }
  out.put32(16);
  size_t digits = 0;
  uint8_t byte = 0;
  for (const char c : text) {
    if (c == '-' || c == '{' || c == '}') continue;
    uint8_t nibble = 0;
    if (std::from_chars(&c, &c + 1, nibble, 16).ec != std::errc()) return Misfit::kSyntax;
    byte = static_cast<uint8_t>(byte << 4 | nibble);
    if (++digits % 2 == 0 && digits <= 32) out.put8(byte);
  }
  return digits == 32 ? Misfit::kNone : Misfit::kSyntax;
}

Misfit append_inet(WireBuffer& out, const ColumnType& type, const Value& value) {
  if (value.kind() != Kind::kText || value.view().size() > 64) return Misfit::kSyntax;
  std::string text(value.view());
  const size_t slash = text.find('/');
  const bool v6 = text.find(':') != std::string::npos;
  unsigned bits = v6 ? 128 : 32;
  if (slash != std::string::npos) {
    const unsigned most = bits;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, bits);
    if (read.ec != std::errc() || read.ptr != end || bits > most) return Misfit::kSyntax;
    text.resize(slash);
  }
  char address[16];
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), address) != 1) return Misfit::kSyntax;
  const size_t bytes = v6 ? 16 : 4;
  out.put32(static_cast<uint32_t>(4 + bytes));
  out.put8(v6 ? 3 : 2);  // PGSQL_AF_INET6, PGSQL_AF_INET
  out.put8(static_cast<uint8_t>(bits));
  out.put8(type.transport == oid::kCidr ? 1 : 0);
  out.put8(static_cast<uint8_t>(bytes));
  out.put({address, bytes});
  return Misfit::kNone;
}

}  // namespace

std::string_view to_string(Misfit misfit) {
  switch (misfit) {
    case Misfit::kNone:
      return "fits";
    case Misfit::kRange:
      return "is out of the type's range";
    case Misfit::kTooLong:
      return "is longer than the column";
    case Misfit::kFraction:
      return "has more fraction digits than the column keeps";
    case Misfit::kInexact:
      return "can't be held exactly by a binary float";
    case Misfit::kDate:
      return "is no date of the calendar";
    case Misfit::kZeroByte:
      return "holds a zero byte, which PostgreSQL's text can't";
    case Misfit::kSyntax:
      return "is no value of the type";
    case Misfit::kUnknown:
      return "was not sent by the source";
    case Misfit::kKind:
      return "is of a kind that the type never holds";
  }
  return "does not fit";
}

Misfit append_value(WireBuffer& out, const ColumnType& type, const Value& value) {
  if (value.is_null()) return out.put32(UINT32_MAX), Misfit::kNone;
  if (value.is_unchanged()) return Misfit::kUnknown;
  switch (type.form) {
    case Form::kBool:
    case Form::kInt2:
    case Form::kInt4:
    case Form::kInt8:
      return append_integer(out, type.form, value);
    case Form::kNumeric:
      return append_as_numeric(out, type, value);
    case Form::kFloat4:
    case Form::kFloat8:
      return append_float(out, type.form, value);
    case Form::kJson:
    case Form::kJsonb:
      if (value.kind() != Kind::kJson && value.kind() != Kind::kText) return Misfit::kKind;
      return append_text(out, type, value);
    case Form::kText:
    case Form::kBpchar:
    case Form::kAsText:
      return append_text(out, type, value);
    case Form::kBytea:
      return append_bytes(out, value);
    case Form::kBit:
    case Form::kVarbit:
      return append_bits(out, type, value);
    case Form::kDate:
    case Form::kTime:
    case Form::kTimestamp:
    case Form::kTimestamptz:
    case Form::kInterval:
      return append_temporal(out, type, value);
    case Form::kUuid:
      return append_uuid(out, value);
    case Form::kInet:
      return append_inet(out, type, value);
  }
  return Misfit::kKind;
}

void begin_array(WireBuffer& out, uint32_t element_oid, size_t count) {
  out.put32(1);  // dimensions
  out.put32(0);  // null flag: the server counts them itself
  out.put32(element_oid);
  out.put32(static_cast<uint32_t>(count));
  out.put32(1);  // lower bound
}

void begin_copy(WireBuffer& out) {
  out.put({"PGCOPY\n\377\r\n\0", 11});
  out.put32(0);  // flags
  out.put32(0);  // header extension
}

void begin_copy_row(WireBuffer& out, size_t columns) {
  out.put16(static_cast<uint16_t>(columns));
}

void end_copy(WireBuffer& out) {
  out.put16(UINT16_MAX);
}

}  // namespace weft::postgres
