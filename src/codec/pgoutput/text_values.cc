// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/text_values.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>

#include "base/text.h"
#include "base/utf8.h"
#include "codec/pgoutput/temporal_values.h"

namespace weft::pgoutput {
namespace {

// pg_type.dat: these never change.
enum TypeOid : uint32_t {
  kOidBool = 16,
  kOidBytea = 17,
  kOidInt8 = 20,
  kOidInt2 = 21,
  kOidInt4 = 23,
  kOidOid = 26,
  kOidJson = 114,
  kOidFloat4 = 700,
  kOidFloat8 = 701,
  kOidBpchar = 1042,
  kOidVarchar = 1043,
  kOidDate = 1082,
  kOidTime = 1083,
  kOidTimestamp = 1114,
  kOidTimestamptz = 1184,
  kOidBit = 1560,
  kOidNumeric = 1700,
  kOidUuid = 2950,
  kOidJsonb = 3802,
};

constexpr int32_t kHeaderBytes = 4;  // what modifiers of text and numeric are counted from (VARHDRSZ)

void set_int(Column& column, Kind kind, uint8_t bits) {
  column.kind = kind;
  column.int_bits = bits;
}

void set_text(Column& column, const TypeOf& type) {
  column.kind = Kind::kText;
  if (type.modifier > kHeaderBytes) column.length = static_cast<uint32_t>(type.modifier - kHeaderBytes);
  column.fixed_length = type.oid == kOidBpchar && column.length > 0;
}

// Precision in the upper half of the modifier, scale in its lower 11 bits with a sign (numeric.c, make_numeric_typmod).
// What a Column has no room for stays 0, 0: any decimal; source_type tells it.
void set_decimal(Column& column, const TypeOf& type) {
  column.kind = Kind::kDecimal;
  if (type.modifier < kHeaderBytes) return;
  const int32_t packed = type.modifier - kHeaderBytes;
  const int32_t precision = (packed >> 16) & 0xffff;
  const int32_t scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
  if (precision > std::numeric_limits<uint8_t>::max() || scale < 0 || scale > precision) return;
  column.precision = static_cast<uint8_t>(precision);
  column.scale = static_cast<uint8_t>(scale);
}

void set_temporal(Column& column, Kind kind, const TypeOf& type) {
  column.kind = kind;
  const bool given = type.modifier >= 0 && type.modifier <= kMostFractionDigits;
  column.scale = given ? static_cast<uint8_t>(type.modifier) : kMostFractionDigits;
}

void set_bits(Column& column, const TypeOf& type) {
  if (type.modifier < 1 || type.modifier > 64) return;  // longer than a kBit: its text
  column.kind = Kind::kBit;
  column.length = static_cast<uint32_t>(type.modifier);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<Value> read_bool(const Column& column, std::string_view text) {
  if (text == "t") return Value::boolean(true);
  if (text == "f") return Value::boolean(false);
  return not_valid(column, text);
}

Result<Value> read_int(const Column& column, std::string_view text) {
  const std::optional<int64_t> number = parse_number<int64_t>(text);
  if (!number) return not_valid(column, text);
  if (column.int_bits < 64) {
    const int64_t limit = int64_t{1} << (column.int_bits - 1);
    if (*number < -limit || *number >= limit) return not_valid(column, text);
  }
  return Value::int64(*number);
}

Result<Value> read_uint(const Column& column, std::string_view text) {
  const std::optional<uint64_t> number = parse_number<uint64_t>(text);
  if (!number || (column.int_bits < 64 && *number >> column.int_bits != 0)) return not_valid(column, text);
  return Value::uint64(*number);
}

template <class Number>
std::optional<Number> parse_float(std::string_view text) {
  using Limits = std::numeric_limits<Number>;
  if (text == "NaN") return Limits::quiet_NaN();
  if (text == "Infinity") return Limits::infinity();
  if (text == "-Infinity") return -Limits::infinity();
  // from_chars takes other spellings of those too.
  const bool digits = std::all_of(
      text.begin(), text.end(), [](char c) { return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e'; });
  return digits ? parse_number<Number>(text) : std::nullopt;
}

Result<Value> read_float(const Column& column, std::string_view text) {
  if (column.kind == Kind::kFloat) {
    const std::optional<float> number = parse_float<float>(text);
    return number ? Result<Value>(Value::float32(*number)) : not_valid(column, text);
  }
  const std::optional<double> number = parse_float<double>(text);
  return number ? Result<Value>(Value::float64(*number)) : not_valid(column, text);
}

// -?digits[.digits]
bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "0";
  return !whole.empty() && !fraction.empty() && std::all_of(whole.begin(), whole.end(), is_digit) &&
         std::all_of(fraction.begin(), fraction.end(), is_digit);
}

Result<Value> read_decimal(const Column& column, std::string_view text, Arena& arena) {
  const bool number = text != "NaN" && text != "Infinity" && text != "-Infinity";
  if (number && !is_decimal(text)) return not_valid(column, text);
  return Value::decimal(arena.copy(text));
}

// A database in SQL_ASCII hands out whatever bytes it was given.
bool is_utf8(std::string_view text) {
  while (text.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data(), sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
    text.remove_prefix(sizeof word);
  }
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// The bytes themselves are no text for a message.
Error not_utf8(const Column& column, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex = "\\x";
  for (const char c : text.substr(0, 32)) {
    hex.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    hex.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
  return bad_value(column, hex, "is not valid UTF-8; correct the row, or convert the database from SQL_ASCII");
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Two digits a byte. REQUIRES: room for hex.size() / 2 bytes.
bool put_bytes(std::string_view hex, std::byte* to) {
  if (hex.size() % 2 != 0) return false;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    *to++ = static_cast<std::byte>(high * 16 + low);
  }
  return true;
}

Result<Value> read_bytes(const Column& column, std::string_view text, Arena& arena) {
  if (!text.starts_with("\\x")) return not_valid(column, text);
  const std::string_view hex = text.substr(2);
  if (hex.empty()) return Value::bytes({});
  std::byte* const to = arena.allocate(hex.size() / 2);
  if (!put_bytes(hex, to)) return not_valid(column, text);
  return Value::bytes({reinterpret_cast<const char*>(to), hex.size() / 2});
}

// "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
Result<Value> read_uuid(const Column& column, std::string_view text, Arena& arena) {
  constexpr size_t kGroups[] = {8, 4, 4, 4, 12};
  constexpr size_t kBytes = 16;
  std::byte raw[kBytes];
  std::byte* to = raw;
  std::string_view left = text;
  for (const size_t digits : kGroups) {
    if (to != raw) {
      if (!left.starts_with('-')) return not_valid(column, text);
      left.remove_prefix(1);
    }
    if (left.size() < digits || !put_bytes(left.substr(0, digits), to)) return not_valid(column, text);
    left.remove_prefix(digits);
    to += digits / 2;
  }
  if (!left.empty()) return not_valid(column, text);
  return Value::uuid(arena.copy({reinterpret_cast<const char*>(raw), kBytes}));
}

Result<Value> read_bits(const Column& column, std::string_view text) {
  uint64_t bits = 0;
  for (const char c : text) {
    if (c != '0' && c != '1') return not_valid(column, text);
    bits = bits << 1 | static_cast<uint64_t>(c - '0');
  }
  if (text.size() != column.length) return not_valid(column, text);
  return Value::bits(bits, static_cast<uint8_t>(column.length));
}

}  // namespace

Result<Value> read_characters(const Column& column, std::string_view text, Arena& arena) {
  if (!is_utf8(text)) return not_utf8(column, text);
  return Value::view(column.kind, arena.copy(text));
}

Column column_of(const TypeOf& type) {
  Column column;
  column.source_type = type.printed;
  switch (type.oid) {
    case kOidBool:
      column.kind = Kind::kBool;
      break;
    case kOidInt2:
      set_int(column, Kind::kInt, 16);
      break;
    case kOidInt4:
      set_int(column, Kind::kInt, 32);
      break;
    case kOidInt8:
      set_int(column, Kind::kInt, 64);
      break;
    case kOidOid:
      set_int(column, Kind::kUint, 32);
      break;
    case kOidFloat4:
      column.kind = Kind::kFloat;
      break;
    case kOidFloat8:
      column.kind = Kind::kDouble;
      break;
    case kOidNumeric:
      set_decimal(column, type);
      break;
    case kOidBytea:
      column.kind = Kind::kBytes;
      break;
    case kOidVarchar:
    case kOidBpchar:
      set_text(column, type);
      break;
    case kOidBit:
      set_bits(column, type);
      break;
    case kOidDate:
      column.kind = Kind::kDate;
      break;
    case kOidTimestamp:
      set_temporal(column, Kind::kDateTime, type);
      break;
    case kOidTimestamptz:
      set_temporal(column, Kind::kTimestamp, type);
      break;
    case kOidTime:
      set_temporal(column, Kind::kTime, type);
      break;
    case kOidJson:
    case kOidJsonb:
      column.kind = Kind::kJson;
      break;
    case kOidUuid:
      column.kind = Kind::kUuid;
      break;
    default:
      break;  // kText without a limit
  }
  return column;
}

Result<Value> read_text(const Column& column, std::string_view text, Arena& arena) {
  switch (column.kind) {
    case Kind::kNull:
    case Kind::kUnchanged:
      break;
    case Kind::kBool:
      return read_bool(column, text);
    case Kind::kInt:
      return read_int(column, text);
    case Kind::kUint:
      return read_uint(column, text);
    case Kind::kFloat:
    case Kind::kDouble:
      return read_float(column, text);
    case Kind::kDecimal:
      return read_decimal(column, text, arena);
    case Kind::kText:
    case Kind::kJson:
      return read_characters(column, text, arena);
    case Kind::kBytes:
      return read_bytes(column, text, arena);
    case Kind::kBit:
      return read_bits(column, text);
    case Kind::kDate:
      return read_date(column, text, arena);
    case Kind::kDateTime:
    case Kind::kTimestamp:
      return read_datetime(column, text, arena);
    case Kind::kTime:
      return read_time(column, text);
    case Kind::kUuid:
      return read_uuid(column, text, arena);
  }
  return Error(Blame::kBug, cat("a column of kind ", to_string(column.kind), " has no values"));
}

}  // namespace weft::pgoutput
