// SPDX-License-Identifier: Apache-2.0
// Column types out of information_schema, and table patterns.
#include <gtest/gtest.h>

#include "engine/mysql/column_type.h"
#include "model/table_filter.h"

namespace weft::mysql {
namespace {

Column column(ColumnEntry entry) {
  entry.name = "c";
  const std::optional<Column> parsed = parse_column(entry);
  EXPECT_TRUE(parsed.has_value()) << entry.column_type;
  return parsed.value_or(Column());
}

Column simple(const std::string& data_type, const std::string& column_type) {
  return column({.data_type = data_type, .column_type = column_type});
}

TEST(ColumnType, IntegersKeepSignAndWidth) {
  EXPECT_EQ(simple("tinyint", "tinyint(1)").kind, Kind::kInt);
  EXPECT_EQ(simple("tinyint", "tinyint(3) unsigned").kind, Kind::kUint);
  EXPECT_EQ(simple("tinyint", "tinyint").int_bits, 8);
  EXPECT_EQ(simple("mediumint", "mediumint unsigned zerofill").int_bits, 24);
  EXPECT_EQ(simple("bigint", "bigint(20) unsigned").kind, Kind::kUint);
  EXPECT_EQ(simple("year", "year(4)").int_bits, 16);
}

TEST(ColumnType, DecimalsAndBitsKeepTheirSizes) {
  const Column decimal =
      column({.data_type = "decimal", .column_type = "decimal(12,3)", .precision = "12", .scale = "3"});
  EXPECT_EQ(decimal.kind, Kind::kDecimal);
  EXPECT_EQ(decimal.precision, 12);
  EXPECT_EQ(decimal.scale, 3);
  EXPECT_EQ(column({.data_type = "bit", .column_type = "bit(9)", .precision = "9"}).length, 9u);
}

TEST(ColumnType, TextKeepsLengthAndCharset) {
  const Column text = column(
      {.data_type = "varchar", .column_type = "varchar(20)", .characters = "20", .octets = "80", .charset = "utf8mb4"});
  EXPECT_EQ(text.kind, Kind::kText);
  EXPECT_EQ(text.length, 20u);
  EXPECT_EQ(text.charset, "utf8mb4");
  EXPECT_EQ(text.source_type, "varchar(20)");
  EXPECT_FALSE(text.fixed_length);
  EXPECT_TRUE(column({.data_type = "char", .column_type = "char(3)", .characters = "3"}).fixed_length);
  EXPECT_EQ(column({.data_type = "longtext", .column_type = "longtext", .characters = "4294967295"}).length, 0u);
}

TEST(ColumnType, CompressedTextMayBeLongerThanItSays) {
  const Column text = column({.data_type = "varchar",
                              .column_type = "varchar(20) /*M!100301 COMPRESSED*/",
                              .characters = "20",
                              .octets = "80",
                              .charset = "utf8mb4"});
  EXPECT_EQ(text.length, 80u);
  EXPECT_EQ(text.source_type, "varchar(20)");
}

TEST(ColumnType, MariaDbJsonIsLongtextWithACheck) {
  EXPECT_EQ(column({.data_type = "longtext", .column_type = "longtext", .json_checked = true}).kind, Kind::kJson);
  EXPECT_EQ(simple("json", "json").kind, Kind::kJson);
}

TEST(ColumnType, BinaryFamily) {
  const Column fixed = column({.data_type = "binary", .column_type = "binary(16)", .octets = "16"});
  EXPECT_EQ(fixed.kind, Kind::kBytes);
  EXPECT_TRUE(fixed.fixed_length);
  EXPECT_EQ(fixed.length, 16u);
  EXPECT_EQ(simple("polygon", "polygon").kind, Kind::kBytes);
  EXPECT_EQ(simple("vector", "vector(3)").kind, Kind::kBytes);
  EXPECT_EQ(simple("uuid", "uuid").kind, Kind::kUuid);
  EXPECT_EQ(simple("inet6", "inet6").kind, Kind::kText);
}

TEST(ColumnType, TemporalsKeepFractionDigits) {
  EXPECT_EQ(column({.data_type = "datetime", .column_type = "datetime(6)", .fraction = "6"}).scale, 6);
  EXPECT_EQ(column({.data_type = "time", .column_type = "time(2)", .fraction = "2"}).kind, Kind::kTime);
  EXPECT_EQ(simple("timestamp", "timestamp").kind, Kind::kTimestamp);
  EXPECT_EQ(simple("date", "date").kind, Kind::kDate);
}

TEST(ColumnType, ExtraSaysGeneratedAndIdentity) {
  EXPECT_TRUE(column({.data_type = "int", .column_type = "int", .extra = "STORED GENERATED"}).generated);
  EXPECT_TRUE(column({.data_type = "int", .column_type = "int", .extra = "VIRTUAL GENERATED"}).generated);
  EXPECT_FALSE(column({.data_type = "int", .column_type = "int", .extra = "DEFAULT_GENERATED"}).generated);
  EXPECT_TRUE(column({.data_type = "int", .column_type = "int", .extra = "auto_increment"}).identity);
}

TEST(ColumnType, LabelsAreUnquoted) {
  EXPECT_EQ(parse_labels("enum('a','b''c','x,y)','')"), (std::vector<std::string>{"a", "b'c", "x,y)", ""}));
  EXPECT_EQ(parse_labels("enum('a\\\\b','\\n')"), (std::vector<std::string>{"a\\b", "\n"}));
  EXPECT_EQ(simple("set", "set('r','w')").labels.size(), 2u);
}

TEST(ColumnType, UnknownTypesAreNotGuessed) {
  EXPECT_FALSE(parse_column({.name = "c", .data_type = "hologram", .column_type = "hologram"}).has_value());
}

TEST(TableFilter, GlobsWithStarAndQuestionMark) {
  EXPECT_TRUE(glob_matches("line_*", "line_", false));
  EXPECT_TRUE(glob_matches("*a*b?", "xxaybbz", false));
  EXPECT_FALSE(glob_matches("line_*", "lin", false));
  EXPECT_FALSE(glob_matches("a?", "a", false));
  EXPECT_FALSE(glob_matches("A", "a", false));
  EXPECT_TRUE(glob_matches("A*", "abc", true));
}

TEST(TableFilter, PatternsNameTablesOrDatabaseAndTable) {
  const TableFilter filter({"orders", "app.line_*"}, {"*_old"});
  EXPECT_TRUE(filter.matches("any", "orders"));
  EXPECT_TRUE(filter.matches("app", "line_1"));
  EXPECT_FALSE(filter.matches("other", "line_1"));
  EXPECT_FALSE(filter.matches("app", "line_old"));
  EXPECT_FALSE(filter.matches("app", "customers"));
}

TEST(TableFilter, WithoutPatternsTakesAllButSystemAndOwnTables) {
  TableFilter filter;
  EXPECT_TRUE(filter.matches("shop", "t"));
  EXPECT_FALSE(filter.matches("mysql", "user"));
  EXPECT_FALSE(filter.matches("shop", "_weft_progress"));
  filter.limit_to("shop");
  EXPECT_FALSE(filter.matches("other", "t"));
}

}  // namespace
}  // namespace weft::mysql
