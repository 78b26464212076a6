// SPDX-License-Identifier: Apache-2.0
#include "pipeline/reshape.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

Column column(std::string name, Kind kind, std::string default_value = {}, bool nullable = true) {
  Column c;
  c.name = std::move(name);
  c.kind = kind;
  c.default_value = std::move(default_value);
  c.nullable = nullable;
  return c;
}

SchemaRef shape(uint32_t version, std::vector<Column> columns) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", "t"};
  schema->version = version;
  schema->columns = std::move(columns);
  schema->key = {0};
  return schema;
}

std::string code(int64_t n) {
  const Value value = Value::int64(n);
  return encode_key({&value, 1});
}

class ReshapeTest : public ::testing::Test {
 protected:
  Result<std::vector<Value>> now(std::vector<SchemaRef> versions, bool partial = false) {
    return reshape(*then_, row_, partial, versions, kept_);
  }

  SchemaRef then_ = shape(1, {column("id", Kind::kInt), column("v", Kind::kText)});
  std::vector<Value> row_ = {Value::int64(7), Value::text("x")};
  std::vector<std::shared_ptr<OwnedRow>> kept_;
};

TEST_F(ReshapeTest, TheSameShapeGivesTheSameRow) {
  EXPECT_TRUE(same_values(*now({then_}), row_));
  EXPECT_TRUE(same_values(*now({}), row_));
}

TEST_F(ReshapeTest, AnAddedColumnHoldsWhatItsStatementPutIntoRowsThatWereThere) {
  const auto added =
      shape(2, {column("id", Kind::kInt), column("n", Kind::kInt, code(9), false), column("v", Kind::kText)});
  const auto changed =
      shape(3, {column("id", Kind::kInt), column("n", Kind::kInt, code(1), false), column("v", Kind::kText)});
  const auto rows = now({then_, added, changed});
  ASSERT_TRUE(rows) << rows.error().message();
  const std::vector<Value> want = {Value::int64(7), Value::int64(9), Value::text("x")};
  EXPECT_TRUE(same_values(*rows, want)) << "the later default is for new rows";
}

TEST_F(ReshapeTest, WithoutADefaultItIsNull) {
  const auto rows =
      now({then_, shape(2, {column("id", Kind::kInt), column("v", Kind::kText), column("n", Kind::kInt)})});
  ASSERT_TRUE(rows);
  EXPECT_TRUE((*rows)[2].is_null());
}

TEST_F(ReshapeTest, WhatIsNotKnownIsRefused) {
  const auto unknown =
      shape(2, {column("id", Kind::kInt), column("v", Kind::kText), column("n", Kind::kInt, {}, false)});
  EXPECT_EQ(now({then_, unknown}).error().blame(), Blame::kData);
  const auto other = shape(2, {column("id", Kind::kInt), column("v", Kind::kInt)});
  EXPECT_EQ(now({then_, other}).error().blame(), Blame::kData);
}

TEST_F(ReshapeTest, InAPartialRowItIsUnchanged) {
  const auto unknown =
      shape(2, {column("id", Kind::kInt), column("v", Kind::kText), column("n", Kind::kInt, {}, false)});
  const auto rows = now({then_, unknown}, true);
  ASSERT_TRUE(rows);
  EXPECT_TRUE((*rows)[2].is_unchanged());
}

}  // namespace
}  // namespace weft
