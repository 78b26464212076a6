// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "codec/mysql_binlog/table_map.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint16_t kUtf8mb4 = 45;
constexpr uint16_t kBinary = 63;

WireColumn wire(WireType type, uint32_t max_bytes = 0, uint16_t collation = 0, std::string name = "") {
  WireColumn made;
  made.type = type;
  made.max_bytes = max_bytes;
  made.meta = static_cast<uint16_t>(max_bytes);
  made.collation = collation;
  made.name = std::move(name);
  return made;
}

Column column(std::string name, Kind kind, std::string type, uint32_t length = 0) {
  Column made;
  made.name = std::move(name);
  made.kind = kind;
  made.source_type = std::move(type);
  made.length = length;
  if (kind == Kind::kInt || kind == Kind::kUint) made.int_bits = 32;
  if (kind == Kind::kText) made.charset = "utf8mb4";
  made.fixed_length = made.source_type.starts_with("char") || made.source_type.starts_with("binary");
  return made;
}

SchemaRef shape(std::vector<Column> columns, std::vector<uint16_t> key = {0}) {
  auto made = std::make_shared<TableSchema>();
  made->name = {"shop", "t"};
  made->version = 7;
  made->columns = std::move(columns);
  made->key = std::move(key);
  return made;
}

TableMap map_of(std::vector<WireColumn> columns, bool names) {
  TableMap map;
  map.database = "shop";
  map.table = "t";
  map.columns = std::move(columns);
  map.has_names = names;
  return map;
}

bool positional(const WireColumn& in_event, const Column& known) {
  const auto merged = merge_schema(map_of({in_event}, false), shape({known}));
  EXPECT_EQ(merged ? kSchemaUnknown : merged.error().code(), kSchemaUnknown);
  return merged.has_value();
}

TEST(MergeSchema, WithoutNamesTheCataloguesShapeStandsIfItFits) {
  const SchemaRef known = shape({column("id", Kind::kInt, "int"), column("v", Kind::kText, "varchar(20)", 20)});
  const TableMap map = map_of({wire(WireType::kLong), wire(WireType::kVarchar, 80)}, false);
  EXPECT_EQ(*merge_schema(map, known), known);
  EXPECT_FALSE(merge_schema(map, nullptr));
  EXPECT_FALSE(merge_schema(map_of({wire(WireType::kLong)}, false), known)) << "another number of columns";
}

TEST(MergeSchema, WithoutNamesTypesAndSizesAreCompared) {
  EXPECT_TRUE(positional(wire(WireType::kLong), column("a", Kind::kInt, "int")));
  EXPECT_FALSE(positional(wire(WireType::kShort), column("a", Kind::kInt, "int")));
  EXPECT_FALSE(positional(wire(WireType::kVarchar, 80), column("a", Kind::kText, "varchar(10)", 10)));
  EXPECT_FALSE(positional(wire(WireType::kBlob, 2), column("a", Kind::kText, "varchar(20)", 20)));
  EXPECT_FALSE(positional(wire(WireType::kBlob, 4), column("a", Kind::kText, "text")));
  EXPECT_TRUE(positional(wire(WireType::kBlob, 4), column("a", Kind::kJson, "longtext")));
  EXPECT_TRUE(positional(wire(WireType::kString, 16), column("a", Kind::kUuid, "uuid")));
  EXPECT_FALSE(positional(wire(WireType::kString, 4), column("a", Kind::kUuid, "uuid")));
  EXPECT_TRUE(positional(wire(WireType::kString, 4), column("a", Kind::kText, "inet4")));
  EXPECT_FALSE(positional(wire(WireType::kVarchar, 20, kUtf8mb4), column("a", Kind::kBytes, "varbinary(20)", 20)));
  EXPECT_FALSE(positional(wire(WireType::kYear), column("a", Kind::kInt, "tinyint(4)")));
  EXPECT_FALSE(positional(wire(WireType::kDouble), column("a", Kind::kFloat, "float")));
}

TEST(MergeSchema, SignednessIsComparedWhereTheEventTellsIt) {
  TableMap map = map_of({wire(WireType::kLong)}, false);
  EXPECT_TRUE(merge_schema(map, shape({column("a", Kind::kUint, "int unsigned")})));
  map.has_signedness = true;
  EXPECT_FALSE(merge_schema(map, shape({column("a", Kind::kUint, "int unsigned")})));
}

