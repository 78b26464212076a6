// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/binary_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/pgoutput/binary_forms.h"
#include "codec/pgoutput/temporal_values.h"

namespace weft::pgoutput {
namespace {

struct Known {
  uint32_t oid;  // pg_type.dat; these never change
  std::string_view send;
  Form form;
  Kind kind;  // of a column of the type
};

constexpr std::array kKnown = {
    Known{16, "boolsend", Form::kBool, Kind::kBool},
    Known{17, "byteasend", Form::kBytea, Kind::kBytes},
    Known{19, "namesend", Form::kText, Kind::kText},
    Known{20, "int8send", Form::kInt8, Kind::kInt},
    Known{21, "int2send", Form::kInt2, Kind::kInt},
    Known{23, "int4send", Form::kInt4, Kind::kInt},
    Known{25, "textsend", Form::kText, Kind::kText},
    Known{26, "oidsend", Form::kOid, Kind::kUint},
    Known{114, "json_send", Form::kJson, Kind::kJson},
    Known{650, "cidr_send", Form::kInet, Kind::kText},
    Known{700, "float4send", Form::kFloat4, Kind::kFloat},
    Known{701, "float8send", Form::kFloat8, Kind::kDouble},
    Known{829, "macaddr_send", Form::kMacaddr, Kind::kText},
    Known{869, "inet_send", Form::kInet, Kind::kText},
    Known{1042, "bpcharsend", Form::kText, Kind::kText},
    Known{1043, "varcharsend", Form::kText, Kind::kText},
    Known{1082, "date_send", Form::kDate, Kind::kDate},
    Known{1083, "time_send", Form::kTime, Kind::kTime},
    Known{1114, "timestamp_send", Form::kTimestamp, Kind::kDateTime},
    Known{1184, "timestamptz_send", Form::kTimestamptz, Kind::kTimestamp},
    Known{1186, "interval_send", Form::kInterval, Kind::kText},
    Known{1266, "timetz_send", Form::kTimetz, Kind::kText},
    Known{1560, "bit_send", Form::kBit, Kind::kBit},
    Known{1562, "varbit_send", Form::kBit, Kind::kText},
    Known{1700, "numeric_send", Form::kNumeric, Kind::kDecimal},
    Known{2950, "uuid_send", Form::kUuid, Kind::kUuid},
    Known{3802, "jsonb_send", Form::kJsonb, Kind::kJson},
};

// A big-endian number of the bytes, all of them.
template <class Number>
bool whole(std::string_view bytes, Number& number) {
  if (bytes.size() != sizeof number) return false;
  ByteReader in(bytes);
  number = static_cast<Number>(in.be(sizeof number));
  return true;
}

template <class Number>
Result<Value> read_int(const Column& column, std::string_view bytes) {
  Number number = 0;
  if (!whole(bytes, number)) return not_sent(column, bytes);
  return Value::int64(number);
}

Result<Value> read_oid(const Column& column, std::string_view bytes) {
  uint32_t number = 0;
  if (!whole(bytes, number)) return not_sent(column, bytes);
  return Value::uint64(number);
}

Result<Value> read_bool(const Column& column, std::string_view bytes) {
  if (bytes.size() != 1 || static_cast<uint8_t>(bytes[0]) > 1) return not_sent(column, bytes);
  return Value::boolean(bytes[0] == 1);
}

// A text says only that it is not a number; which one is the server's.
Result<Value> read_float4(const Column& column, std::string_view bytes) {
  uint32_t raw = 0;
  if (!whole(bytes, raw)) return not_sent(column, bytes);
  const auto number = std::bit_cast<float>(raw);
  return Value::float32(number == number ? number : std::numeric_limits<float>::quiet_NaN());
}

Result<Value> read_float8(const Column& column, std::string_view bytes) {
  uint64_t raw = 0;
  if (!whole(bytes, raw)) return not_sent(column, bytes);
  const auto number = std::bit_cast<double>(raw);
  return Value::float64(number == number ? number : std::numeric_limits<double>::quiet_NaN());
}

// The number of bits, then eight a byte, the first one highest (varbit.c).
Result<Value> read_bits(const Column& column, std::string_view bytes, Arena& arena) {
  ByteReader in(bytes);
  const uint64_t count = in.be(4);
  const std::string_view raw = in.rest();
  if (!in.ok() || raw.size() != (count + 7) / 8) return not_sent(column, bytes);
  const auto bit = [&](uint64_t i) { return (static_cast<uint8_t>(raw[i / 8]) >> (7 - i % 8)) & 1u; };
  if (column.kind != Kind::kBit) {
    std::byte* const text = arena.allocate(count);
    for (uint64_t i = 0; i < count; ++i) text[i] = static_cast<std::byte>('0' + bit(i));
    return Value::text({reinterpret_cast<const char*>(text), count});
  }
  if (count != column.length) return not_sent(column, bytes);
  uint64_t bits = 0;
  for (uint64_t i = 0; i < count; ++i) bits = bits << 1 | bit(i);
  return Value::bits(bits, static_cast<uint8_t>(count));
}

// The form's version, then its text (jsonb.c, jsonb_send).
Result<Value> read_jsonb(const Column& column, std::string_view bytes, Arena& arena) {
  constexpr char kVersion = 1;
  if (!bytes.starts_with(kVersion)) return not_sent(column, bytes);
  return read_characters(column, bytes.substr(1), arena);
}

}  // namespace

// The bytes are no text for a message.
Error not_sent(const Column& column, std::string_view bytes) {
  return bad_value(column, cat(bytes.size(), " bytes"), "is not what PostgreSQL sends for it in binary");
}

Form form_of(uint32_t oid) {
  for (const Known& known : kKnown) {
    if (known.oid == oid) return known.form;
  }
  return Form::kNone;
}

Form form_of_send(std::string_view function) {
  if (function == "enum_send") return Form::kText;
  for (const Known& known : kKnown) {
    if (known.send == function) return known.form;
  }
  return Form::kNone;
}

// Bits have two kinds: those that are too many for a kBit are their text.
bool gives(Form form, const Column& column) {
  return std::any_of(kKnown.begin(), kKnown.end(), [&](const Known& known) {
    return known.form == form && known.kind == column.kind;
  });
}

Result<Value> read_binary(const Column& column, Form form, std::string_view bytes, Arena& arena) {
  switch (form) {
    case Form::kNone:
      break;
    case Form::kBool:
      return read_bool(column, bytes);
    case Form::kInt2:
      return read_int<int16_t>(column, bytes);
    case Form::kInt4:
      return read_int<int32_t>(column, bytes);
    case Form::kInt8:
      return read_int<int64_t>(column, bytes);
    case Form::kOid:
      return read_oid(column, bytes);
    case Form::kFloat4:
      return read_float4(column, bytes);
    case Form::kFloat8:
      return read_float8(column, bytes);
    case Form::kNumeric:
      return read_binary_numeric(column, bytes, arena);
    case Form::kText:
    case Form::kJson:
      return read_characters(column, bytes, arena);
    case Form::kJsonb:
      return read_jsonb(column, bytes, arena);
    case Form::kBytea:
      return Value::bytes(arena.copy(bytes));
    case Form::kBit:
      return read_bits(column, bytes, arena);
    case Form::kDate:
      return read_binary_date(column, bytes, arena);
    case Form::kTime:
      return read_binary_time(column, bytes);
    case Form::kTimestamp:
    case Form::kTimestamptz:
      return read_binary_timestamp(column, bytes, arena);
    case Form::kTimetz:
      return read_binary_timetz(column, bytes, arena);
    case Form::kInterval:
      return read_binary_interval(column, bytes, arena);
    case Form::kUuid:
      if (bytes.size() != 16) return not_sent(column, bytes);
      return Value::uuid(arena.copy(bytes));
    case Form::kInet:
      return read_binary_inet(column, bytes, arena);
    case Form::kMacaddr:
      return read_binary_macaddr(column, bytes, arena);
  }
  return Error(Blame::kTransient,
               cat("a value of type ",
                   column.source_type,
                   " came in a binary form that is not known: it has to be asked for as text"),
               std::string(kNeedsText));
}

}  // namespace weft::pgoutput
