// SPDX-License-Identifier: Apache-2.0
#include "pipeline/schema_rules.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

using Default = AddedColumn::Default;

std::string one(Value value) {
  return encode_key(std::span<const Value>(&value, 1));
}

Column number(const std::string& default_value, bool nullable) {
  Column c;
  c.kind = Kind::kInt;
  c.nullable = nullable;
  c.default_value = default_value;
  return c;
}

TEST(ExistingRows, HoldWhatTheStatementSays) {
  EXPECT_EQ(value_of_existing_rows({"c", Default::kNone, ""}, number(one(Value::null()), true)), one(Value::null()));
  EXPECT_EQ(value_of_existing_rows({"c", Default::kNone, "", true}, number("", false)), one(Value::int64(0)));
  EXPECT_EQ(value_of_existing_rows({"c", Default::kLiteral, "5"}, number(one(Value::int64(5)), true)),
            one(Value::int64(5)));
  Column text = number(one(Value::text("it's")), true);
  text.kind = Kind::kText;
  EXPECT_EQ(value_of_existing_rows({"c", Default::kLiteral, "it's"}, text), text.default_value);
  Column decimal = number(one(Value::decimal("1.50")), true);
  decimal.kind = Kind::kDecimal;
  EXPECT_EQ(value_of_existing_rows({"c", Default::kLiteral, "1.5"}, decimal), decimal.default_value);
}

TEST(ExistingRows, AreUnknownWhereTheCatalogueShowsALaterStatement) {
  EXPECT_EQ(value_of_existing_rows({"c", Default::kLiteral, "5"}, number(one(Value::int64(6)), true)), "");
  EXPECT_EQ(value_of_existing_rows({"c", Default::kNone, ""}, number(one(Value::null()), false)), "");
  EXPECT_EQ(value_of_existing_rows({"c", Default::kNone, "", true}, number(one(Value::null()), true)), "");
}

TEST(ExistingRows, AreUnknownWhereOnlyTheyTell) {
  EXPECT_EQ(value_of_existing_rows({"c", Default::kOther, ""}, number(one(Value::int64(5)), true)), "");
  Column computed = number("", true);
  computed.generated = true;
  EXPECT_EQ(value_of_existing_rows({"c", Default::kNone, ""}, computed), "");
  computed.generated = false;
  computed.identity = true;
  EXPECT_EQ(value_of_existing_rows({"c", Default::kNone, "", true}, computed), "");
}

}  // namespace
}  // namespace weft
