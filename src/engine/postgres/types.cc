// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/types.h"

#include <initializer_list>

namespace weft::postgres {
namespace {

struct Known {
  uint32_t oid;
  uint32_t array;
  Form form;
  bool exact_equality;
};

constexpr Known kKnown[] = {
    {oid::kBool, 1000, Form::kBool, true},
    {oid::kBytea, 1001, Form::kBytea, true},
    {oid::kInt8, 1016, Form::kInt8, true},
    {oid::kInt2, 1005, Form::kInt2, true},
    {oid::kInt4, 1007, Form::kInt4, true},
    {oid::kText, oid::kTextArray, Form::kText, true},
    {oid::kVarchar, 1015, Form::kText, true},
    {oid::kBpchar, 1014, Form::kBpchar, false},
    {oid::kJson, 199, Form::kJson, false},
    {oid::kJsonb, 3807, Form::kJsonb, false},
    {oid::kXml, 143, Form::kText, false},
    {oid::kCidr, 651, Form::kInet, false},
    {oid::kInet, 1041, Form::kInet, false},
    {oid::kFloat4, 1021, Form::kFloat4, false},
    {oid::kFloat8, 1022, Form::kFloat8, false},
    {oid::kDate, 1182, Form::kDate, true},
    {oid::kTime, 1183, Form::kTime, true},
    {oid::kTimestamp, 1115, Form::kTimestamp, true},
    {oid::kTimestamptz, 1185, Form::kTimestamptz, true},
    {oid::kInterval, 1187, Form::kInterval, false},
    {oid::kBit, 1561, Form::kBit, true},
    {oid::kVarbit, 1563, Form::kVarbit, true},
    {oid::kNumeric, 1231, Form::kNumeric, false},
    {oid::kUuid, 2951, Form::kUuid, true},
};

constexpr int32_t kHeader = 4;  // VARHDRSZ, which text and numeric modifiers include

void read_numeric_modifier(int32_t typmod, ColumnType& out) {
  const int32_t bits = typmod - kHeader;
  out.precision = (bits >> 16) & 0xffff;
  out.scale = ((bits & 0x7ff) ^ 1024) - 1024;  // 11 bits, signed since PostgreSQL 15
  out.scaled = true;
}

void read_interval_modifier(int32_t typmod, ColumnType& out) {
  constexpr int32_t kAllFields = 0x7fff;
  constexpr int32_t kFullPrecision = 0xffff;
  out.refused = ((typmod >> 16) & kAllFields) != kAllFields;
  const int32_t precision = typmod & kFullPrecision;
  if (precision != kFullPrecision) out.scale = precision;
}

void read_modifier(int32_t typmod, ColumnType& out) {
  if (typmod < 0) {
    if (out.form == Form::kBit) out.limit = 1;
    return;
  }
  switch (out.form) {
    case Form::kText:
    case Form::kBpchar:
      out.limit = typmod - kHeader;
      break;
    case Form::kBit:
    case Form::kVarbit:
      out.limit = typmod;
      break;
    case Form::kNumeric:
      read_numeric_modifier(typmod, out);
      break;
    case Form::kInterval:
      read_interval_modifier(typmod, out);
      break;
    case Form::kTime:
    case Form::kTimestamp:
    case Form::kTimestamptz:
      out.scale = typmod;
      break;
    default:
      break;
  }
}

bool one_of(Kind kind, std::initializer_list<Kind> kinds) {
  for (const Kind k : kinds) {
    if (k == kind) return true;
  }
  return false;
}

}  // namespace

ColumnType column_type(const CatalogType& type) {
  ColumnType out;
  out.printed = type.printed;
  for (const Known& known : kKnown) {
    if (known.oid != type.oid) continue;
    out.form = known.form;
    out.transport = known.oid;
    out.transport_array = known.array;
    out.cast = false;
    out.exact_equality = known.exact_equality;
    read_modifier(type.typmod, out);
    return out;
  }
  if (type.kind == 'e' || type.name == "citext") {
    out.form = Form::kText;
    out.exact_equality = type.kind == 'e';
  }
  out.hex = type.name == "geometry" || type.name == "geography";
  return out;
}

bool can_hold(const ColumnType& type, Kind kind) {
  if (type.refused) return false;
  if (kind == Kind::kNull || kind == Kind::kUnchanged) return true;
  const bool number = one_of(kind, {Kind::kBool, Kind::kInt, Kind::kUint, Kind::kBit});
  switch (type.form) {
    case Form::kBool:
    case Form::kInt2:
    case Form::kInt4:
    case Form::kInt8:
      return number || (kind == Kind::kDecimal && type.form != Form::kBool);
    case Form::kNumeric:
    case Form::kFloat4:
    case Form::kFloat8:
      return number || one_of(kind, {Kind::kDecimal, Kind::kFloat, Kind::kDouble});
    case Form::kText:
    case Form::kBpchar:
      return kind != Kind::kBytes;
    case Form::kAsText:
      return kind != Kind::kBytes || type.hex;
    case Form::kBytea:
      return one_of(kind, {Kind::kBytes, Kind::kText, Kind::kUuid});
    case Form::kBit:
    case Form::kVarbit:
      return one_of(kind, {Kind::kBit, Kind::kBool, Kind::kText});
    case Form::kDate:
      return one_of(kind, {Kind::kDate, Kind::kDateTime});
    case Form::kTime:
    case Form::kInterval:
      return kind == Kind::kTime;
    case Form::kTimestamp:
    case Form::kTimestamptz:
      return one_of(kind, {Kind::kDate, Kind::kDateTime, Kind::kTimestamp});
    case Form::kJson:
    case Form::kJsonb:
      return one_of(kind, {Kind::kJson, Kind::kText});
    case Form::kUuid:
      return one_of(kind, {Kind::kUuid, Kind::kText, Kind::kBytes});
    case Form::kInet:
      return kind == Kind::kText;
  }
  return false;
}

}  // namespace weft::postgres
