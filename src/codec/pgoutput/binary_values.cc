// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/binary_values.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/pgoutput/text_values.h"

namespace weft::pgoutput {
namespace {

// Days and microseconds from 1970-01-01 to 2000-01-01, from where PostgreSQL counts (datatype/timestamp.h).
constexpr int64_t kEpochDays = 10957;
constexpr int64_t kDay = 86400LL * 1000000;
constexpr int64_t kEpochMicros = kEpochDays * kDay;
constexpr int64_t kFirstInstant = -62135596800LL * 1000000;     // 0001-01-01 00:00:00
constexpr int64_t kLastInstant = 253402300800LL * 1000000 - 1;  // 9999-12-31 23:59:59.999999

// Signs of a numeric (numeric.c).
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xc000;
constexpr uint16_t kInfinity = 0xd000;
constexpr uint16_t kMinusInfinity = 0xf000;

Error malformed(const Column& column) {
  return Error(Blame::kTransient,
               cat("column ", column.name, " of type ", column.source_type, " came in a form that weft does not know"));
}

Error printed_only() {
  return Error(Blame::kTransient, "a value that only its printed form tells", std::string(kPrintedOnly));
}

Result<Value> read_whole(const Column& column, std::string_view bytes, bool is_signed) {
  ByteReader in(bytes);
  if (bytes.empty() || bytes.size() > 8) return malformed(column);
  const uint64_t number = in.be(bytes.size());
  if (!is_signed) return Value::uint64(number);
  const auto unused = static_cast<int>(64 - 8 * bytes.size());
  return Value::int64(static_cast<int64_t>(number << unused) >> unused);
}

// Digits of base 10000 as decimal digits: `weight` says how many of them stand before the point, less one.
Result<Value> read_numeric(const Column& column, std::string_view bytes, Arena& arena) {
  ByteReader in(bytes);
  const auto digits = static_cast<uint16_t>(in.be(2));
  const int weight = static_cast<int16_t>(in.be(2));
  const auto sign = static_cast<uint16_t>(in.be(2));
  const auto scale = static_cast<uint16_t>(in.be(2));
  if (!in.ok() || in.left() != size_t{digits} * 2) return malformed(column);
  if (sign == kNaN) return Value::decimal("NaN");
  if (sign == kInfinity) return Value::decimal("Infinity");
  if (sign == kMinusInfinity) return Value::decimal("-Infinity");
  const int whole = std::max(weight + 1, 1);  // groups before the point that are written
  const int groups = whole + (scale + 3) / 4;
  const size_t room = 2 + 4 * static_cast<size_t>(groups) + 1;
  char* const begin = reinterpret_cast<char*>(arena.allocate(room));
  char* at = begin;
  if (sign == kNegative) *at++ = '-';
  const auto group = [&](int index) {
    const int stored = index - (whole - 1 - weight);
    if (stored < 0 || stored >= digits) return 0u;
    ByteReader one(bytes.substr(8 + 2 * static_cast<size_t>(stored), 2));
    return static_cast<unsigned>(one.be(2));
  };
  bool leading = true;
  for (int g = 0; g < groups; ++g) {
    if (g == whole) *at++ = '.';
    unsigned value = group(g);
    char four[4];
    for (int i = 3; i >= 0; --i, value /= 10) four[i] = static_cast<char>('0' + value % 10);
    for (int i = 0; i < 4; ++i) {
      const bool last_whole = g == whole - 1 && i == 3;
      if (g < whole && leading && four[i] == '0' && !last_whole) continue;
      leading = false;
      *at++ = four[i];
    }
  }
  if (groups > whole) at -= (groups - whole) * 4 - scale;
  const auto used = static_cast<size_t>(at - begin);
  arena.shrink(room - used);
  return Value::decimal({begin, used});
}

Result<Value> read_bit(const Column& column, std::string_view bytes) {
  ByteReader in(bytes);
  const uint64_t width = in.be(4);
  const size_t size = in.left();
  if (!in.ok() || width != column.length || width > 64 || size != (width + 7) / 8) return malformed(column);
  uint64_t bits = in.be(size);
  bits >>= size * 8 - width;
  return Value::bits(bits, static_cast<uint8_t>(width));
}

Result<Value> read_time_of(const Column& column, int64_t micros) {
  if (column.kind == Kind::kTime) return Value::time(micros, column.scale);
  constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
  if (micros == kForever || micros == std::numeric_limits<int64_t>::min()) return printed_only();
  if (micros > kLastInstant - kEpochMicros || micros < kFirstInstant - kEpochMicros) return printed_only();
  const int64_t instant = micros + kEpochMicros;
  if (column.kind == Kind::kTimestamp) return Value::timestamp(instant, column.scale);
  return Value::datetime(Civil::from_micros(instant), column.scale);
}

Result<Value> read_date_of(int64_t days) {
  if (days == std::numeric_limits<int32_t>::max() || days == std::numeric_limits<int32_t>::min()) return printed_only();
  const int64_t since_1970 = days + kEpochDays;  // compared as days: of any bytes the microseconds may not fit
  if (since_1970 > kLastInstant / kDay || since_1970 < kFirstInstant / kDay) return printed_only();
  return Value::date(Civil::from_micros(since_1970 * kDay));
}

}  // namespace

std::optional<BinaryForm> binary_form(const Column& column, std::string_view base_type) {
  switch (column.kind) {
    case Kind::kBool:
      return BinaryForm::kBool;
    case Kind::kInt:
      return BinaryForm::kInt;
    case Kind::kUint:
      return BinaryForm::kUint;
    case Kind::kFloat:
      return BinaryForm::kFloat4;
    case Kind::kDouble:
      return BinaryForm::kFloat8;
    case Kind::kDecimal:
      return BinaryForm::kNumeric;
    case Kind::kBytes:
      return BinaryForm::kBytes;
    case Kind::kBit:
      return BinaryForm::kBit;
    case Kind::kDate:
      return BinaryForm::kDate;
    case Kind::kDateTime:
    case Kind::kTimestamp:
      return BinaryForm::kTimestamp;
    case Kind::kTime:
      return BinaryForm::kTime;
    case Kind::kUuid:
      return BinaryForm::kUuid;
    case Kind::kJson:
      return base_type == "jsonb" ? BinaryForm::kJsonb : BinaryForm::kText;
    case Kind::kText: {
      const bool plain = base_type == "text" || base_type == "character varying" || base_type == "character" ||
                         base_type == "bpchar" || base_type == "name" || !column.labels.empty();
      return plain ? std::optional(BinaryForm::kText) : std::nullopt;
    }
    case Kind::kNull:
    case Kind::kUnchanged:
      break;
  }
  return std::nullopt;
}

Result<Value> read_binary(BinaryForm form, const Column& column, std::string_view bytes, Arena& arena) {
  ByteReader in(bytes);
  const auto sized = [&](size_t size) { return bytes.size() == size; };
  switch (form) {
    case BinaryForm::kBool:
      return sized(1) ? Result<Value>(Value::boolean(bytes[0] != 0)) : malformed(column);
    case BinaryForm::kInt:
      return read_whole(column, bytes, true);
    case BinaryForm::kUint:
      return read_whole(column, bytes, false);
    case BinaryForm::kFloat4:
      if (!sized(4)) return malformed(column);
      return Value::float32(std::bit_cast<float>(static_cast<uint32_t>(in.be(4))));
    case BinaryForm::kFloat8:
      return sized(8) ? Result<Value>(Value::float64(std::bit_cast<double>(in.be(8)))) : malformed(column);
    case BinaryForm::kNumeric:
      return read_numeric(column, bytes, arena);
    case BinaryForm::kText:
      return read_text(column, bytes, arena);
    case BinaryForm::kJsonb:
      // The first byte is the version of the form, of which there is one.
      return !bytes.empty() && bytes[0] == 1 ? read_text(column, bytes.substr(1), arena) : malformed(column);
    case BinaryForm::kBytes:
      return Value::bytes(arena.copy(bytes));
    case BinaryForm::kBit:
      return read_bit(column, bytes);
    case BinaryForm::kDate:
      return sized(4) ? read_date_of(static_cast<int32_t>(in.be(4))) : malformed(column);
    case BinaryForm::kTimestamp:
    case BinaryForm::kTime:
      return sized(8) ? read_time_of(column, static_cast<int64_t>(in.be(8))) : malformed(column);
    case BinaryForm::kUuid:
      return sized(16) ? Result<Value>(Value::uuid(arena.copy(bytes))) : malformed(column);
  }
  return malformed(column);
}

}  // namespace weft::pgoutput
