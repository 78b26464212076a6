// SPDX-License-Identifier: Apache-2.0
#include "model/row_json.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TableSchema table(size_t columns, std::vector<uint16_t> key) {
  TableSchema schema;
  schema.columns.resize(columns);
  for (size_t i = 0; i < columns; ++i) schema.columns[i].name = std::string(1, static_cast<char>('a' + i));
  schema.key = std::move(key);
  return schema;
}

TEST(RowJson, NumbersStandBareAndEverythingElseIsText) {
  const std::vector<Value> row = {Value::int64(-5),
                                  Value::decimal("12.50"),
                                  Value::text("a \"b\"\n"),
                                  Value::null(),
                                  Value::unchanged(),
                                  Value::time(-3'600'500'000, 3),
                                  Value::bytes(std::string_view("\x00\xff", 2)),
                                  Value::float64(0.5)};
  EXPECT_EQ(
      row_json(table(8, {0}), row),
      R"({"a": -5, "b": 12.50, "c": "a \"b\"\u000a", "d": null, "f": "-01:00:00.500000", "g": "0x00ff", "h": 0.5})");
}

TEST(RowJson, AKeyIsItsColumnsInTheirOrder) {
  const std::vector<Value> row = {Value::int64(1), Value::text("x"), Value::int64(3)};
  EXPECT_EQ(key_json(table(3, {2, 0}), row), R"({"c": 3, "a": 1})");
  EXPECT_EQ(key_json(table(3, {}), row), "");
  EXPECT_EQ(row_json(table(3, {0}), {}), "");
}

TEST(RowJson, LongValuesAreCut) {
  const std::string text(kShownBytes + 1, 'x');
  const std::vector<Value> row = {Value::text(text)};
  const std::string json = row_json(table(1, {0}), row);
  EXPECT_LT(json.size(), kShownBytes + 100);
  EXPECT_NE(json.find("... (8193 bytes)"), std::string::npos);
}

}  // namespace
}  // namespace weft
