// SPDX-License-Identifier: Apache-2.0
#include "journal/slice.h"

#include <gtest/gtest.h>

#include "journal/made_journal.h"

namespace weft {
namespace {

SchemaRef wide_schema(size_t columns) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", "wide"};
  for (size_t i = 0; i < columns; ++i) {
    Column column;
    column.name = cat("c", i);
    schema->columns.push_back(column);
  }
  return schema;
}

std::vector<Value> every_value() {
  std::vector<Value> values = {Value::null(),
                               Value::unchanged(),
                               Value::boolean(true),
                               Value::boolean(false),
                               Value::float32(-0.0f),
                               Value::float64(1.5e300),
                               Value::decimal("-12.340"),
                               Value::text(""),
                               Value::text("h\xc3\xa9llo"),
                               Value::bytes(std::string_view("\0\xff", 2)),
                               Value::bits(0x1ff, 9),
                               Value::date({2024, 2, 29, 0, 0, 0, 0}),
                               Value::date({}),
                               Value::datetime({2024, 2, 29, 23, 59, 59, 999999}, 6),
                               Value::timestamp(kZeroTimestamp, 0),
                               Value::timestamp(-1, 3),
                               Value::time(-3'600'000'000, 0),
                               Value::json("{\"a\":1}"),
                               Value::uuid("0123456789abcdef")};
  for (int shift = 0; shift < 64; ++shift) {
    values.push_back(Value::int64(static_cast<int64_t>(uint64_t{1} << shift)));
    values.push_back(Value::int64(-static_cast<int64_t>(uint64_t{1} << shift >> 1)));
    values.push_back(Value::uint64((uint64_t{1} << shift) - 1));
  }
  return values;
}

TEST(Slice, EveryValueComesBackAsItWas) {
  const std::vector<Value> values = every_value();
  std::vector<Value> other(values.size(), Value::int64(7));
  std::copy(values.begin(), values.begin() + 9, other.begin());  // the after image shares some of the before image
  const SchemaRef schema = wide_schema(values.size());
  Arena arena(1 << 16);
  BatchBuilder builder(arena);
  builder.keep(schema);
  builder.begin(-5);
  builder.add(RowChange{schema.get(), Op::kUpdate, values, other});
  builder.add(RowChange{schema.get(), Op::kDelete, values, {}, true});
  builder.add(RowChange{schema.get(), Op::kInsert, {}, other});
  builder.add(Truncate{schema.get()});
  static const AddedColumn added[] = {{"c", AddedColumn::Default::kLiteral, "5", true}};
  builder.add(SchemaChange{nullptr, "db", "t", "CREATE TABLE t", false, true, true, added});
  builder.add(TwoPhase{TwoPhase::Step::kRollback, "X'78',X'',1"});
  builder.end(0);
  builder.begin(1'700'000'000'000'000);
  builder.add(Origin{"mysql:a:shop\nmysql:b:shop"});
  builder.end(1);
  const Batch batch = builder.finish(std::make_shared<made::Numbers>(std::vector<uint64_t>{1, 2}));
  std::string bytes;
  ASSERT_TRUE(encode_slice(
      batch, {0, 2, "2"}, [](const TableSchema*) { return 0u; }, bytes));
  EXPECT_EQ(*slice_end(bytes), "2");
  EXPECT_EQ(*slice_position(bytes, "0", 1, made::load_numbers), "1");
  auto slab = std::make_shared<Slab>(bytes.size());
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  const std::string_view payload(reinterpret_cast<const char*>(slab->data()), bytes.size());
  const Result<Batch> again = decode_slice({payload, slab, "0"}, {schema}, made::load_numbers, arena);
  ASSERT_TRUE(again) << again.error().message();
  ASSERT_EQ(again->transactions().size(), 2u);
  const Transaction& tx = again->transactions()[0];
  EXPECT_EQ(tx.commit_us, -5);
  EXPECT_EQ(again->transactions()[1].commit_us, 1'700'000'000'000'000);
  ASSERT_EQ(tx.changes.size(), 6u);
  EXPECT_EQ(tx.origin(), nullptr);
  ASSERT_NE(again->transactions()[1].origin(), nullptr);
  EXPECT_EQ(again->transactions()[1].origin()->chain, "mysql:a:shop\nmysql:b:shop");
  const auto same = [](Row a, Row b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Value& x, const Value& y) {
             return x.same(y) && x.scale() == y.scale();
           });
  };
  EXPECT_TRUE(same(std::get<RowChange>(tx.changes[0]).before, values));
  EXPECT_TRUE(same(std::get<RowChange>(tx.changes[0]).after, other));
  EXPECT_TRUE(same(std::get<RowChange>(tx.changes[1]).before, values));
  EXPECT_TRUE(std::get<RowChange>(tx.changes[1]).after.empty());
  EXPECT_TRUE(std::get<RowChange>(tx.changes[1]).hidden_actions);
  EXPECT_FALSE(std::get<RowChange>(tx.changes[0]).hidden_actions);
  EXPECT_TRUE(same(std::get<RowChange>(tx.changes[2]).after, other));
  EXPECT_EQ(std::get<Truncate>(tx.changes[3]).schema, schema.get());
  const auto& schema_change = std::get<SchemaChange>(tx.changes[4]);
  EXPECT_EQ(schema_change.statement, "CREATE TABLE t");
  EXPECT_TRUE(!schema_change.drops && schema_change.creates && schema_change.renames);
  ASSERT_EQ(schema_change.added.size(), 1u);
  EXPECT_EQ(schema_change.added[0].name, "c");
  EXPECT_EQ(schema_change.added[0].kind, AddedColumn::Default::kLiteral);
  EXPECT_EQ(schema_change.added[0].text, "5");
  EXPECT_TRUE(schema_change.added[0].not_null);
  ASSERT_NE(tx.two_phase(), nullptr);
  EXPECT_EQ(tx.two_phase()->step, TwoPhase::Step::kRollback);
  EXPECT_EQ(tx.two_phase()->name, "X'78',X'',1");
  EXPECT_EQ(again->schema(schema.get()), schema);
}

TEST(Slice, CutAtEveryByteIsDamaged) {
  const Batch batch = made::made_batch(1, 3);
  std::string bytes;
  ASSERT_TRUE(encode_slice(
      batch, {0, 3, "3"}, [](const TableSchema*) { return 0u; }, bytes));
  Arena arena(4096);
  for (size_t n = 0; n < bytes.size(); ++n) {
    auto slab = std::make_shared<Slab>(n);
    std::memcpy(slab->data(), bytes.data(), n);
    const std::string_view payload(reinterpret_cast<const char*>(slab->data()), n);
    EXPECT_FALSE(decode_slice({payload, slab, "0"}, {made::made_schema()}, made::load_numbers, arena)) << n;
  }
}

}  // namespace
}  // namespace weft