// A catalogue that is older or newer than the event: DROP b, ADD c of the same type.
TEST(MergeSchema, HardCase13NamesOfTheEventRule) {
  const SchemaRef now = shape({column("id", Kind::kInt, "int"), column("c", Kind::kText, "varchar(20)", 20)});
  const TableMap old_rows =
      map_of({wire(WireType::kLong, 0, 0, "id"), wire(WireType::kVarchar, 80, kUtf8mb4, "b")}, true);
  const auto merged = merge_schema(old_rows, now);
  ASSERT_TRUE(merged);
  EXPECT_EQ((*merged)->columns[1].name, "b");
  EXPECT_EQ((*merged)->columns[1].source_type, "varchar(20)");
  EXPECT_EQ((*merged)->key, std::vector<uint16_t>{0});
  EXPECT_EQ((*merged)->version, 7u);
}

TEST(MergeSchema, ByNameTheCatalogueAddsWhatTheEventCannotTell) {
  const SchemaRef known = shape({column("u", Kind::kUuid, "uuid"), column("id", Kind::kInt, "int")}, {1});
  const TableMap map = map_of({wire(WireType::kLong, 0, 0, "id"),
                               wire(WireType::kString, 16, kBinary, "u"),
                               wire(WireType::kString, 16, kBinary, "new")},
                              true);
  const auto merged = merge_schema(map, known);
  ASSERT_TRUE(merged);
  EXPECT_EQ((*merged)->columns[1].kind, Kind::kUuid);
  EXPECT_EQ((*merged)->columns[2].kind, Kind::kBytes);
  EXPECT_TRUE((*merged)->columns[2].fixed_length);
  EXPECT_EQ((*merged)->key, std::vector<uint16_t>{0}) << "the key follows its column";
}

TEST(MergeSchema, ByNameAColumnThatChangedItsTypeIsTheEvents) {
  const SchemaRef known = shape({column("id", Kind::kText, "varchar(20)", 20)});
  TableMap map = map_of({wire(WireType::kLongLong, 0, 0, "id")}, true);
  map.columns[0].is_unsigned = true;
  map.has_signedness = true;
  const auto merged = merge_schema(map, known);
  ASSERT_TRUE(merged);
  EXPECT_EQ((*merged)->columns[0].kind, Kind::kUint);
  EXPECT_EQ((*merged)->columns[0].source_type, "bigint unsigned");
}

TEST(MergeSchema, WithoutACatalogueTheKeyIsTheEvents) {
  TableMap map = map_of({wire(WireType::kLong, 0, 0, "a"), wire(WireType::kLong, 0, 0, "b")}, true);
  map.key = {1, 0};
  map.has_key = true;
  const auto merged = merge_schema(map, nullptr);
  ASSERT_TRUE(merged);
  EXPECT_EQ((*merged)->key, (std::vector<uint16_t>{1, 0}));
}

TEST(MergeSchema, LabelsOfTheEventAreTurnedIntoUtf8) {
  TableMap map = map_of({wire(WireType::kEnum, 1, 8, "e")}, true);
  map.columns[0].labels = {"x", "\xe9"};
  const auto merged = merge_schema(map, nullptr);
  ASSERT_TRUE(merged);
  EXPECT_EQ((*merged)->columns[0].labels, (std::vector<std::string>{"x", "é"}));
  EXPECT_EQ((*merged)->columns[0].source_type, "enum('x','é')");
}

TEST(MergeSchema, OldTemporalsNeedTheCatalogueForTheirFraction) {
  EXPECT_FALSE(merge_schema(map_of({wire(WireType::kTime, 0, 0, "t")}, true), nullptr));
  EXPECT_TRUE(
      merge_schema(map_of({wire(WireType::kTime, 0, 0, "t")}, true), shape({column("t", Kind::kTime, "time(3)")})));
}

TEST(MergeSchema, MariaDbsHashOfALongKeyIsNoColumn) {
  const auto merged = merge_schema(
      map_of({wire(WireType::kLong, 0, 0, "id"), wire(WireType::kLongLong, 0, 0, "DB_ROW_HASH_1")}, true), nullptr);
  ASSERT_TRUE(merged);
  EXPECT_EQ((*merged)->columns.size(), 1u);
}

}  // namespace
}  // namespace weft::mysql_binlog
