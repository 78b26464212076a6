// SPDX-License-Identifier: Apache-2.0
#include "model/schema_text.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TableSchema full_schema() {
  TableSchema s;
  s.name = {"sh\top", "or\\ders\n2"};
  s.version = 7;
  Column id;
  id.name = "id";
  id.source_type = "bigint(20) unsigned";
  id.kind = Kind::kUint;
  id.int_bits = 64;
  id.nullable = false;
  id.identity = true;
  Column state;
  state.name = "state";
  state.source_type = "enum('a','b\t')";
  state.length = 2;
  state.fixed_length = true;
  state.labels = {"a", "b\t", ""};
  state.charset = "utf8mb4";
  state.default_value = "8:0:61";
  Column total;
  total.source_type = "decimal(65,30)";
  total.kind = Kind::kDecimal;
  total.precision = 65;
  total.scale = 30;
  total.generated = true;
  s.columns = {id, state, total};
  s.key = {0};
  s.unique_keys = {{1, 2}, {2}};
  s.foreign_keys = {{"fk", {1}, {"", "parent"}, {"code"}}};
  return s;
}

TEST(SchemaText, KeyActionsComeBackAndAreUnknownInOldTexts) {
  TableSchema s = full_schema();
  const std::string old = encode_schema(s);
  EXPECT_EQ(old.find("actions"), std::string::npos);
  EXPECT_EQ(decode_schema(old)->foreign_keys[0].on_delete, KeyAction::kUnknown);
  s.foreign_keys[0].on_delete = KeyAction::kCascade;
  s.foreign_keys[0].on_update = KeyAction::kNone;
  s.foreign_keys.push_back({"second", {2}, {"", "other"}, {"x"}, KeyAction::kNone, KeyAction::kSetNull});
  const auto back = decode_schema(encode_schema(s));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->foreign_keys, s.foreign_keys);
  EXPECT_FALSE(decode_schema("weft-schema\t1\ntable\ta\tb\t1\nactions\tc\tc\n"));
}

TEST(SchemaText, GivesBackEveryField) {
  const TableSchema s = full_schema();
  const auto back = decode_schema(encode_schema(s));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(encode_schema(*back), encode_schema(s));
  EXPECT_EQ(back->name, s.name);
  EXPECT_EQ(back->version, 7u);
  ASSERT_EQ(back->columns.size(), 3u);
  EXPECT_EQ(back->columns[1].labels, s.columns[1].labels);
  EXPECT_TRUE(back->columns[1].fixed_length);
  EXPECT_EQ(back->columns[1].charset, "utf8mb4");
  EXPECT_EQ(back->columns[1].default_value, "8:0:61");
  EXPECT_EQ(back->columns[2].precision, 65);
  EXPECT_TRUE(back->columns[2].generated);
  EXPECT_FALSE(back->columns[0].nullable);
  EXPECT_EQ(back->columns[0].int_bits, 64);
  EXPECT_EQ(back->key, s.key);
  EXPECT_EQ(back->unique_keys, s.unique_keys);
  ASSERT_EQ(back->foreign_keys.size(), 1u);
  EXPECT_EQ(back->foreign_keys[0].parent_columns, s.foreign_keys[0].parent_columns);
}

TEST(SchemaText, TheSourcesOwnFormComesBackWithTheStepsBetween) {
  TableSchema s = full_schema();
  auto taken = std::make_shared<StepsTaken>();
  taken->source = std::make_shared<TableSchema>(full_schema());
  taken->steps = "drop \"ssn\\\"; filter a = 'x\ty\n'";
  taken->names_schema = true;
  taken->unfit = "why";
  s.name = {"sales", "orders"};
  s.taken = taken;
  const std::string text = encode_schema(s) + encode_column(s.columns[0]);
  const auto back = decode_schema(text);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->columns.size(), 4u) << "a column that is added later is one of this form";
  ASSERT_TRUE(back->taken);
  EXPECT_EQ(back->taken->steps, taken->steps);
  EXPECT_EQ(back->taken->unfit, "why");
  EXPECT_TRUE(back->taken->names_schema);
  EXPECT_EQ(encode_schema(at_source(*back)), encode_schema(full_schema()));
  EXPECT_FALSE(decode_schema("weft-schema\t1\ntable\ta\tb\t1\nsteps\tx\t\t\tno schema\n"));
}

TEST(Schema, AnotherShapeAtTheSourceIsAnotherShape) {
  TableSchema a = full_schema();
  TableSchema b = a;
  TableSchema more = a;
  more.columns.emplace_back();
  const auto from = [](const TableSchema& source) {
    auto taken = std::make_shared<StepsTaken>();
    taken->source = std::make_shared<TableSchema>(source);
    return taken;
  };
  a.taken = from(full_schema());
  b.taken = from(full_schema());
  EXPECT_TRUE(same_shape(a, b));
  b.taken = from(more);
  EXPECT_FALSE(same_shape(a, b));
}

TEST(SchemaText, KeepsAKeylessTableKeyless) {
  TableSchema s;
  s.name = {"shop", "log"};
  s.columns.emplace_back();
  const auto back = decode_schema(encode_schema(s));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->keyless());
}

TEST(SchemaText, RefusesEveryDamagedLine) {
  const std::string whole = encode_schema(full_schema());
  EXPECT_FALSE(decode_schema(""));
  EXPECT_FALSE(decode_schema("weft-schema\t2\ntable\ta\tb\t1\n"));
  EXPECT_FALSE(decode_schema(whole + "key\t9\n"));
  EXPECT_FALSE(decode_schema(whole + "colour\tred\n"));
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    const auto back = decode_schema(std::string_view(whole).substr(0, cut));
    if (!back) {
      EXPECT_EQ(back.error().blame(), Blame::kConfig);
    }
  }
}

TEST(SchemaText, AColumnCanBeAppended) {
  TableSchema schema;
  schema.name = {"shop", "t"};
  schema.columns.resize(2);
  schema.columns[0].name = "id";
  schema.columns[1].name = "v";
  schema.key = {0};
  Column added;
  added.name = "tab\there";
  const auto more = decode_schema(encode_schema(schema) + encode_column(added));
  ASSERT_TRUE(more) << more.error().message();
  ASSERT_EQ(more->columns.size(), 3u);
  EXPECT_EQ(more->columns[2].name, added.name);
  EXPECT_EQ(more->key, schema.key);
}

}  // namespace
}  // namespace weft
