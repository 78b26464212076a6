// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/row_decoder.h"

#include <bit>
#include <cstring>

#include "base/text.h"
#include "codec/mysql_binlog/decimal.h"
#include "codec/mysql_binlog/inflate.h"
#include "codec/mysql_binlog/json.h"
#include "codec/mysql_binlog/network_values.h"
#include "codec/mysql_binlog/temporal.h"
#include "codec/mysql_binlog/varint.h"

namespace weft::mysql_binlog {
namespace {

// A length of 1 to 4 bytes and the bytes it counts.
std::string_view read_counted(ByteReader& in, uint8_t width) {
  switch (width) {
    case 1:
      return in.take(in.le(1));
    case 2:
      return in.take(in.le(2));
    case 3:
      return in.take(in.le(3));
    default:
      return in.take(in.le(4));
  }
}

// The binary log cuts the zero bytes off the end of BINARY values.
std::string_view padded(std::string_view bytes, size_t size, ByteReader& in, Arena& arena) {
  if (bytes.size() == size) return bytes;
  if (bytes.size() > size) {
    in.fail();
    return {};
  }
  std::byte* room = arena.allocate(size);
  if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
  std::memset(std::next(room, static_cast<std::ptrdiff_t>(bytes.size())), 0, size - bytes.size());
  return {reinterpret_cast<const char*>(room), size};
}

std::string_view without_trailing_spaces(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool bit_at(std::string_view bits, size_t at) {
  return ((static_cast<uint8_t>(bits[at / 8]) >> (at % 8)) & 1) != 0;
}

int64_t signed24(uint64_t raw) {
  return static_cast<int32_t>(static_cast<uint32_t>(raw) << 8) / 256;
}

}  // namespace

ColumnSet::ColumnSet(std::string_view bits, size_t columns) : bits_(bits), columns_(columns) {
  for (size_t i = 0; i < columns; ++i) count_ += has(i) ? 1 : 0;
}

bool RowDecoder::read(ByteReader& in, const ColumnSet& present, Arena& arena, Row& row) {
  const std::string_view nulls = in.take((present.count() + 7) / 8);
  if (!in.ok()) return false;
  const std::span<Value> values = arena.array<Value>(columns_);
  row = values;
  if (!present.all()) return read_some(in, present, nulls, arena, values);
  size_t i = 0;
  for (const Plan& plan : plans_) {
    const bool null = bit_at(nulls, i++);
    const Value read = null ? Value::null() : value(plan, in, arena);
    if (plan.ordinal != kHidden) values[plan.ordinal] = read;
  }
  return in.ok();
}

bool RowDecoder::read_some(
    ByteReader& in, const ColumnSet& present, std::string_view nulls, Arena& arena, std::span<Value> row) {
  for (Value& v : row) v = Value::unchanged();
  size_t seen = 0;
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (!present.has(i)) continue;
    const bool null = bit_at(nulls, seen++);
    const Value read = null ? Value::null() : value(plans_[i], in, arena);
    if (plans_[i].ordinal != kHidden) row[plans_[i].ordinal] = read;
  }
  return in.ok();
}

inline Value RowDecoder::value(const Plan& plan, ByteReader& in, Arena& arena) {
  switch (plan.step) {
    case Step::kInt8:
      return Value::int64(static_cast<int8_t>(in.u8()));
    case Step::kUint8:
      return Value::uint64(in.u8());
    case Step::kInt16:
      return Value::int64(static_cast<int16_t>(in.u16()));
    case Step::kUint16:
      return Value::uint64(in.u16());
    case Step::kInt24:
      return Value::int64(signed24(in.le(3)));
    case Step::kUint24:
      return Value::uint64(in.le(3));
    case Step::kInt32:
      return Value::int64(static_cast<int32_t>(in.u32()));
    case Step::kUint32:
      return Value::uint64(in.u32());
    case Step::kInt64:
      return Value::int64(static_cast<int64_t>(in.u64()));
    case Step::kUint64:
      return Value::uint64(in.u64());
    case Step::kFloat:
      return Value::float32(std::bit_cast<float>(in.u32()));
    case Step::kDouble:
      return Value::float64(std::bit_cast<double>(in.u64()));
    case Step::kDecimal: {
      const DecimalText text = read_decimal(in, plan.precision, plan.scale);
      return Value::decimal(arena.copy(text.view()));
    }
    case Step::kDate:
      return read_date(in);
    case Step::kTime:
      return read_time2(in, plan.scale);
    case Step::kDateTime:
      return read_datetime2(in, plan.scale);
    case Step::kTimestamp:
      return read_timestamp2(in, plan.scale);
    case Step::kView:
      return Value::view(plan.kind, read_counted(in, plan.width));
    case Step::kChar:
      return Value::view(plan.kind, without_trailing_spaces(read_counted(in, plan.width)));
    default:
      return special(plan, in, arena);
  }
}

// The rarer ones.
Value RowDecoder::special(const Plan& plan, ByteReader& in, Arena& arena) {
  switch (plan.step) {
    case Step::kBool:
      return Value::boolean(in.u8() != 0);
    case Step::kYear: {
      const uint8_t year = in.u8();
      return Value::int64(year == 0 ? 0 : 1900 + year);
    }
    case Step::kBit:
      return Value::bits(in.be(plan.width), static_cast<uint8_t>(plan.size));
    case Step::kOldTime:
      return read_old_time(in, plan.scale);
    case Step::kOldDateTime:
      return read_old_datetime(in, plan.scale);
    case Step::kOldTimestamp:
      return read_old_timestamp(in, plan.scale);
    case Step::kEnum:
    case Step::kSet:
      return labelled(plan, in, arena);
    case Step::kText: {
      const std::string_view text = transcoders_[plan.transcoder](read_counted(in, plan.width), arena);
      return Value::view(plan.kind, plan.size != 0 ? without_trailing_spaces(text) : text);
    }
    case Step::kBinary:
      return Value::bytes(padded(read_counted(in, plan.width), plan.size, in, arena));
    case Step::kUuid:
      return Value::view(plan.kind, padded(read_counted(in, plan.width), 16, in, arena));
    case Step::kInet4:
      return Value::text(inet4_text(padded(read_counted(in, plan.width), 4, in, arena), arena));
    case Step::kInet6:
      return Value::text(inet6_text(padded(read_counted(in, plan.width), 16, in, arena), arena));
    case Step::kGeometry: {
      const std::optional<std::string_view> ewkb = geometry_ewkb(read_counted(in, plan.width), arena);
      if (!ewkb) in.fail();
      return Value::bytes(ewkb.value_or(std::string_view()));
    }
    case Step::kCompressed: {
      const std::optional<std::string_view> bytes = inflate_column(read_counted(in, plan.width), arena);
      if (!bytes) in.fail();
      return Value::view(plan.kind, transcoders_[plan.transcoder](bytes.value_or(std::string_view()), arena));
    }
    case Step::kJson:
      return json(read_counted(in, plan.width), in, arena);
    default:
      return Value::null();
  }
}

Value RowDecoder::json(std::string_view binary, ByteReader& in, Arena& arena) {
  scratch_.clear();
  if (!in.ok()) return Value::null();
  if (!json_text(binary, scratch_)) in.fail();
  return Value::json(arena.copy(scratch_));
}

Value RowDecoder::labelled(const Plan& plan, ByteReader& in, Arena& arena) {
  const uint64_t raw = in.le(plan.width);
  const std::vector<std::string>& labels = plan.column->labels;
  if (plan.step == Step::kEnum) {
    if (raw > labels.size()) in.fail();
    return !in.ok() || raw == 0 ? Value::text({}) : Value::text(labels[raw - 1]);
  }
  if (labels.size() < 64 && (raw >> labels.size()) != 0) in.fail();
  if (!in.ok() || raw == 0) return Value::text({});
  if (std::has_single_bit(raw)) return Value::text(labels[static_cast<size_t>(std::countr_zero(raw))]);
  scratch_.clear();
  for (size_t i = 0; i < labels.size() && i < 64; ++i) {
    if (((raw >> i) & 1) == 0) continue;
    if (!scratch_.empty()) scratch_.push_back(',');
    scratch_ += labels[i];
  }
  return Value::text(arena.copy(scratch_));
}

bool RowDecoder::read_before(ByteReader& in, const ColumnSet& present, Arena& arena, Row& row) {
  before_json_.assign(plans_.size(), std::nullopt);
  ByteReader again = in;
  if (!read(in, present, arena, row)) return false;
  // A second pass over the same bytes, for the places of the JSON values.
  const std::string_view nulls = again.take((present.count() + 7) / 8);
  size_t seen = 0;
  for (size_t i = 0; i < plans_.size(); ++i) {
    if (!present.has(i) || bit_at(nulls, seen++)) continue;
    if (plans_[i].step == Step::kJson) {
      before_json_[i] = read_counted(again, plans_[i].width);
    } else {
      (void)value(plans_[i], again, arena);
    }
  }
  return true;
}

bool RowDecoder::read_partial(ByteReader& in, const ColumnSet& present, Arena& arena, Row& row) {
  constexpr uint64_t kPartialJson = 1;
  const uint64_t options = read_length(in);
  if (!in.ok() || (options & kPartialJson) == 0) return in.ok() && read(in, present, arena, row);
  const std::string_view partial = in.take((json_columns_ + 7) / 8);
  const std::string_view nulls = in.take((present.count() + 7) / 8);
  if (!in.ok()) return false;
  const std::span<Value> values = arena.array<Value>(columns_);
  row = values;
  for (Value& v : values) v = Value::unchanged();
  size_t seen = 0;
  size_t json_seen = 0;
  for (size_t i = 0; i < plans_.size(); ++i) {
    const Plan& plan = plans_[i];
    const bool diff = plan.step == Step::kJson && bit_at(partial, json_seen++);
    if (!present.has(i)) continue;
    const bool null = bit_at(nulls, seen++);
    Value read = Value::null();
    if (!null) read = diff ? patched(i, read_counted(in, plan.width), arena) : value(plan, in, arena);
    if (plan.ordinal != kHidden) values[plan.ordinal] = read;
  }
  return in.ok();
}

// The after value of a JSON column out of its before value and the diffs; kUnchanged, and counted, if that can't be made.
Value RowDecoder::patched(size_t column, std::string_view diffs, Arena& arena) {
  scratch_.clear();
  const std::optional<std::string_view>& before = before_json_[column];
  if (before && json_patch(*before, diffs, scratch_)) return Value::json(arena.copy(scratch_));
  ++unresolved_;
  return Value::unchanged();
}

}  // namespace weft::mysql_binlog
