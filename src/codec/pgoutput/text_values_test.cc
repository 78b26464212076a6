// SPDX-License-Identifier: Apache-2.0
#include "codec/pgoutput/text_values.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft::pgoutput {
namespace {

// Modifiers as pg_attribute.atttypmod has them.
constexpr int32_t characters(int32_t n) {
  return n + 4;
}

constexpr int32_t digits(int32_t precision, int32_t scale) {
  return ((precision << 16) | (scale & 0x7ff)) + 4;
}

Column column(uint32_t oid, int32_t modifier = -1, std::string printed = "some type") {
  return column_of({.oid = oid, .modifier = modifier, .printed = std::move(printed)});
}

class TextValues : public testing::Test {
 protected:
  // The value as describe() prints it, or "error".
  std::string read(const Column& c, std::string_view text) {
    std::string gone(text);  // the text given may go away
    const auto value = read_text(c, gone, arena_);
    gone.assign(gone.size(), '#');
    if (!value) {
      EXPECT_EQ(value.error().blame(), Blame::kData);
      EXPECT_NE(value.error().message().find(c.source_type), std::string::npos);
      return "error";
    }
    EXPECT_EQ(value->kind(), c.kind);
    return describe(*value, 1u << 20);
  }

  void expect_errors(const Column& c, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) EXPECT_EQ(read(c, text), "error") << text;
  }

  std::string words(const Column& c, std::string_view text) {
    const auto value = read_text(c, text, arena_);
    return value ? "no error" : value.error().message();
  }

  int64_t number(const Column& c, std::string_view text) {
    const auto value = read_text(c, text, arena_);
    EXPECT_TRUE(value) << text;
    return value ? value->as_int() : -1;
  }

  double real(const Column& c, std::string_view text) {
    const auto value = read_text(c, text, arena_);
    EXPECT_TRUE(value) << text;
    return value ? value->as_double() : -1;
  }

  Arena arena_{1 << 12};
};

TEST_F(TextValues, ColumnsHaveTheKindOfTheirType) {
  struct Case {
    uint32_t oid;
    int32_t modifier;
    Kind kind;
    uint32_t length;
    uint8_t precision, scale, int_bits;
    bool fixed;
  };

  constexpr Case kCases[] = {
      {16, -1, Kind::kBool, 0, 0, 0, 0, false},
      {21, -1, Kind::kInt, 0, 0, 0, 16, false},
      {23, -1, Kind::kInt, 0, 0, 0, 32, false},
      {20, -1, Kind::kInt, 0, 0, 0, 64, false},
      {26, -1, Kind::kUint, 0, 0, 0, 32, false},
      {700, -1, Kind::kFloat, 0, 0, 0, 0, false},
      {701, -1, Kind::kDouble, 0, 0, 0, 0, false},
      {1700, -1, Kind::kDecimal, 0, 0, 0, 0, false},
      {1700, 655366, Kind::kDecimal, 0, 10, 2, 0, false},
      {1700, digits(255, 255), Kind::kDecimal, 0, 255, 255, 0, false},
      {1700, digits(256, 2), Kind::kDecimal, 0, 0, 0, 0, false},
      {1700, digits(1000, 1000), Kind::kDecimal, 0, 0, 0, 0, false},
      {1700, digits(5, -2), Kind::kDecimal, 0, 0, 0, 0, false},
      {1700, digits(3, 5), Kind::kDecimal, 0, 0, 0, 0, false},
      {25, -1, Kind::kText, 0, 0, 0, 0, false},
      {1043, -1, Kind::kText, 0, 0, 0, 0, false},
      {1043, characters(20), Kind::kText, 20, 0, 0, 0, false},
      {1042, characters(3), Kind::kText, 3, 0, 0, 0, true},
      {1042, -1, Kind::kText, 0, 0, 0, 0, false},
      {17, -1, Kind::kBytes, 0, 0, 0, 0, false},
      {1560, 1, Kind::kBit, 1, 0, 0, 0, false},
      {1560, 64, Kind::kBit, 64, 0, 0, 0, false},
      {1560, 65, Kind::kText, 0, 0, 0, 0, false},
      {1560, -1, Kind::kText, 0, 0, 0, 0, false},
      {1562, 8, Kind::kText, 0, 0, 0, 0, false},
      {1082, -1, Kind::kDate, 0, 0, 0, 0, false},
      {1114, -1, Kind::kDateTime, 0, 0, 6, 0, false},
      {1114, 0, Kind::kDateTime, 0, 0, 0, 0, false},
      {1184, 3, Kind::kTimestamp, 0, 0, 3, 0, false},
      {1083, -1, Kind::kTime, 0, 0, 6, 0, false},
      {1266, 2, Kind::kText, 0, 0, 0, 0, false},  // timetz
      {114, -1, Kind::kJson, 0, 0, 0, 0, false},
      {3802, -1, Kind::kJson, 0, 0, 0, 0, false},
      {2950, -1, Kind::kUuid, 0, 0, 0, 0, false},
  };
  for (const Case& c : kCases) {
    const Column made = column(c.oid, c.modifier, "printed");
    const std::string what = cat(c.oid, " ", c.modifier);
    EXPECT_EQ(made.kind, c.kind) << what;
    EXPECT_EQ(made.length, c.length) << what;
    EXPECT_EQ(made.precision, c.precision) << what;
    EXPECT_EQ(made.scale, c.scale) << what;
    EXPECT_EQ(made.int_bits, c.int_bits) << what;
    EXPECT_EQ(made.fixed_length, c.fixed) << what;
    EXPECT_EQ(made.source_type, "printed");
  }
}

