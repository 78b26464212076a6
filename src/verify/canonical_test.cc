// SPDX-License-Identifier: Apache-2.0
// By the rows of docs/types: what each source type becomes at a target is equal to it, and nothing else is.
#include "verify/canonical.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "verify/key_value.h"

namespace weft::verify {
namespace {

Column column(Kind kind, std::string type = {}) {
  Column c;
  c.name = "c";
  c.kind = kind;
  c.source_type = std::move(type);
  c.int_bits = 64;
  c.scale = 6;
  return c;
}

Column fixed(Kind kind) {
  Column c = column(kind);
  c.fixed_length = true;
  return c;
}

std::string bytes_of(const Form& form, const Value& value) {
  std::string out;
  append_canonical(form, value, out);
  return out;
}

bool equal(const Column& source, const Value& a, const Column& target, const Value& b, JsonForms json = {}) {
  const Form form = form_of(source, target, json);
  return bytes_of(form, a) == bytes_of(form, b);
}

const Column kIntColumn = column(Kind::kInt);
const Column kUintColumn = column(Kind::kUint);
const Column kDecimalColumn = column(Kind::kDecimal);
const Column kTextColumn = column(Kind::kText);
const Column kBytesColumn = column(Kind::kBytes);
const Column kDoubleColumn = column(Kind::kDouble);
const Column kFloatColumn = column(Kind::kFloat);

TEST(CanonicalTest, NumbersAreEqualByValueWhateverTheirKind) {
  EXPECT_TRUE(equal(kIntColumn, Value::int64(-5), kIntColumn, Value::int64(-5)));
  EXPECT_TRUE(equal(kUintColumn, Value::uint64(UINT64_MAX), kDecimalColumn, Value::decimal("18446744073709551615")));
  EXPECT_FALSE(equal(kUintColumn, Value::uint64(UINT64_MAX), kDecimalColumn, Value::decimal("18446744073709551614")));
  EXPECT_FALSE(equal(kUintColumn, Value::uint64(UINT64_MAX), kIntColumn, Value::int64(-1)));
  EXPECT_TRUE(equal(kDecimalColumn, Value::decimal("12.50"), kDecimalColumn, Value::decimal("12.5")));
  EXPECT_TRUE(equal(kDecimalColumn, Value::decimal("12.00"), kIntColumn, Value::int64(12)));
  EXPECT_FALSE(equal(kDecimalColumn, Value::decimal("12.01"), kIntColumn, Value::int64(12)));
  EXPECT_TRUE(equal(kDecimalColumn, Value::decimal("-0.00"), kDecimalColumn, Value::decimal("0")));
  EXPECT_FALSE(equal(kDecimalColumn, Value::decimal("-0.01"), kDecimalColumn, Value::decimal("0.01")));
  EXPECT_TRUE(equal(kDecimalColumn, Value::decimal("NaN"), kDecimalColumn, Value::decimal("NaN")));
  EXPECT_FALSE(equal(kDecimalColumn, Value::decimal("Infinity"), kDecimalColumn, Value::decimal("-Infinity")));
  EXPECT_TRUE(equal(column(Kind::kBool), Value::boolean(true), kIntColumn, Value::int64(1)));
  EXPECT_TRUE(equal(kIntColumn, Value::int64(7), kTextColumn, Value::text("7")));
}

TEST(CanonicalTest, LongDecimalsAreEqualToTheLastDigit) {
  const std::string_view a = "123456789012345678901234567890.123456789";
  EXPECT_TRUE(equal(
      kDecimalColumn, Value::decimal(a), kDecimalColumn, Value::decimal("123456789012345678901234567890.1234567890")));
  EXPECT_FALSE(equal(
      kDecimalColumn, Value::decimal(a), kDecimalColumn, Value::decimal("123456789012345678901234567890.123456788")));
  EXPECT_TRUE(equal(kDecimalColumn,
                    Value::decimal("10000000000000000000.0"),
                    kDecimalColumn,
                    Value::decimal("10000000000000000000")));
}

TEST(CanonicalTest, FloatsAreEqualByTheirBits) {
  EXPECT_TRUE(equal(kDoubleColumn, Value::float64(0.1), kDoubleColumn, Value::float64(0.1)));
  EXPECT_FALSE(equal(kDoubleColumn, Value::float64(0.1), kDoubleColumn, Value::float64(std::nextafter(0.1, 1))));
  EXPECT_FALSE(equal(kDoubleColumn, Value::float64(0.0), kDoubleColumn, Value::float64(-0.0)));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(equal(kDoubleColumn, Value::float64(nan), kDoubleColumn, Value::float64(-nan)));
  EXPECT_TRUE(equal(kFloatColumn, Value::float32(0.1F), kDoubleColumn, Value::float64(static_cast<double>(0.1F))));
  EXPECT_FALSE(equal(kFloatColumn, Value::float32(0.1F), kDoubleColumn, Value::float64(0.1)));
}

TEST(CanonicalTest, AFloatIsTheDecimalOfItsShortestDigits) {
  EXPECT_TRUE(equal(kFloatColumn, Value::float32(0.1F), kDecimalColumn, Value::decimal("0.1")));
  EXPECT_TRUE(equal(kDecimalColumn, Value::decimal("12.50"), kDoubleColumn, Value::float64(12.5)));
  EXPECT_TRUE(equal(kDoubleColumn, Value::float64(1e21), kDecimalColumn, Value::decimal("1000000000000000000000")));
  EXPECT_TRUE(equal(kDoubleColumn, Value::float64(-0.0), kDecimalColumn, Value::decimal("0")));
  EXPECT_FALSE(equal(kDecimalColumn, Value::decimal("12.51"), kDoubleColumn, Value::float64(12.5)));
}

TEST(CanonicalTest, TextIsEqualByteByByte) {
  EXPECT_TRUE(equal(kTextColumn, Value::text("é"), kTextColumn, Value::text("é")));
  EXPECT_FALSE(equal(kTextColumn, Value::text("e"), kTextColumn, Value::text("E")));
  EXPECT_FALSE(equal(kTextColumn, Value::text("a"), kTextColumn, Value::text("a ")));
  EXPECT_FALSE(equal(kTextColumn, Value::text(""), kTextColumn, Value::null()));
  EXPECT_TRUE(equal(kTextColumn, Value::text("ab"), kBytesColumn, Value::bytes("ab")));
}

TEST(CanonicalTest, PaddingOfFixedLengthsMeansNothing) {
  EXPECT_TRUE(equal(fixed(Kind::kText), Value::text("a"), fixed(Kind::kText), Value::text("a   ")));
  EXPECT_TRUE(equal(fixed(Kind::kText), Value::text("a  "), kTextColumn, Value::text("a")));
  EXPECT_TRUE(equal(fixed(Kind::kBytes), Value::bytes({"a\0", 2}), kBytesColumn, Value::bytes("a")));
  EXPECT_FALSE(equal(kBytesColumn, Value::bytes({"a\0", 2}), kBytesColumn, Value::bytes("a")));
  EXPECT_FALSE(equal(fixed(Kind::kBytes), Value::bytes("a "), kBytesColumn, Value::bytes("a")));
}

TEST(CanonicalTest, TimesOfACalendarAreEqualByWhatTheySay) {
  const Civil noon{2024, 2, 29, 12, 0, 0, 1};
  const Column datetime = column(Kind::kDateTime);
  const Column timestamp = column(Kind::kTimestamp);
  const Column date = column(Kind::kDate);
  EXPECT_TRUE(equal(datetime, Value::datetime(noon, 6), datetime, Value::datetime(noon, 3)));
  EXPECT_TRUE(equal(datetime, Value::datetime(noon, 6), timestamp, Value::timestamp(noon.micros_since_epoch(), 6)));
  EXPECT_FALSE(
      equal(datetime, Value::datetime(noon, 6), timestamp, Value::timestamp(noon.micros_since_epoch() + 1, 6)));
  EXPECT_TRUE(equal(timestamp, Value::timestamp(-1, 6), timestamp, Value::timestamp(-1, 0)));
  EXPECT_TRUE(
      equal(date, Value::date({2024, 2, 29, 0, 0, 0, 0}), datetime, Value::datetime({2024, 2, 29, 0, 0, 0, 0}, 0)));
  EXPECT_FALSE(equal(date, Value::date({2024, 2, 29, 0, 0, 0, 0}), datetime, Value::datetime(noon, 0)));
  EXPECT_TRUE(equal(datetime, Value::datetime(noon, 6), kTextColumn, Value::text("2024-02-29 12:00:00.000001")));
  EXPECT_TRUE(equal(timestamp,
                    Value::timestamp(noon.micros_since_epoch(), 6),
                    kTextColumn,
                    Value::text("2024-02-29T12:00:00.000001Z")));
  EXPECT_TRUE(equal(date, Value::text("infinity"), date, Value::text("infinity")));
  EXPECT_FALSE(equal(date, Value::text("infinity"), date, Value::text("-infinity")));
  EXPECT_FALSE(equal(timestamp, Value::timestamp(kZeroTimestamp, 0), timestamp, Value::timestamp(0, 0)));
}

TEST(CanonicalTest, ATimeIsAnIntervalOfTheSameLength) {
  const Column time = column(Kind::kTime);
  const Column interval = column(Kind::kText, "interval");
  EXPECT_TRUE(equal(time, Value::time(-3020399999999, 6), interval, Value::text("-838:59:59.999999")));
  EXPECT_TRUE(equal(time, Value::time(0, 0), interval, Value::text("00:00:00")));
  EXPECT_TRUE(equal(time, Value::time(93600000000, 0), interval, Value::text("1 day 02:00:00")));
  EXPECT_FALSE(equal(time, Value::time(1, 6), interval, Value::text("00:00:00")));
  EXPECT_FALSE(equal(time, Value::time(0, 0), interval, Value::text("1 mon")));
  EXPECT_FALSE(equal(interval, Value::text("1 day"), interval, Value::text("24:00:00")));
}

TEST(CanonicalTest, BitsAreEqualAsNumbersOrAsDigits) {
  const Column bit = column(Kind::kBit);
  EXPECT_TRUE(equal(bit, Value::bits(5, 8), bit, Value::bits(5, 8)));
  EXPECT_TRUE(equal(bit, Value::bits(5, 8), column(Kind::kText, "bit varying(8)"), Value::text("00000101")));
  EXPECT_FALSE(equal(bit, Value::bits(5, 8), kTextColumn, Value::text("00000100")));
  EXPECT_TRUE(equal(bit, Value::bits(1, 1), column(Kind::kBool), Value::boolean(true)));
}

TEST(CanonicalTest, AUuidIsItsBytesHoweverWritten) {
  const std::string bytes("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
  const Column uuid = column(Kind::kUuid);
  EXPECT_TRUE(equal(uuid, Value::uuid(bytes), kTextColumn, Value::text("00112233-4455-6677-8899-AABBCCDDEEFF")));
  EXPECT_TRUE(equal(uuid, Value::uuid(bytes), kBytesColumn, Value::bytes(bytes)));
  EXPECT_FALSE(equal(uuid, Value::uuid(bytes), kTextColumn, Value::text("00112233-4455-6677-8899-aabbccddeefe")));
}

TEST(CanonicalTest, AnAddressIsItsBytesAndPrefix) {
  const Column inet = column(Kind::kText, "inet");
  const Column inet6 = column(Kind::kText, "inet6");
  EXPECT_TRUE(equal(inet6, Value::text("2001:db8:0:0:0:0:0:1"), inet, Value::text("2001:db8::1")));
  EXPECT_TRUE(equal(inet, Value::text("10.0.0.1"), inet, Value::text("10.0.0.1/32")));
  EXPECT_FALSE(equal(inet, Value::text("10.0.0.1"), inet, Value::text("10.0.0.1/24")));
}

TEST(CanonicalTest, JsonIsEqualByTextUnlessASideKeepsAFormOfItsOwn) {
  const Column json = column(Kind::kJson, "json");
  const Column jsonb = column(Kind::kJson, "jsonb");
  const Column longtext = column(Kind::kJson, "longtext");
  const Value written = Value::json(R"({"b" : 1.50, "a":"\u00e9"})");
  const Value reformed = Value::json(R"({"a": "é", "b": 1.5})");
  EXPECT_FALSE(equal(json, written, json, reformed));
  EXPECT_TRUE(equal(json, written, jsonb, reformed));
  EXPECT_TRUE(equal(json, reformed, json, written, {.source = true}));
  EXPECT_FALSE(equal(longtext, written, json, reformed, {.source = false, .target = false}));
  EXPECT_FALSE(equal(json, written, jsonb, Value::json(R"({"a": "é", "b": 1.51})")));
}

TEST(CanonicalTest, SpatialTextIsItsBytes) {
  EXPECT_TRUE(
      equal(kBytesColumn, Value::bytes("\x01\xff"), column(Kind::kText, "geometry(Point)"), Value::text("01FF")));
}

TEST(CanonicalTest, BytesOfNeighboursAreNeverTakenForEachOther) {
  const Form text;
  EXPECT_NE(bytes_of(text, Value::text("ab")) + bytes_of(text, Value::text("c")),
            bytes_of(text, Value::text("a")) + bytes_of(text, Value::text("bc")));
  EXPECT_NE(bytes_of(text, Value::null()), bytes_of(text, Value::text("")));
}

TEST(KeyValueTest, BecomesWhatTheOtherSideHolds) {
  Arena arena(256);
  EXPECT_TRUE(as_value_of(kUintColumn, Value::decimal("18446744073709551615"), arena).same(Value::uint64(UINT64_MAX)));
  EXPECT_TRUE(as_value_of(kIntColumn, Value::decimal("12.00"), arena).same(Value::int64(12)));
  EXPECT_TRUE(as_value_of(column(Kind::kTime), Value::text("01:00:00"), arena).same(Value::time(3600000000, 0)));
  const Civil day{2024, 1, 1, 0, 0, 0, 0};
  EXPECT_TRUE(as_value_of(column(Kind::kTimestamp), Value::datetime(day, 0), arena)
                  .same(Value::timestamp(day.micros_since_epoch(), 0)));
  EXPECT_TRUE(as_value_of(column(Kind::kDate), Value::datetime(day, 0), arena).same(Value::date(day)));
  EXPECT_TRUE(as_value_of(kTextColumn, Value::bytes("x"), arena).same(Value::text("x")));
  // Where the other side keeps them as text (SQLite).
  const Value uuid = Value::uuid("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef");
  EXPECT_TRUE(as_value_of(kTextColumn, uuid, arena).same(Value::text("01234567-89ab-cdef-0123-456789abcdef")));
  EXPECT_TRUE(as_value_of(kTextColumn, Value::date(day), arena).same(Value::text("2024-01-01")));
  EXPECT_TRUE(as_value_of(kTextColumn, Value::time(3600000000, 0), arena).same(Value::text("01:00:00")));
}

TEST(OrderTest, IsTheSameOnlyForKindsThatServersDoNotCollate) {
  EXPECT_TRUE(same_order(kUintColumn, kDecimalColumn));
  EXPECT_TRUE(same_order(kBytesColumn, kBytesColumn));
  EXPECT_FALSE(same_order(kBytesColumn, kTextColumn));
  EXPECT_FALSE(same_order(kTextColumn, kTextColumn));
  EXPECT_FALSE(same_order(fixed(Kind::kBytes), kBytesColumn));
  EXPECT_FALSE(same_order(kIntColumn, kTextColumn));
}

}  // namespace
}  // namespace weft::verify
