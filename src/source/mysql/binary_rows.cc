// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/binary_rows.h"

#include <bit>
#include <optional>

#include <mysql.h>

#include "base/text.h"
#include "codec/mysql_binlog/network_values.h"
#include "source/source.h"

namespace weft::mysql {
namespace {

// Types that libmariadb's header does not have or names differently.
constexpr uint8_t kVector = 242;
constexpr uint8_t kJson = 245;

uint64_t take_length(ByteReader& in) {
  const uint8_t first = in.u8();
  if (first < 251) return first;
  if (first == 0xfc) return in.u16();
  if (first == 0xfd) return in.le(3);
  if (first == 0xfe) return in.u64();
  in.fail();
  return 0;
}

std::string_view take_bytes(ByteReader& in) {
  return in.take(take_length(in));
}

Civil take_civil(ByteReader& in) {
  Civil c;
  const uint8_t length = in.u8();
  if (length != 0 && length != 4 && length != 7 && length != 11) return in.fail(), c;
  if (length >= 4) {
    c.year = in.u16();
    c.month = in.u8();
    c.day = in.u8();
  }
  if (length >= 7) {
    c.hour = in.u8();
    c.minute = in.u8();
    c.second = in.u8();
  }
  if (length == 11) c.micros = in.u32();
  if (c.year > 9999 || c.month > 12 || c.day > 31 || c.hour > 23 || c.minute > 59 || c.second > 59 ||
      c.micros > 999999) {
    in.fail();
  }
  return c;
}

// Sessions are UTC, so a TIMESTAMP's civil time is its instant.
int64_t instant(const Civil& c, ByteReader& in) {
  if (c.valid_date()) return c.micros_since_epoch();
  if (c.pack() != 0) in.fail();
  return kZeroTimestamp;
}

int64_t take_duration(ByteReader& in) {
  const uint8_t length = in.u8();
  if (length != 0 && length != 8 && length != 12) return in.fail(), 0;
  if (length == 0) return 0;
  const bool negative = in.u8() != 0;
  const int64_t days = in.u32();
  const int64_t hours = days * 24 + in.u8();
  const int64_t seconds = hours * 3600 + int64_t{in.u8()} * 60;
  int64_t micros = (seconds + in.u8()) * 1000000;
  if (length == 12) micros += in.u32();
  return negative ? -micros : micros;
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = (number << 8) | static_cast<uint8_t>(c);
  return number;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "123e4567-e89b-..." -> 16 bytes.
Value parse_uuid(std::string_view text, ByteReader& in, Arena& arena) {
  char bytes[16];
  size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0 || digits == 32) return in.fail(), Value();
    char& byte = bytes[digits / 2];
    byte = static_cast<char>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  if (digits != 32) return in.fail(), Value();
  return Value::uuid(arena.copy({bytes, sizeof bytes}));
}

Value to_ewkb(std::string_view stored, ByteReader& in, Arena& arena) {
  const std::optional<std::string_view> ewkb = mysql_binlog::geometry_ewkb(stored, arena);
  if (!ewkb) in.fail();
  return Value::bytes(ewkb.value_or(std::string_view()));
}

bool is_string_type(uint8_t type) {
  return type == MYSQL_TYPE_STRING || type == MYSQL_TYPE_VAR_STRING || type == MYSQL_TYPE_VARCHAR ||
         (type >= MYSQL_TYPE_ENUM && type <= MYSQL_TYPE_BLOB) || type == kVector || type == kJson ||
         type == MYSQL_TYPE_GEOMETRY;
}

bool is_binary(const ResultColumn& column) {
  return column.collation == 63;
}

// Bytes on the wire of an integer type; 0: none.
int integer_bytes(uint8_t type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
      return 1;
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
      return 2;
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
      return 4;
    case MYSQL_TYPE_LONGLONG:
      return 8;
    default:
      return 0;
  }
}

uint8_t integer_type(const Column& column) {
  if (column.source_type.starts_with("year")) return MYSQL_TYPE_YEAR;
  switch (column.int_bits) {
    case 8:
      return MYSQL_TYPE_TINY;
    case 16:
      return MYSQL_TYPE_SHORT;
    case 24:
      return MYSQL_TYPE_INT24;
    case 32:
      return MYSQL_TYPE_LONG;
    default:
      return MYSQL_TYPE_LONGLONG;
  }
}

}  // namespace

