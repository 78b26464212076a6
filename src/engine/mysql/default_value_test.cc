// SPDX-License-Identifier: Apache-2.0
// Claims about what a column holds that an INSERT did not name.
#include "engine/mysql/default_value.h"

#include <gtest/gtest.h>

#include "model/row.h"

namespace weft::mysql {
namespace {

Column column_of(Kind kind) {
  Column column;
  column.kind = kind;
  return column;
}

std::string shown(const Column& column, const std::optional<std::string>& text, bool mariadb = true) {
  const std::string encoded = default_value(column, text, "", mariadb);
  if (encoded.empty()) return "unknown";
  const auto row = decode_key(encoded);
  return row ? describe(row->row()[0]) : "damaged";
}

TEST(DefaultValue, IsReadInTheFormOfEachServer) {
  EXPECT_EQ(shown(column_of(Kind::kInt), "7"), "7");
  EXPECT_EQ(shown(column_of(Kind::kText), "'it''s'"), "'it's'");
  EXPECT_EQ(shown(column_of(Kind::kText), "it's", false), "'it's'");
  EXPECT_EQ(shown(column_of(Kind::kText), "NULL"), "NULL");
  EXPECT_EQ(shown(column_of(Kind::kText), "NULL", false), "'NULL'") << "MySQL prints the bare value";
  EXPECT_EQ(shown(column_of(Kind::kText), std::nullopt, false), "NULL");
  EXPECT_EQ(shown(column_of(Kind::kDecimal), "1.50"), "1.50");
  EXPECT_EQ(shown(column_of(Kind::kDateTime), "'2024-02-29 12:30:01'"), "2024-02-29 12:30:01");
  EXPECT_EQ(shown(column_of(Kind::kTime), "'-01:00:00'"), "-3600000000");
  EXPECT_EQ(shown(column_of(Kind::kBit), "b'101'"), "5");
}

TEST(DefaultValue, IsUnknownForExpressions) {
  EXPECT_EQ(shown(column_of(Kind::kText), "uuid()"), "unknown");
  EXPECT_EQ(default_value(column_of(Kind::kInt), "1", "DEFAULT_GENERATED", false), "");
}

TEST(DefaultValue, OfANotNullColumnWithoutOneIsZeroOrEmpty) {
  Column column = column_of(Kind::kInt);
  column.nullable = false;
  EXPECT_EQ(shown(column, std::nullopt), "0");
  column = column_of(Kind::kText);
  column.nullable = false;
  column.source_type = "enum('a','b')";
  column.labels = {"a", "b"};
  EXPECT_EQ(shown(column, std::nullopt), "'a'");
}

}  // namespace
}  // namespace weft::mysql
