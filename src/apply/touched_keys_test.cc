// SPDX-License-Identifier: Apache-2.0
#include "apply/touched_keys.h"

#include <deque>

#include <gtest/gtest.h>

namespace weft {
namespace {

using What = ApplyItem::What;

TargetTableRef table(std::string name, bool keyed = true) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", std::move(name)};
  for (const char* column : {"id", "v"}) {
    Column c;
    c.name = column;
    c.kind = Kind::kInt;
    schema->columns.push_back(std::move(c));
  }
  if (keyed) schema->key = {0};
  auto table = std::make_shared<TargetTable>();
  table->name = {"public", schema->name.table};
  table->source = std::move(schema);
  return table;
}

class TouchedKeysTest : public ::testing::Test {
 protected:
  Row row(int64_t id, int64_t v) {
    rows_.push_back({Value::int64(id), Value::int64(v)});
    return rows_.back();
  }

  Row partial(int64_t v) {
    rows_.push_back({Value::unchanged(), Value::int64(v)});
    return rows_.back();
  }

  void add(const TargetTableRef& to, What what, Row before, Row after) {
    ticket_.items.push_back({to, what, Expect::kExact, before, after});
  }

  std::deque<std::vector<Value>> rows_;
  Ticket ticket_;
};

std::unordered_set<std::string> codes(std::initializer_list<int64_t> ids) {
  std::unordered_set<std::string> out;
  for (const int64_t id : ids) {
    const std::vector<Value> key{Value::int64(id)};
    out.insert(encode_key(key));
  }
  return out;
}

TEST_F(TouchedKeysTest, BothKeysOfAMoveAreTouchedAndEachKeyOnce) {
  const TargetTableRef orders = table("orders");
  add(orders, What::kInsert, {}, row(1, 1));
  add(orders, What::kUpdate, row(1, 1), row(1, 2));
  add(orders, What::kUpdate, row(2, 1), row(3, 1));
  add(orders, What::kUpdate, row(4, 1), partial(5));
  add(orders, What::kDelete, row(9, 1), {});
  TouchedKeys touched;
  touched.add(ticket_);
  ASSERT_EQ(touched.tables().size(), 1u);
  EXPECT_EQ(touched.tables().begin()->second.codes, codes({1, 2, 3, 4, 9}));
}

TEST_F(TouchedKeysTest, WhereKeysDoNotTellAllOfTheTableIsTouched) {
  const TargetTableRef bag = table("bag", false);
  const TargetTableRef orders = table("orders");
  const TargetTableRef lines = table("lines");
  add(bag, What::kInsert, {}, row(1, 1));
  add(orders, What::kInsert, {}, row(1, 1));
  add(orders, What::kTruncate, {}, {});
  add(orders, What::kInsert, {}, row(2, 1));
  ActingKeys keys;
  keys[table("parents")->name].push_back({lines, {1}, {0}, KeyAction::kCascade});
  add(table("parents"), What::kDelete, row(1, 1), {});
  ticket_.items.back().keys = &keys;
  TouchedKeys touched;
  touched.add(ticket_);
  EXPECT_TRUE(touched.tables().at({"shop", "bag"}).whole);
  EXPECT_TRUE(touched.tables().at({"shop", "orders"}).whole);
  EXPECT_TRUE(touched.tables().at({"shop", "lines"}).whole) << "a foreign key may have acted on any row of it";
  EXPECT_EQ(touched.tables().at({"shop", "parents"}).codes, codes({1}));
}

TEST_F(TouchedKeysTest, AnUpdateThatKeepsWhatKeysReferToActsOnNobody) {
  const TargetTableRef parents = table("parents");
  ActingKeys keys;
  keys[parents->name].push_back({table("lines"), {1}, {0}, KeyAction::kCascade, KeyAction::kCascade});
  add(parents, What::kUpdate, row(1, 1), row(1, 2));
  ticket_.items.back().keys = &keys;
  TouchedKeys touched;
  touched.add(ticket_);
  EXPECT_FALSE(touched.tables().contains({"shop", "lines"}));
  add(parents, What::kUpdate, row(1, 1), row(5, 2));
  ticket_.items.back().keys = &keys;
  touched.add(ticket_);
  EXPECT_TRUE(touched.tables().at({"shop", "lines"}).whole);
}

TEST_F(TouchedKeysTest, ItsTextReadsBackAndAddsUp) {
  const TargetTableRef orders = table("orders");
  add(orders, What::kInsert, {}, row(7, 1));
  add(orders, What::kInsert, {}, row(8, 1));
  add(table("bag", false), What::kInsert, {}, row(1, 1));
  TouchedKeys touched;
  EXPECT_EQ(touched.text(), "");
  touched.add(ticket_);
  TouchedKeys again;
  ASSERT_TRUE(again.add_text(touched.text()));
  ASSERT_TRUE(again.add_text(""));
  EXPECT_EQ(again.tables().at({"shop", "orders"}).codes, codes({7, 8}));
  EXPECT_TRUE(again.tables().at({"shop", "bag"}).whole);
  EXPECT_FALSE(again.shapes());
  ticket_.schemas.push_back(orders->source);
  touched.add(ticket_);
  ASSERT_TRUE(again.add_text(touched.text()));
  EXPECT_TRUE(again.shapes());
}

TEST_F(TouchedKeysTest, ATextThatIsCutShortIsAnError) {
  add(table("orders"), What::kInsert, {}, row(7, 1));
  TouchedKeys touched;
  touched.add(ticket_);
  const std::string whole = touched.text();
  for (size_t size = 1; size < whole.size(); ++size) {
    if (size == 2) continue;  // "0:" says that nothing changed
    TouchedKeys read;
    EXPECT_FALSE(read.add_text(whole.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace weft
