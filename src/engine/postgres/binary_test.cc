// SPDX-License-Identifier: Apache-2.0
// What the encoders refuse and the exact bytes of the delicate forms; that the server reads them back as meant is shown by
// test/live/postgres_binary_test.cc.
#include "engine/postgres/binary.h"

#include <cmath>

#include <gtest/gtest.h>

#include "engine/postgres/numeric.h"
#include "engine/postgres/text_form.h"

namespace weft::postgres {
namespace {

ColumnType type_of(uint32_t oid, int32_t typmod = -1) {
  CatalogType t;
  t.oid = oid;
  t.typmod = typmod;
  return column_type(t);
}

ColumnType numeric(int precision, int scale) {
  return type_of(oid::kNumeric, ((precision << 16) | (scale & 0x7ff)) + 4);
}

Misfit fit(const ColumnType& type, const Value& value) {
  WireBuffer out;
  return append_value(out, type, value);
}

std::string hex(const ColumnType& type, const Value& value) {
  WireBuffer out;
  EXPECT_EQ(append_value(out, type, value), Misfit::kNone);
  WireBuffer text;
  append_text_form(text, Value::bytes(out.view()));
  return std::string(text.view());
}

std::string text_form(const Value& value) {
  WireBuffer out;
  append_text_form(out, value);
  return std::string(out.view());
}

TEST(PostgresBinary, NullIsALengthOfMinusOne) {
  EXPECT_EQ(hex(type_of(oid::kInt4), Value::null()), "ffffffff");
}

TEST(PostgresBinary, UnchangedIsNeverAValue) {
  EXPECT_EQ(fit(type_of(oid::kInt4), Value::unchanged()), Misfit::kUnknown);
}

TEST(PostgresBinary, IntegersFitOrAreRefused) {
  EXPECT_EQ(hex(type_of(oid::kInt2), Value::int64(-2)), "00000002fffe");
  EXPECT_EQ(hex(type_of(oid::kInt4), Value::uint64(1)), "0000000400000001");
  EXPECT_EQ(fit(type_of(oid::kInt2), Value::int64(32768)), Misfit::kRange);
  EXPECT_EQ(fit(type_of(oid::kInt4), Value::uint64(1u << 31)), Misfit::kRange);
  EXPECT_EQ(fit(type_of(oid::kInt8), Value::uint64(UINT64_MAX)), Misfit::kRange);
  EXPECT_EQ(fit(type_of(oid::kInt4), Value::decimal("5.00")), Misfit::kNone);
  EXPECT_EQ(fit(type_of(oid::kInt4), Value::decimal("5.01")), Misfit::kFraction);
  EXPECT_EQ(fit(type_of(oid::kBool), Value::int64(2)), Misfit::kRange);
}

TEST(PostgresBinary, NumericsKeepEveryDigit) {
  EXPECT_EQ(hex(numeric(10, 2), Value::decimal("-12345.60")),
            "0000000e"
            "0003"
            "0001"
            "4000"
            "0002"
            "0001"
            "0929"
            "1770");
  EXPECT_EQ(hex(type_of(oid::kNumeric), Value::decimal("0.00")),
            "00000008"
            "0000"
            "0000"
            "0000"
            "0002");
  EXPECT_EQ(hex(type_of(oid::kNumeric), Value::decimal("0.0001")),
            "0000000a"
            "0001"
            "ffff"
            "0000"
            "0004"
            "0001");
  EXPECT_EQ(hex(type_of(oid::kNumeric), Value::uint64(UINT64_MAX)).substr(0, 16), "0000001200050004");
  EXPECT_EQ(hex(type_of(oid::kNumeric), Value::decimal("NaN")),
            "00000008"
            "00000000"
            "c000"
            "0000");
}

TEST(PostgresBinary, NumericsAreNeverRounded) {
  EXPECT_EQ(fit(numeric(5, 2), Value::decimal("999.99")), Misfit::kNone);
  EXPECT_EQ(fit(numeric(5, 2), Value::decimal("999.990")), Misfit::kNone);
  EXPECT_EQ(fit(numeric(5, 2), Value::decimal("999.991")), Misfit::kFraction);
  EXPECT_EQ(fit(numeric(5, 2), Value::decimal("1000.00")), Misfit::kRange);
  EXPECT_EQ(fit(numeric(2, -3), Value::decimal("99000")), Misfit::kNone);
  EXPECT_EQ(fit(numeric(2, -3), Value::decimal("99100")), Misfit::kFraction);
  EXPECT_EQ(fit(numeric(3, 5), Value::decimal("0.00999")), Misfit::kNone);
  EXPECT_EQ(fit(numeric(3, 5), Value::decimal("0.01000")), Misfit::kRange);
  EXPECT_EQ(fit(numeric(5, 2), Value::decimal("Infinity")), Misfit::kRange);
  for (const char* rubbish : {"", "-", ".", "1e5", "1.2.3", "0x1"}) {
    EXPECT_EQ(fit(numeric(5, 2), Value::decimal(rubbish)), Misfit::kSyntax) << rubbish;
  }
}

TEST(PostgresBinary, FloatsTakeOnlyWhatTheyHoldExactly) {
  EXPECT_EQ(fit(type_of(oid::kFloat4), Value::float64(0.1)), Misfit::kInexact);
  EXPECT_EQ(fit(type_of(oid::kFloat4), Value::float32(0.1f)), Misfit::kNone);
  EXPECT_EQ(fit(type_of(oid::kFloat4), Value::float64(1e300)), Misfit::kRange);
  EXPECT_EQ(fit(type_of(oid::kFloat4), Value::float64(NAN)), Misfit::kNone);
  EXPECT_EQ(fit(type_of(oid::kFloat8), Value::int64(-(int64_t{1} << 53))), Misfit::kNone);
  EXPECT_EQ(fit(type_of(oid::kFloat8), Value::int64((int64_t{1} << 53) + 1)), Misfit::kInexact);
  EXPECT_EQ(fit(type_of(oid::kFloat8), Value::uint64((uint64_t{1} << 53) + 1)), Misfit::kInexact);
  EXPECT_EQ(fit(type_of(oid::kFloat8), Value::decimal("0.123456789012345")), Misfit::kNone);
  EXPECT_EQ(fit(type_of(oid::kFloat8), Value::decimal("0.1234567890123456")), Misfit::kInexact);
}

TEST(PostgresBinary, TextIsNeverCut) {
  const ColumnType varchar3 = type_of(oid::kVarchar, 3 + 4);
  EXPECT_EQ(fit(varchar3, Value::text("abc")), Misfit::kNone);
  EXPECT_EQ(fit(varchar3, Value::text("äöü")), Misfit::kNone);
  EXPECT_EQ(fit(varchar3, Value::text("abc ")), Misfit::kTooLong);
  EXPECT_EQ(fit(type_of(oid::kText), Value::text({"a\0b", 3})), Misfit::kZeroByte);
  EXPECT_EQ(fit(type_of(oid::kText), Value::bytes("a")), Misfit::kKind);
  EXPECT_EQ(fit(type_of(oid::kVarchar, 4 + 4), Value::int64(12345)), Misfit::kTooLong);
}

TEST(PostgresBinary, BitsKeepTheirNumber) {
  EXPECT_EQ(hex(type_of(oid::kBit, 10), Value::bits(5, 10)),
            "00000006"
            "0000000a"
            "0140");
  EXPECT_EQ(hex(type_of(oid::kVarbit, 10), Value::bits(5, 3)),
            "00000005"
            "00000003"
            "a0");
  EXPECT_EQ(hex(type_of(oid::kBit, 8), Value::bits(5, 3)),
            "00000005"
            "00000008"
            "05");
  EXPECT_EQ(fit(type_of(oid::kBit, 2), Value::bits(5, 3)), Misfit::kTooLong);
  EXPECT_EQ(hex(type_of(oid::kBit, 64), Value::bits(UINT64_MAX, 64)),
            "0000000c"
            "00000040"
            "ffffffffffffffff");
  EXPECT_EQ(hex(type_of(oid::kVarbit), Value::text("101")),
            "00000005"
            "00000003"
            "a0");
}

TEST(PostgresBinary, NoDateIsMadeUp) {
  EXPECT_EQ(hex(type_of(oid::kDate), Value::date({2000, 1, 2})),
            "00000004"
            "00000001");
  EXPECT_EQ(hex(type_of(oid::kDate), Value::date({1999, 12, 31})),
            "00000004"
            "ffffffff");
  EXPECT_EQ(fit(type_of(oid::kDate), Value::date({0, 0, 0})), Misfit::kDate);
  EXPECT_EQ(fit(type_of(oid::kDate), Value::date({2024, 2, 30})), Misfit::kDate);
  EXPECT_EQ(fit(type_of(oid::kDate), Value::datetime({2024, 2, 3, 1}, 0)), Misfit::kFraction);
  EXPECT_EQ(fit(type_of(oid::kTimestamp), Value::datetime({2024, 0, 1}, 0)), Misfit::kDate);
  EXPECT_EQ(fit(type_of(oid::kTimestamptz), Value::timestamp(kZeroTimestamp, 0)), Misfit::kDate);
  EXPECT_EQ(fit(type_of(oid::kTimestamptz), Value::timestamp(INT64_MIN + 1, 0)), Misfit::kRange);
}

TEST(PostgresBinary, TimesKeepTheirFraction) {
  EXPECT_EQ(hex(type_of(oid::kTimestamptz), Value::timestamp(946684800000001, 6)),
            "00000008"
            "0000000000000001");
  EXPECT_EQ(fit(type_of(oid::kTimestamp, 3), Value::datetime({2024, 1, 1, 0, 0, 0, 123000}, 6)), Misfit::kNone);
  EXPECT_EQ(fit(type_of(oid::kTimestamp, 3), Value::datetime({2024, 1, 1, 0, 0, 0, 123400}, 6)), Misfit::kFraction);
  EXPECT_EQ(fit(type_of(oid::kTime), Value::time(-1, 6)), Misfit::kRange);
  EXPECT_EQ(hex(type_of(oid::kInterval), Value::time(-1, 6)),
            "00000010"
            "ffffffffffffffff"
            "00000000"
            "00000000");
  EXPECT_FALSE(can_hold(type_of(oid::kInterval, (4 << 16) | 0xffff), Kind::kTime)) << "interval month bends values";
}

TEST(PostgresBinary, UuidsAndAddressesAreParsed) {
  const std::string uuid =
      "0011223344556677"
      "8899aabbccddeeff";
  EXPECT_EQ(hex(type_of(oid::kUuid), Value::text("00112233-4455-6677-8899-AABBCCDDEEFF")), "00000010" + uuid);
  EXPECT_EQ(fit(type_of(oid::kUuid), Value::text("00112233")), Misfit::kSyntax);
  EXPECT_EQ(fit(type_of(oid::kUuid), Value::bytes("short")), Misfit::kSyntax);
  EXPECT_EQ(hex(type_of(oid::kInet), Value::text("10.0.0.1")),
            "00000008"
            "02200004"
            "0a000001");
  EXPECT_EQ(hex(type_of(oid::kInet), Value::text("::1/64")).substr(0, 16), "0000001403400010");
  EXPECT_EQ(fit(type_of(oid::kInet), Value::text("10.0.0.300")), Misfit::kSyntax);
}

TEST(PostgresBinary, TextFormsAreWhatTheServerReads) {
  EXPECT_EQ(text_form(Value::date({0, 0, 0})), "0000-00-00");
  EXPECT_EQ(text_form(Value::datetime({2024, 1, 2, 3, 4, 5, 60000}, 3)), "2024-01-02 03:04:05.060000");
  EXPECT_EQ(text_form(Value::timestamp(-1, 6)), "1969-12-31 23:59:59.999999+00");
  EXPECT_EQ(text_form(Value::time(-3020399000000, 0)), "-838:59:59");
  EXPECT_EQ(text_form(Value::float32(0.1f)), "0.1");
  EXPECT_EQ(text_form(Value::float64(INFINITY)), "Infinity");
  EXPECT_EQ(text_form(Value::bits(5, 4)), "0101");
  EXPECT_EQ(text_form(Value::uuid("0123456789abcdef")), "30313233-3435-3637-3839-616263646566");
}

TEST(PostgresBinary, CountsSignificantDigits) {
  EXPECT_EQ(significant_digits("-00120.0300"), 5u);
  EXPECT_EQ(significant_digits("1000"), 1u);
  EXPECT_EQ(significant_digits("0.00"), 0u);
}

}  // namespace
}  // namespace weft::postgres