TEST_F(TextValues, TypesWithoutAKindAreTheirText) {
  // "char", name, xml, cidr, inet, macaddr, money, interval, text[], tsvector, int4range, a type of a user's
  for (const uint32_t oid : {18u, 19u, 142u, 650u, 869u, 829u, 790u, 1186u, 1009u, 3614u, 3904u, 123456u}) {
    const Column c = column(oid, 7);
    EXPECT_EQ(c.kind, Kind::kText);
    EXPECT_EQ(c.length, 0u);
    EXPECT_EQ(read(c, "{1,\"ä €\"}"), "'{1,\"ä €\"}'");
  }
}

TEST_F(TextValues, WholeNumbersKeepToTheirType) {
  const Column small = column(21);
  EXPECT_EQ(number(small, "-32768"), -32768);
  EXPECT_EQ(number(small, "32767"), 32767);
  expect_errors(small, {"32768", "-32769", "", "-", "+1", " 1", "1 ", "1x", "1.0"});
  const Column middle = column(23);
  EXPECT_EQ(number(middle, "-2147483648"), -2147483648LL);
  expect_errors(middle, {"2147483648", "-2147483649"});
  const Column big = column(20);
  EXPECT_EQ(number(big, "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(number(big, "9223372036854775807"), INT64_MAX);
  expect_errors(big, {"9223372036854775808", "-9223372036854775809"});
  const Column oid = column(26);
  EXPECT_EQ(number(oid, "4294967295"), 4294967295LL);
  expect_errors(oid, {"4294967296", "-1", ""});
}

TEST_F(TextValues, TruthIsALetter) {
  EXPECT_EQ(number(column(16), "t"), 1);
  EXPECT_EQ(number(column(16), "f"), 0);
  expect_errors(column(16), {"", "true", "1", "T"});
}

TEST_F(TextValues, FloatsAreExact) {
  const Column wide = column(701);
  for (const double d : {0.0,
                         -0.0,
                         0.1,
                         1e23,
                         5e-324,
                         2.2250738585072014e-308,
                         std::numeric_limits<double>::max(),
                         -1.7976931348623157e308,
                         123456789.12345678}) {
    const double back = real(wide, cat(d));
    EXPECT_EQ(back, d);
    EXPECT_EQ(std::signbit(back), std::signbit(d));
  }
  EXPECT_EQ(real(wide, "1e+100"), 1e100);
  EXPECT_TRUE(std::isnan(real(wide, "NaN")));
  EXPECT_EQ(real(wide, "-Infinity"), -std::numeric_limits<double>::infinity());
  const Column single = column(700);
  for (const float f : {0.1f, 3.4028235e38f, 1e-45f, -1.17549435e-38f, 16777216.0f}) {
    EXPECT_EQ(static_cast<float>(real(single, cat(f))), f);
  }
  EXPECT_EQ(real(single, "Infinity"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(real(single, "NaN")));
  for (const Column& c : {wide, single}) expect_errors(c, {"", "nan", "inf", "1e999", "0x1p3", "1,5", "--1", "e5"});
}

TEST_F(TextValues, DecimalsAreTheirText) {
  const Column c = column(1700, -1, "numeric");
  for (const char* text : {"0", "-0.5", "12.50", "0.0000000000000000000000000001"}) EXPECT_EQ(read(c, text), text);
  const std::string longest = std::string(131072, '9') + "." + std::string(16383, '9');
  EXPECT_EQ(read_text(c, longest, arena_)->view(), longest);
  EXPECT_EQ(read(c, "NaN"), "NaN");
  EXPECT_EQ(read(c, "-Infinity"), "-Infinity");
  expect_errors(c, {"nan", "", "-", ".", "1.", ".1", "1e5", "1.2.3", "+1"});
}

TEST_F(TextValues, TextIsUtf8) {
  const Column c = column(25);
  EXPECT_EQ(read(c, ""), "''");
  EXPECT_EQ(read(c, "12345678ä\xf0\x9f\x98\x80 blank "), "'12345678ä\xf0\x9f\x98\x80 blank '");
  EXPECT_EQ(read(column(1042, characters(3)), "a  "), "'a  '");
  expect_errors(c, {"\xff", "12345678\xe4", "\xc3", "abc\xed\xa0\x80"});
  EXPECT_NE(words(c, "\xff\x01").find("'\\xff01'"), std::string::npos);
}

TEST_F(TextValues, BytesAreHex) {
  const Column c = column(17);
  const auto value = read_text(c, "\\x00ffAb", arena_);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->view(), std::string_view("\x00\xff\xab", 3));
  EXPECT_EQ(read_text(c, "\\x", arena_)->view(), "");
  expect_errors(c, {"", "\\", "x00", "\\x0", "\\x0g", "\\000", "abc"});
}

TEST_F(TextValues, BitsHaveTheWidthOfTheirColumn) {
  const Column c = column(1560, 4, "bit(4)");
  const auto value = read_text(c, "0101", arena_);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->as_uint(), 5u);
  EXPECT_EQ(value->scale(), 4);
  expect_errors(c, {"", "101", "00101", "0121"});
  EXPECT_EQ(read_text(column(1560, 64), std::string(64, '1'), arena_)->as_uint(), UINT64_MAX);
}

TEST_F(TextValues, DatesOfOtherYearsThan1To9999AreText) {
  const Column c = column(1082, -1, "date");
  for (const char* text : {"0001-01-01", "1970-01-01", "2024-02-29", "9999-12-31"}) {
    EXPECT_EQ(read(c, text), text);
  }
  expect_errors(c, {"", "0000-01-01", "2023-02-29", "2024-13-01", "2024-00-01", "2024-1-1", "2024-01-01 ", "20240101"});
  for (const char* text : {"infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "294276-12-31"}) {
    const auto other = read_text(c, text, arena_);
    ASSERT_TRUE(other);
    EXPECT_EQ(other->kind(), Kind::kText);
    EXPECT_EQ(other->view(), text);
  }
}

TEST_F(TextValues, TimestampsWithoutAZoneAreAsWritten) {
  const Column c = column(1114, 3, "timestamp(3) without time zone");
  const auto value = read_text(c, "2024-02-29 23:59:59.12", arena_);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->scale(), 3);
  EXPECT_EQ(value->civil().micros, 120000u);
  EXPECT_EQ(value->civil().hour, 23u);
  EXPECT_EQ(read_text(c, "9999-12-31 00:00:00.000001", arena_)->civil().micros, 1u);
  expect_errors(c,
                {"",
                 "2024-01-01",
                 "2024-01-01 ",
                 "2024-01-01 24:00:00",
                 "2024-01-01 00:60:00",
                 "2024-01-01 00:00:60",
                 "2024-01-01 00:00:00.",
                 "2024-01-01 00:00:00.1234567",
                 "2024-01-01 00:00:00+00",
                 "2024-01-01T00:00:00",
                 "infinit"});
  EXPECT_EQ(read_text(c, "0001-01-01 00:00:00 BC", arena_)->kind(), Kind::kText);
}

TEST_F(TextValues, TimestampsWithAZoneAreInstants) {
  const Column c = column(1184, -1, "timestamp with time zone");
  EXPECT_EQ(number(c, "1970-01-01 00:00:00+00"), 0);
  EXPECT_EQ(number(c, "2024-01-01 00:00:00.123+00"), 1704067200123000);
  EXPECT_EQ(number(c, "1969-12-31 23:59:59.999999+00"), -1);
  EXPECT_EQ(number(c, "0001-01-01 00:00:00+00"), -62135596800000000);
  EXPECT_EQ(number(c, "9999-12-31 23:59:59.999999+00"), 253402300799999999);
  EXPECT_EQ(number(c, "1970-01-01 05:30:00+05:30"), 0);
  EXPECT_EQ(number(c, "1969-12-31 20:30:00-03:30"), 0);
  EXPECT_EQ(number(c, "1970-01-01 00:53:28+00:53:28"), 0);
  expect_errors(c,
                {"1970-01-01 00:00:00",
                 "1970-01-01 00:00:00+",
                 "1970-01-01 00:00:00+0",
                 "1970-01-01 00:00:00+00:",
                 "1970-01-01 00:00:00+00x",
                 "0001-01-01 00:00:00+01",
                 "9999-12-31 23:59:59-01",
                 "infinit"});
  for (const char* text : {"infinity", "0001-12-31 00:00:00+00 BC", "10000-01-01 00:00:00+00"}) {
    EXPECT_EQ(read_text(c, text, arena_)->kind(), Kind::kText) << text;
  }
}

TEST_F(TextValues, TimesEndAtTwentyFour) {
  const Column c = column(1083, 0, "time(0) without time zone");
  EXPECT_EQ(number(c, "00:00:00"), 0);
  EXPECT_EQ(number(c, "23:59:59.999999"), 86399999999);
  EXPECT_EQ(number(c, "24:00:00"), 86400000000);
  expect_errors(c, {"", "24:00:00.000001", "24:00:01", "25:00:00", "-01:00:00", "1:00:00", "00:00", "00:00:00+00"});
}

TEST_F(TextValues, JsonIsItsText) {
  EXPECT_EQ(read_text(column(3802), R"({"a": [1, "ä"]})", arena_)->view(), R"({"a": [1, "ä"]})");
  EXPECT_EQ(read_text(column(114), R"( {"b":1,"b":2} )", arena_)->view(), R"( {"b":1,"b":2} )");
  expect_errors(column(114), {"\"\xff\""});
}

TEST_F(TextValues, UuidsAreBytes) {
  const Column c = column(2950);
  const auto value = read_text(c, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", arena_);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->view(), "\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11");
  expect_errors(c,
                {"",
                 "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                 "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
                 "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
                 "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"});
}

TEST_F(TextValues, TextCutAnywhereIsAValueOrAnError) {
  const std::pair<Column, std::string> texts[] = {
      {column(16), "t"},
      {column(21), "-32768"},
      {column(20), "-9223372036854775808"},
      {column(26), "4294967295"},
      {column(700), "-3.4028235e+38"},
      {column(701), "-Infinity"},
      {column(1700), "-12345678901234567890.123456789"},
      {column(25), "ä\xf0\x9f\x98\x80€ and more than eight"},
      {column(17), "\\x00ff00ff"},
      {column(1560, 10), "0101010101"},
      {column(1082), "2024-02-29"},
      {column(1114), "2024-02-29 23:59:59.999999"},
      {column(1184), "2024-02-29 23:59:59.999999+05:30:15"},
      {column(1083), "23:59:59.999999"},
      {column(3802), R"({"ä": [1, 2]})"},
      {column(2950), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
  };
  for (const auto& [c, text] : texts) {
    EXPECT_TRUE(read_text(c, text, arena_)) << text;
    for (size_t size = 0; size < text.size(); ++size) {
      for (const char more : {'\0', '-', '9', ':', '.', '\xff', ' '}) {
        // In memory of its own size, so that a reader beyond its end is noticed.
        std::string cut = text.substr(0, size);
        if (more != '\0') cut.push_back(more);
        const std::vector<char> exact(cut.begin(), cut.end());
        const auto value = read_text(c, {exact.data(), exact.size()}, arena_);
        if (value) continue;
        EXPECT_EQ(value.error().blame(), Blame::kData);
      }
    }
  }
}

}  // namespace
}  // namespace weft::pgoutput
