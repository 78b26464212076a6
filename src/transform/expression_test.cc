// SPDX-License-Identifier: Apache-2.0
#include "transform/expression.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft::transform {
namespace {

std::string text_of(std::string_view condition) {
  const auto expression = Expression::parse(condition);
  return expression ? expression->text() : "! " + expression.error().message();
}

TEST(Expression, HasOneTextForAllWaysToWriteIt) {
  EXPECT_EQ(text_of("amount>0"), "\"amount\" > 0");
  EXPECT_EQ(text_of("`a b` != 'it''s'"), "\"a b\" <> 'it''s'");
  EXPECT_EQ(text_of("a = 1 or b = 2 and not c is not null"), "\"a\" = 1 OR \"b\" = 2 AND NOT \"c\" IS NOT NULL");
  EXPECT_EQ(text_of("(a=1 or (b=2)) and ((c=3 and d=4))"), "(\"a\" = 1 OR \"b\" = 2) AND (\"c\" = 3 AND \"d\" = 4)");
  EXPECT_EQ(text_of("not (a = 1 or active)"), "NOT (\"a\" = 1 OR \"active\")");
  EXPECT_EQ(text_of("a in (1, -2.50,NULL) or a not like 'x%'"), "\"a\" IN (1, -2.50, NULL) OR \"a\" NOT LIKE 'x%'");
  EXPECT_EQ(text_of("größe = true"), "\"größe\" = TRUE");
}

TEST(Expression, NumbersKeepTheirDigits) {
  EXPECT_EQ(text_of("a = 12345678901234567890.123456789012345678901"),
            "\"a\" = 12345678901234567890.123456789012345678901");
  EXPECT_EQ(text_of("a = 1.5e3"), "\"a\" = 1500");
  EXPECT_EQ(text_of("a = 1.5E-3"), "\"a\" = 0.0015");
  EXPECT_EQ(text_of("a = .5"), "\"a\" = 0.5");
  EXPECT_EQ(text_of("a = 12e-1"), "\"a\" = 1.2");
  EXPECT_EQ(text_of("a = 2."), "\"a\" = 2");
}

TEST(Expression, ItsTextIsItself) {
  for (const char* condition : {"a = 1 or b = 2 and not (c = 3 or d = 4)",
                                "not not a = 'x' and (b or c) and d in ('', 'y''z')",
                                "((a = 1 and b = 2) and c = 3) or d like '\\%%'"}) {
    const std::string text = text_of(condition);
    EXPECT_EQ(text_of(text), text) << condition;
  }
}

TEST(Expression, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_EQ(text_of(""), "! at character 1, the end: expected a value");
  EXPECT_EQ(text_of("amount > > 0"), "! at character 10, near '> 0': expected a value");
  EXPECT_EQ(text_of("amount 5"), "! at character 8, near '5': expected AND, OR or the end");
  EXPECT_EQ(text_of("a = 1 AND"), "! at character 10, the end: expected a value");
  EXPECT_EQ(text_of("(a = 1"), "! at character 7, the end: expected )");
  EXPECT_EQ(text_of("a IS 1"), "! at character 6, near '1': expected NULL or NOT NULL");
  EXPECT_EQ(text_of("a NOT 1"), "! at character 7, near '1': expected IN or LIKE");
  EXPECT_EQ(text_of("a IN ()"), "! at character 7, near ')': expected a value");
  EXPECT_EQ(text_of("a LIKE b"), "! at character 8, near 'b': expected a pattern such as 'a%'");
  EXPECT_EQ(text_of("a LIKE 'x\\'"), "! at character 8, near ''x\\'': expected a pattern that does not end with \\");
  EXPECT_EQ(text_of("a = 'x"), "! at character 5, near ''x': expected a text that ends with '");
  EXPECT_EQ(text_of("a = 1.2.3"), "! at character 5, near '1.2.3': expected a number");
  EXPECT_EQ(text_of("a = 1e999"),
            "! at character 5, near '1e999': expected a number with an exponent from -100 to 100");
  EXPECT_EQ(text_of("a = 5x"), "! at character 5, near '5x': expected a number");
  EXPECT_EQ(text_of("a; DROP"),
            "! at character 2, near '; DROP': expected a column, a value, a comparison or a parenthesis");
}

TEST(Expression, DepthAndLengthAreBounded) {
  EXPECT_NE(text_of(std::string(200, '(')).find("at most 100 levels"), std::string::npos);
  std::string nots;
  for (int i = 0; i < 200; ++i) nots += "NOT ";
  EXPECT_NE(text_of(nots + "a").find("at most 100 levels"), std::string::npos);
  std::string chain = "a = 1";
  for (int i = 0; i < 3000; ++i) chain += " OR a = 1";
  EXPECT_EQ(text_of(chain).front(), '"') << "a chain does not nest";
  EXPECT_NE(text_of(std::string(kConditionBytesMax + 1, ' ')).find("longer than"), std::string::npos);
}

}  // namespace
}  // namespace weft::transform
