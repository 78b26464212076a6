// SPDX-License-Identifier: Apache-2.0
#include "verify/json_form.h"

#include <gtest/gtest.h>

namespace weft::verify {
namespace {

TEST(JsonFormTest, IsTheSameForAllTextsOfAValue) {
  EXPECT_EQ(json_form(R"({"b":[1,2.0],"a":null})"), json_form(" {\n\"a\" : null , \"b\" : [ 1.0 , 2 ] } "));
  EXPECT_EQ(json_form(R"("\u00e9\/\ud83d\ude00")"), json_form("\"é/😀\""));
  EXPECT_EQ(json_form(R"({"a":1,"a":2})"), json_form(R"({"a":2})"));
}

TEST(JsonFormTest, TellsValuesApart) {
  EXPECT_NE(json_form("[1,2]"), json_form("[2,1]"));
  EXPECT_NE(json_form("[]"), json_form("{}"));
  EXPECT_NE(json_form("\"1\""), json_form("1"));
  EXPECT_NE(json_form(R"(["a","b"])"), json_form(R"(["a\",\"b"])"));
  EXPECT_NE(json_form("null"), json_form("\"null\""));
  EXPECT_NE(json_form("[[]]"), json_form("[[],[]]"));
}

TEST(JsonFormTest, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[1", "[1,]", "{\"a\"}", "tru", "1 2", "\"\\q\"", "\"", "{\"a\":1,}", "-", "."}) {
    EXPECT_FALSE(json_form(text).has_value()) << text;
  }
  EXPECT_FALSE(json_form(std::string(100000, '[')).has_value());
}

TEST(NumberFormTest, IsByValueAndExact) {
  EXPECT_EQ(number_form("-0.0150e2"), "-15e-1");
  EXPECT_EQ(number_form("1500"), "15e2");
  EXPECT_EQ(number_form("1.5e3"), "15e2");
  EXPECT_EQ(number_form("0.000"), "0");
  EXPECT_EQ(number_form("-0"), "0");
  EXPECT_EQ(number_form("12345678901234567890.5"), "123456789012345678905e-1");
  EXPECT_FALSE(number_form("1x").has_value());
  EXPECT_FALSE(number_form("1e").has_value());
  EXPECT_FALSE(number_form("NaN").has_value());
}

}  // namespace
}  // namespace weft::verify
