// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/narrow.h"

#include "base/text.h"

namespace weft::postgres {
namespace {

// Bits that an integer source needs in a signed type; 0 if it is none.
int signed_bits(const Column& c) {
  if (c.kind == Kind::kBool) return 8;
  if (c.kind == Kind::kInt) return c.int_bits == 0 ? 64 : c.int_bits;
  if (c.kind == Kind::kUint || c.kind == Kind::kBit) {
    const int bits = c.kind == Kind::kBit ? static_cast<int>(c.length) : c.int_bits;
    return (bits == 0 ? 64 : bits) + 1;
  }
  return 0;
}

int held_bits(Form form) {
  switch (form) {
    case Form::kBool:
      return 1;
    case Form::kInt2:
      return 16;
    case Form::kInt4:
      return 32;
    case Form::kInt8:
      return 64;
    case Form::kFloat4:
      return 25;
    case Form::kFloat8:
      return 54;
    default:
      return 1000;
  }
}

std::string narrower_numeric(const ColumnType& type, const Column& c) {
  if (!type.scaled) return {};
  const int room = type.precision - type.scale;
  if (c.kind == Kind::kDecimal) {
    if (c.precision == 0) return "values with more digits don't fit";
    if (c.scale > type.scale) return "values with more fraction digits don't fit";
    if (c.precision - c.scale > room) return "larger values don't fit";
    return {};
  }
  if (c.kind == Kind::kFloat || c.kind == Kind::kDouble) return "values with more digits don't fit";
  static constexpr int kDigits[] = {0, 1, 1, 1, 2, 2, 2, 3, 3};  // decimal digits of n bits, for n <= 8
  const int bits = signed_bits(c);
  const int digits = bits <= 8 ? kDigits[bits] : (bits * 1233 >> 12) + 1;
  return digits > room ? "larger values don't fit" : std::string();
}

std::string narrower_text(const ColumnType& type, const Column& c) {
  if (type.limit < 0 || c.kind != Kind::kText) return {};
  if (c.length != 0 && c.length <= static_cast<uint32_t>(type.limit)) return {};
  return cat("values of more than ", type.limit, " characters don't fit");
}

}  // namespace

std::string narrower(const ColumnType& type, const Column& c) {
  const int bits = signed_bits(c);
  if (bits > held_bits(type.form)) return "larger values don't fit";
  if (c.kind == Kind::kDecimal && type.binary()) {
    if (type.form == Form::kFloat4 || type.form == Form::kFloat8) return "values with more digits don't fit";
    if (bits == 0 && held_bits(type.form) <= 64) return "fractions and larger values don't fit";
  }
  switch (type.form) {
    case Form::kNumeric:
      return narrower_numeric(type, c);
    case Form::kText:
    case Form::kBpchar:
      return narrower_text(type, c);
    case Form::kFloat4:
      return c.kind == Kind::kDouble ? "values that need double precision don't fit" : std::string();
    case Form::kDate:
      return c.kind == Kind::kDateTime ? "values with a time of day don't fit" : std::string();
    case Form::kTime:
      return "negative times and times above 24 hours don't fit";
    case Form::kTimestamp:
    case Form::kTimestamptz:
      if (type.scale >= 0 && c.kind != Kind::kDate && c.scale > type.scale)
        return "values with more fraction digits don't fit";
      if (type.form == Form::kTimestamptz && c.kind == Kind::kDateTime) return "values without a zone are taken as UTC";
      return {};
    case Form::kInterval:
      return type.scale >= 0 && c.scale > type.scale ? "values with more fraction digits don't fit" : std::string();
    default:
      return {};
  }
}

}  // namespace weft::postgres
