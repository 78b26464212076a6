// SPDX-License-Identifier: Apache-2.0
// Claims about values, keys and batches.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "model/transaction.h"

namespace weft {
namespace {

TEST(Civil, PackingKeepsTheOrderOfTimeAndZeroDates) {
  const Civil zero{};
  const Civil partial{2024, 0, 15, 0, 0, 0, 0};
  const Civil real{2024, 2, 29, 23, 59, 59, 999999};
  EXPECT_LT(zero.pack(), partial.pack());
  EXPECT_LT(partial.pack(), real.pack());
  EXPECT_FALSE(zero.valid_date());
  EXPECT_FALSE(partial.valid_date());
  EXPECT_TRUE(real.valid_date());
  EXPECT_FALSE((Civil{2023, 2, 29, 0, 0, 0, 0}.valid_date()));
  EXPECT_EQ(Civil::unpack(real.pack()).micros, 999999u);
}

TEST(Civil, EveryDayOfFourCenturiesGoesToMicrosecondsAndBack) {
  for (int64_t day = -141427; day < 4770; ++day) {  // 1582-10-15 .. 1983
    const Civil civil = Civil::from_micros(day * 86400 * 1000000);
    ASSERT_TRUE(civil.valid_date());
    ASSERT_EQ(civil.days_since_epoch(), day);
  }
}

TEST(Value, UnchangedIsNotNull) {
  EXPECT_FALSE(Value::unchanged().same(Value::null()));
  EXPECT_FALSE(Value::null().is_unchanged());
}

TEST(Value, HashAgreesWithSame) {
  const std::string a = "abc";
  const std::string b = "abc";
  EXPECT_TRUE(Value::text(a).same(Value::text(b)));
  EXPECT_EQ(Value::text(a).hash(), Value::text(b).hash());
  EXPECT_FALSE(Value::text(a).same(Value::bytes(a)));
}

TEST(Keys, TextFormIsExactForEveryKind) {
  const std::string odd("\0\xff,;|:'", 7);
  const std::vector<Value> key = {Value::int64(-5),
                                  Value::uint64(UINT64_MAX),
                                  Value::text(odd),
                                  Value::bytes(""),
                                  Value::null(),
                                  Value::datetime({2024, 1, 2, 3, 4, 5, 6}, 6),
                                  Value::time(-1, 3),
                                  Value::decimal("-12.50")};
  const std::string text = encode_key(key);
  EXPECT_EQ(text.find_first_of(";|"), std::string::npos) << "these separate keys in a range set";
  const auto back = decode_key(text);
  ASSERT_TRUE(back);
  EXPECT_TRUE(same_values(back->row(), key));
  EXPECT_EQ(back->row()[5].scale(), 6);
}

TEST(Keys, MalformedTextIsRefusedAtEveryCut) {
  const std::vector<Value> key = {Value::text("hello"), Value::int64(42)};
  const std::string text = encode_key(key);
  for (size_t cut = 0; cut < text.size(); ++cut) {
    const auto back = decode_key(text.substr(0, cut));
    if (back) {
      EXPECT_FALSE(same_values(back->row(), key)) << cut;
    }
  }
}

TEST(OwnedRow, OutlivesWhatItWasMadeOf) {
  OwnedRow kept;
  {
    const std::string text = "a value that is longer than any small buffer would be";
    const std::vector<Value> values = {Value::text(text)};
    kept = OwnedRow(values);
  }
  const OwnedRow copy = kept;
  EXPECT_EQ(copy.row()[0].view().substr(0, 7), "a value");
}

class TextLog final : public PositionLog {
 public:
  std::string text(uint32_t index) const override { return cat_(index); }

 private:
  static std::string cat_(uint32_t index) { return "p" + std::to_string(index); }
};

TEST(Batch, KeepsChangesAliveAfterItsBuilderIsGone) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", "orders"};
  Batch batch;
  {
    Arena arena(256);
    BatchBuilder builder(arena);
    for (uint32_t i = 0; i < 100; ++i) {
      builder.begin(1000 + i);
      const auto row = arena.array<Value>(2);
      row[0] = Value::int64(i);
      row[1] = Value::text(arena.copy("row"));
      builder.keep(schema);
      builder.add(RowChange{schema.get(), Op::kInsert, {}, row});
      builder.end(i);
    }
    batch = builder.finish(std::make_shared<TextLog>());
  }
  ASSERT_EQ(batch.transactions().size(), 100u);
  const Transaction& last = batch.transactions()[99];
  EXPECT_EQ(std::get<RowChange>(last.changes[0]).after[0].as_int(), 99);
  EXPECT_EQ(std::get<RowChange>(last.changes[0]).after[1].view(), "row");
  EXPECT_EQ(batch.position(last).text(), "p99");
  EXPECT_EQ(batch.schema(schema.get()), schema);
}

}  // namespace
}  // namespace weft