bool BinaryRows::plan_field(const Column& column, const ResultColumn& result, Field& field) {
  static constexpr Step kSigned[] = {Step::kInt8, Step::kInt16, Step::kInt32, Step::kInt64};
  static constexpr Step kUnsigned[] = {Step::kUint8, Step::kUint16, Step::kUint32, Step::kUint64};
  field = {Step::kView, column.kind, column.scale};
  switch (column.kind) {
    case Kind::kInt:
    case Kind::kUint: {
      const bool year = result.type == MYSQL_TYPE_YEAR;
      if (result.type != integer_type(column) || (!year && result.is_unsigned() != (column.kind == Kind::kUint)))
        return false;
      const auto size = static_cast<size_t>(std::countr_zero(static_cast<unsigned>(integer_bytes(result.type))));
      field.step = year || result.is_unsigned() ? kUnsigned[size] : kSigned[size];
      return true;
    }
    case Kind::kFloat:
      field.step = Step::kFloat;
      return result.type == MYSQL_TYPE_FLOAT;
    case Kind::kDouble:
      field.step = Step::kDouble;
      return result.type == MYSQL_TYPE_DOUBLE;
    case Kind::kDecimal:
      field.step = Step::kDecimal;
      return result.type == MYSQL_TYPE_NEWDECIMAL && result.decimals == column.scale;
    case Kind::kBit:
      field = {Step::kBit, Kind::kBit, static_cast<uint8_t>(column.length)};
      return result.type == MYSQL_TYPE_BIT && result.length == column.length;
    case Kind::kDate:
      field.step = Step::kDate;
      return result.type == MYSQL_TYPE_DATE || result.type == MYSQL_TYPE_NEWDATE;
    case Kind::kDateTime:
      field.step = Step::kDateTime;
      return result.type == MYSQL_TYPE_DATETIME && result.decimals == column.scale;
    case Kind::kTimestamp:
      field.step = Step::kTimestamp;
      return result.type == MYSQL_TYPE_TIMESTAMP && result.decimals == column.scale;
    case Kind::kTime:
      field.step = Step::kTime;
      return result.type == MYSQL_TYPE_TIME && result.decimals == column.scale;
    case Kind::kUuid:
      field.step = Step::kUuid;
      return is_string_type(result.type);
    case Kind::kBytes:
      if (result.type == MYSQL_TYPE_GEOMETRY) field.step = Step::kGeometry;
      return is_string_type(result.type) && is_binary(result);
    case Kind::kText:
      return is_string_type(result.type) && !is_binary(result);
    case Kind::kJson:
      return is_string_type(result.type);
    case Kind::kNull:
    case Kind::kUnchanged:
    case Kind::kBool:
      return false;
  }
  return false;
}

Result<BinaryRows> BinaryRows::plan(const TableSchema& schema,
                                    std::span<const uint16_t> ordinals,
                                    const std::vector<ResultColumn>& columns) {
  const auto changed = [&](std::string_view what) {
    return Error(Blame::kTransient,
                 cat("table ", schema.name.text(), " was altered: ", what, "; it is read again"),
                 std::string(kSchemaChanged))
        .about(schema.name.text());
  };
  if (ordinals.size() != columns.size()) return changed(cat("it gives ", columns.size(), " columns"));
  BinaryRows rows;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = schema.columns[ordinals[i]];
    Field field{};
    if (!plan_field(column, columns[i], field)) {
      return changed(
          cat("column ", column.name, " is no longer ", column.source_type, " but of type number ", columns[i].type));
    }
    rows.fields_.push_back(field);
  }
  return rows;
}

Status BinaryRows::decode(std::string_view packet, std::span<Value> into, Arena& arena) const {
  ByteReader in(packet);
  const std::string_view nulls = in.take((fields_.size() + 9) / 8);
  if (in.ok()) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      const size_t bit = i + 2;
      const bool null = ((static_cast<uint8_t>(nulls[bit / 8]) >> (bit % 8)) & 1) != 0;
      into[i] = null ? Value() : read(fields_[i], in, arena);
    }
  }
  if (!in.ok() || !in.empty()) return Error(Blame::kTransient, "malformed row from the server");
  return ok();
}

Value BinaryRows::read(const Field& field, ByteReader& in, Arena& arena) {
  switch (field.step) {
    case Step::kInt8:
      return Value::int64(static_cast<int8_t>(in.u8()));
    case Step::kInt16:
      return Value::int64(static_cast<int16_t>(in.u16()));
    case Step::kInt32:
      return Value::int64(static_cast<int32_t>(in.u32()));
    case Step::kInt64:
      return Value::int64(static_cast<int64_t>(in.u64()));
    case Step::kUint8:
      return Value::uint64(in.u8());
    case Step::kUint16:
      return field.kind == Kind::kInt ? Value::int64(in.u16()) : Value::uint64(in.u16());
    case Step::kUint32:
      return Value::uint64(in.u32());
    case Step::kUint64:
      return Value::uint64(in.u64());
    case Step::kFloat:
      return Value::float32(std::bit_cast<float>(in.u32()));
    case Step::kDouble:
      return Value::float64(std::bit_cast<double>(in.u64()));
    case Step::kDecimal: {
      std::string_view digits = take_bytes(in);
      // ZEROFILL pads with zeros that are no digits of the number.
      while (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') digits.remove_prefix(1);
      return Value::decimal(digits);
    }
    case Step::kBit:
      return Value::bits(big_endian(take_bytes(in)), field.scale);
    case Step::kDate:
      return Value::date(take_civil(in));
    case Step::kDateTime:
      return Value::datetime(take_civil(in), field.scale);
    case Step::kTimestamp:
      return Value::timestamp(instant(take_civil(in), in), field.scale);
    case Step::kTime:
      return Value::time(take_duration(in), field.scale);
    case Step::kView:
      return Value::view(field.kind, take_bytes(in));
    case Step::kUuid:
      return parse_uuid(take_bytes(in), in, arena);
    case Step::kGeometry:
      return to_ewkb(take_bytes(in), in, arena);
  }
  return {};
}

}  // namespace weft::mysql
