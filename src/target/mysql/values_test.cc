// SPDX-License-Identifier: Apache-2.0
// Claims about which values a column keeps as they are, and which are refused before they are sent: strict mode would round, cut
// or pad them without an error.
#include "target/mysql/values.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "target/mysql/samples.h"

namespace weft::mysql {
namespace {

Misfit judge(const Storage& storage, const Value& value, bool padded = false) {
  ByteWriter out;
  return append_value(out, storage, value, padded);
}

using samples::storage;

TEST(MySqlValues, IntegersKeepTheirRange) {
  EXPECT_EQ(judge(storage("tinyint"), Value::int64(127)), Misfit::kNone);
  EXPECT_EQ(judge(storage("tinyint"), Value::int64(128)), Misfit::kRange);
  EXPECT_EQ(judge(storage("tinyint"), Value::int64(-128)), Misfit::kNone);
  EXPECT_EQ(judge(storage("tinyint unsigned"), Value::int64(-1)), Misfit::kRange);
  EXPECT_EQ(judge(storage("bigint unsigned"), Value::uint64(UINT64_MAX)), Misfit::kNone);
  EXPECT_EQ(judge(storage("bigint"), Value::uint64(UINT64_MAX)), Misfit::kRange);
  EXPECT_EQ(judge(storage("int"), Value::decimal("12.50")), Misfit::kDigits);
  EXPECT_EQ(judge(storage("int"), Value::decimal("12.00")), Misfit::kNone);
  EXPECT_EQ(judge(storage("year"), Value::int64(24)), Misfit::kYear) << "would be read as 2024";
}

TEST(MySqlValues, DecimalsAreNeverRounded) {
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::decimal("123.45")), Misfit::kNone);
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::decimal("123.456")), Misfit::kDigits);
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::decimal("123.4500")), Misfit::kNone);
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::decimal("1234.5")), Misfit::kRange);
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::decimal("NaN")), Misfit::kNotFinite);
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::float64(1.25)), Misfit::kNone) << "what SQLite keeps of a decimal";
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::float64(0.125)), Misfit::kDigits);
  EXPECT_EQ(judge(storage("decimal(5,2)"), Value::float64(std::nan(""))), Misfit::kNotFinite);
  EXPECT_EQ(judge(storage("decimal(5,2) unsigned"), Value::decimal("-0.00")), Misfit::kNone);
  EXPECT_EQ(judge(storage("decimal(5,2) unsigned"), Value::decimal("-0.01")), Misfit::kRange);
}

TEST(MySqlValues, FloatsTakeNumbersThatTheyHold) {
  EXPECT_EQ(judge(storage("double"), Value::float64(0.1)), Misfit::kNone);
  EXPECT_EQ(judge(storage("float"), Value::float64(0.1)), Misfit::kDigits);
  EXPECT_EQ(judge(storage("float"), Value::float64(0.5)), Misfit::kNone);
  EXPECT_EQ(judge(storage("double"), Value::float64(std::numeric_limits<double>::infinity())), Misfit::kNotFinite);
  EXPECT_EQ(judge(storage("double"), Value::float64(std::nan(""))), Misfit::kNotFinite);
  EXPECT_EQ(judge(storage("double"), Value::int64((int64_t{1} << 53) + 1)), Misfit::kDigits);
}

TEST(MySqlValues, TextIsNeitherCutNorStripped) {
  EXPECT_EQ(judge(storage("varchar(3)"), Value::text("äöü")), Misfit::kNone) << "characters count, not bytes";
  EXPECT_EQ(judge(storage("varchar(3)"), Value::text("abcd")), Misfit::kTooLong);
  EXPECT_EQ(judge(storage("varchar(3)"), Value::text("ab  ")), Misfit::kTooLong) << "spaces would be cut with a note";
  EXPECT_EQ(judge(storage("char(5)"), Value::text("ab ")), Misfit::kSpaces);
  EXPECT_EQ(judge(storage("char(5)"), Value::text("ab "), true), Misfit::kNone) << "CHAR at the source, too";
  EXPECT_EQ(judge(storage("tinytext", "255"), Value::text(std::string(256, 'a'))), Misfit::kTooLong);
  EXPECT_EQ(judge(storage("enum('a','b')"), Value::text("c")), Misfit::kLabel);
  EXPECT_EQ(judge(storage("enum('1','2')"), Value::int64(1)), Misfit::kKind) << "would be the first label";
  EXPECT_EQ(judge(storage("set('a','b')"), Value::text("a,b")), Misfit::kNone);
  EXPECT_EQ(judge(storage("set('a','b')"), Value::text("b,a")), Misfit::kLabel) << "would come back as a,b";
}

TEST(MySqlValues, BytesAreNotPadded) {
  EXPECT_EQ(judge(storage("binary(4)"), Value::bytes("abcd")), Misfit::kNone);
  EXPECT_EQ(judge(storage("binary(4)"), Value::bytes("abc")), Misfit::kPadding);
  EXPECT_EQ(judge(storage("varbinary(3)"), Value::bytes("abcd")), Misfit::kTooLong);
}

TEST(MySqlValues, TimesKeepTheirFraction) {
  Civil c;
  c.year = 2024;
  c.month = 5;
  c.day = 6;
  c.micros = 120000;
  EXPECT_EQ(judge(storage("datetime(2)"), Value::datetime(c, 6)), Misfit::kNone);
  EXPECT_EQ(judge(storage("datetime(1)"), Value::datetime(c, 6)), Misfit::kFraction);
  EXPECT_EQ(judge(storage("date"), Value::datetime(c, 6)), Misfit::kFraction);
  c.micros = 0;
  EXPECT_EQ(judge(storage("date"), Value::datetime(c, 6)), Misfit::kNone);
  c.year = 2039;
  EXPECT_EQ(judge(storage("timestamp"), Value::datetime(c, 6)), Misfit::kTimestamp) << "ends in 2038";
  EXPECT_EQ(judge(storage("datetime"), Value::datetime(Civil(), 0)), Misfit::kNone) << "0000-00-00";
  EXPECT_EQ(judge(storage("time"), Value::time(int64_t{839} * 3600 * 1000000, 6)), Misfit::kTime);
}

TEST(MySqlValues, JsonWithNumbersThatWouldBeRoundedIsRefused) {
  EXPECT_EQ(judge(storage("json"), Value::json(R"({"a": 18446744073709551615})")), Misfit::kNone);
  EXPECT_EQ(judge(storage("json"), Value::json(R"({"a": 18446744073709551617})")), Misfit::kJson);
}

}  // namespace
}  // namespace weft::mysql
