// SPDX-License-Identifier: Apache-2.0
// That values of every type are those of the printed form is shown against a server (test/live/postgres_copy_rows_test.cc and
// postgres_binary_stream_test.cc); here are the bytes, and what is not well-formed.
#include "codec/pgoutput/binary_values.h"

#include <bit>
#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"
#include "codec/pgoutput/text_values.h"

namespace weft::pgoutput {
namespace {

constexpr auto kLast = static_cast<int>(Form::kMacaddr);

Column column(Kind kind) {
  Column c;
  c.name = "c";
  c.kind = kind;
  c.length = 5;
  c.scale = 6;
  return c;
}

std::string text_of(Form form, Kind kind, std::string_view bytes) {
  Arena arena(256);
  const auto value = read_binary(column(kind), form, bytes, arena);
  return value ? describe(*value) : cat("error ", value.error().code());
}

template <size_t N>
std::string_view bytes(const char (&literal)[N]) {
  return {literal, N - 1};
}

std::string be(uint64_t number, size_t size) {
  std::string out;
  for (size_t i = size; i-- > 0;) out.push_back(static_cast<char>(number >> (8 * i)));
  return out;
}

TEST(BinaryValuesTest, NumericsAreTheirDigitsWithTheScaleThatIsShown) {
  const auto numeric = [](std::string_view b) { return text_of(Form::kNumeric, Kind::kDecimal, b); };
  EXPECT_EQ(numeric(bytes("\0\2\0\0\0\0\0\2\0\14\23\210")), "12.50");
  EXPECT_EQ(numeric(bytes("\0\0\0\0\0\0\0\3")), "0.000");
  EXPECT_EQ(numeric(bytes("\0\1\0\1\100\0\0\0\0\1")), "-10000");
  EXPECT_EQ(numeric(bytes("\0\1\377\377\0\0\0\5\0\12")), "0.00100");
  EXPECT_EQ(numeric(bytes("\0\1\377\376\0\0\0\10\0\12")), "0.00000010") << "groups of zeros behind the point";
  EXPECT_EQ(numeric(bytes("\0\0\0\0\300\0\0\0")), "NaN");
  EXPECT_EQ(numeric(bytes("\0\0\0\0\320\0\0\0")), "Infinity");
  EXPECT_EQ(numeric(bytes("\0\0\0\0\360\0\0\0")), "-Infinity");
  EXPECT_EQ(numeric(bytes("\0\2\0\0\0\0\0\2\0\14")), "error ") << "a digit is missing";
  EXPECT_EQ(numeric(bytes("\0\1\0\0\0\0\0\0\47\20")), "error ") << "a digit of 10000";
}

TEST(BinaryValuesTest, TimesCountFromTheYear2000) {
  const std::string_view zero = bytes("\0\0\0\0\0\0\0\0");
  EXPECT_EQ(text_of(Form::kDate, Kind::kDate, zero.substr(4)), "2000-01-01");
  EXPECT_EQ(text_of(Form::kDate, Kind::kDate, bytes("\377\377\377\377")), "1999-12-31");
  EXPECT_EQ(text_of(Form::kTimestamp, Kind::kDateTime, zero), "2000-01-01 00:00:00");
  EXPECT_EQ(text_of(Form::kTimestamptz, Kind::kTimestamp, bytes("\377\377\377\377\377\377\377\377")),
            "1999-12-31 23:59:59.999999Z");
  EXPECT_EQ(text_of(Form::kTime, Kind::kTime, bytes("\0\0\0\0\0\0\0\1")), "1");
  EXPECT_EQ(text_of(Form::kTime, Kind::kTime, be(86400000001, 8)), "error ") << "behind 24:00";
}

TEST(BinaryValuesTest, TimesThatNoKindHasAreTheirText) {
  const auto date = [](int32_t days) { return text_of(Form::kDate, Kind::kDate, be(static_cast<uint32_t>(days), 4)); };
  const auto instant = [](Kind kind, int64_t micros) {
    return text_of(Form::kTimestamp, kind, be(static_cast<uint64_t>(micros), 8));
  };
  constexpr int64_t kDay = 86400LL * 1000000;
  EXPECT_EQ(date(std::numeric_limits<int32_t>::max()), "'infinity'");
  EXPECT_EQ(date(std::numeric_limits<int32_t>::min()), "'-infinity'");
  EXPECT_EQ(date(2921939), "9999-12-31");
  EXPECT_EQ(date(2921940), "'10000-01-01'");
  EXPECT_EQ(date(-730119), "0001-01-01");
  EXPECT_EQ(date(-730120), "'0001-12-31 BC'");
  EXPECT_EQ(instant(Kind::kDateTime, std::numeric_limits<int64_t>::max()), "'infinity'");
  EXPECT_EQ(instant(Kind::kTimestamp, std::numeric_limits<int64_t>::min()), "'-infinity'");
  EXPECT_EQ(instant(Kind::kDateTime, 2921940 * kDay), "'10000-01-01 00:00:00'");
  EXPECT_EQ(instant(Kind::kDateTime, 2921940 * kDay - 1), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(instant(Kind::kTimestamp, 2921940 * kDay + 500000), "'10000-01-01 00:00:00.5+00'");
  EXPECT_EQ(instant(Kind::kTimestamp, -730119 * kDay), "0001-01-01 00:00:00Z");
  EXPECT_EQ(instant(Kind::kTimestamp, -730119 * kDay - 1), "'0001-12-31 23:59:59.999999+00 BC'");
  EXPECT_EQ(instant(Kind::kDateTime, std::numeric_limits<int64_t>::min() + 1), "'290279-12-22 19:59:05.224193 BC'")
      << "earlier than any that the server sends";
}

TEST(BinaryValuesTest, IntervalsAreAsPostgresqlPrintsThem) {
  const auto interval = [](int32_t months, int32_t days, int64_t micros) {
    return text_of(Form::kInterval,
                   Kind::kText,
                   be(static_cast<uint64_t>(micros), 8) + be(static_cast<uint32_t>(days), 4) +
                       be(static_cast<uint32_t>(months), 4));
  };
  EXPECT_EQ(interval(0, 0, 0), "'00:00:00'");
  EXPECT_EQ(interval(14, -3, 14706700000), "'1 year 2 mons -3 days +04:05:06.7'");
  EXPECT_EQ(interval(-1, 0, 0), "'-1 mons'");
  EXPECT_EQ(interval(0, 1, -1), "'1 day -00:00:00.000001'");
  EXPECT_EQ(interval(0, 0, 3600000000LL * 123456), "'123456:00:00'");
  EXPECT_EQ(interval(0, 0, std::numeric_limits<int64_t>::max()), cat("error ", kNeedsText))
      << "infinity, or a long one: the server's version decides";
}

TEST(BinaryValuesTest, ZonesArePrintedEastOfUtc) {
  const auto timetz = [](int32_t west) {
    return text_of(Form::kTimetz, Kind::kText, be(3723000000, 8) + be(static_cast<uint32_t>(west), 4));
  };
  EXPECT_EQ(timetz(0), "'01:02:03+00'");
  EXPECT_EQ(timetz(-19800), "'01:02:03+05:30'");
  EXPECT_EQ(timetz(12600), "'01:02:03-03:30'");
  EXPECT_EQ(timetz(-1), "'01:02:03+00:00:01'");
}

TEST(BinaryValuesTest, AddressesAreAsPostgresqlPrintsThem) {
  const auto inet = [](std::string_view b) { return text_of(Form::kInet, Kind::kText, b); };
  EXPECT_EQ(inet(bytes("\2\40\0\4\12\1\2\3")), "'10.1.2.3'");
  EXPECT_EQ(inet(bytes("\2\40\1\4\12\1\2\3")), "'10.1.2.3/32'") << "a cidr";
  EXPECT_EQ(inet(bytes("\2\10\0\4\12\1\2\3")), "'10.1.2.3/8'");
  EXPECT_EQ(inet(bytes("\3\100\0\20\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1")), "'2001:db8::1/64'");
  EXPECT_EQ(inet(bytes("\3\200\0\20\0\0\0\0\0\0\0\0\0\0\377\377\12\1\2\3")), "'::ffff:10.1.2.3'");
  EXPECT_EQ(inet(bytes("\3\200\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")), "'::'");
  EXPECT_EQ(inet(bytes("\2\41\0\4\12\1\2\3")), "error ") << "33 bits";
  EXPECT_EQ(text_of(Form::kMacaddr, Kind::kText, bytes("\10\0\53\1\2\377")), "'08:00:2b:01:02:ff'");
}

TEST(BinaryValuesTest, IntegersKeepTheirSign) {
  EXPECT_EQ(text_of(Form::kInt2, Kind::kInt, bytes("\377\376")), "-2");
  EXPECT_EQ(text_of(Form::kInt8, Kind::kInt, bytes("\200\0\0\0\0\0\0\0")), "-9223372036854775808");
  EXPECT_EQ(text_of(Form::kOid, Kind::kUint, bytes("\377\377\377\377")), "4294967295");
  EXPECT_EQ(text_of(Form::kInt4, Kind::kInt, bytes("\377\376")), "error ") << "of another width";
}

TEST(BinaryValuesTest, BitsAreANumberOrTheirText) {
  EXPECT_EQ(text_of(Form::kBit, Kind::kBit, bytes("\0\0\0\5\250")), "21");
  EXPECT_EQ(text_of(Form::kBit, Kind::kText, bytes("\0\0\0\12\250\100")), "'1010100001'");
  EXPECT_EQ(text_of(Form::kBit, Kind::kText, bytes("\0\0\0\0")), "''");
  EXPECT_EQ(text_of(Form::kBit, Kind::kBit, bytes("\0\0\0\6\250")), "error ") << "not the column's length";
}

TEST(BinaryValuesTest, FloatsAreTheValuesOfTheirText) {
  Arena arena(256);
  const auto float8 = [&](double number) {
    return *read_binary(column(Kind::kDouble), Form::kFloat8, be(std::bit_cast<uint64_t>(number), 8), arena);
  };
  EXPECT_TRUE(float8(-0.0).same(*read_text(column(Kind::kDouble), "-0", arena)));
  EXPECT_TRUE(float8(-std::nan("7")).same(*read_text(column(Kind::kDouble), "NaN", arena)));
  EXPECT_TRUE(float8(-INFINITY).same(*read_text(column(Kind::kDouble), "-Infinity", arena)));
}

TEST(BinaryValuesTest, TextHasToBeUtf8AndJsonbOfTheVersionThatIsKnown) {
  EXPECT_EQ(text_of(Form::kText, Kind::kText, "ä"), "'ä'");
  EXPECT_EQ(text_of(Form::kText, Kind::kText, bytes("\344")), "error ");
  EXPECT_EQ(text_of(Form::kJsonb, Kind::kJson, bytes("\1{}")), "'{}'");
  EXPECT_EQ(text_of(Form::kJsonb, Kind::kJson, bytes("\2{}")), "error ");
  EXPECT_EQ(text_of(Form::kJsonb, Kind::kJson, ""), "error ");
}

TEST(BinaryValuesTest, WhatIsNotKnownHasToComeAsText) {
  EXPECT_EQ(text_of(Form::kNone, Kind::kText, "x"), cat("error ", kNeedsText));
  EXPECT_EQ(form_of(1007), Form::kNone) << "int4[]";
  EXPECT_EQ(form_of_send("array_send"), Form::kNone);
  EXPECT_EQ(form_of_send(""), Form::kNone);
  EXPECT_EQ(form_of_send("enum_send"), Form::kText);
}

TEST(BinaryValuesTest, AFormGivesTheKindThatItsTypeHas) {
  for (uint32_t oid = 1; oid < 5000; ++oid) {
    const Form form = form_of(oid);
    if (form == Form::kNone) continue;
    EXPECT_TRUE(gives(form, column_of({oid, -1, ""}))) << oid;
  }
  EXPECT_FALSE(gives(Form::kInt4, column(Kind::kText)));
  EXPECT_FALSE(gives(Form::kNone, column(Kind::kText)));
}

TEST(BinaryValuesTest, NoBytesAreReadThatAreNotThere) {
  Rng rng(7);
  for (int form = 0; form <= kLast; ++form) {
    for (int round = 0; round < 300; ++round) {
      std::string made(rng.below(24), '\0');
      for (char& c : made) c = static_cast<char>(rng.chance(1, 2) ? rng.below(4) : rng.below(256));
      // A buffer of its own size, so that a sanitizer sees a read behind it.
      const std::unique_ptr<char[]> exact(new char[made.size()]);
      std::copy(made.begin(), made.end(), exact.get());
      for (const Kind kind : {Kind::kDecimal, Kind::kDateTime, Kind::kBit, Kind::kText}) {
        (void)text_of(static_cast<Form>(form), kind, {exact.get(), made.size()});
      }
    }
  }
}

}  // namespace
}  // namespace weft::pgoutput
