// SPDX-License-Identifier: Apache-2.0
#include "transform/transformed_source.h"

#include <gtest/gtest.h>

#include "transform/samples.h"

namespace weft::transform {
namespace {

class TransformedSourceTest : public ::testing::Test {
 protected:
  void begin(Steps steps) {
    auto own = std::make_unique<SampleSource>();
    inner_ = own.get();
    inner_->catalogue = {orders_, customers_};
    source_ = make_transformed_source(std::move(own), std::move(steps));
    ASSERT_TRUE(source_->connect());
  }

  std::string delivered(std::vector<Change> changes) {
    inner_->changes = std::move(changes);
    auto batch = source_->next(Duration(0), {});
    EXPECT_TRUE(batch && *batch);
    if (!batch || !*batch) return "";
    EXPECT_EQ((*batch)->position((*batch)->transactions()[0]).text(), "7");
    last_ = **std::move(batch);
    return text_of(last_);
  }

  Change insert(const std::vector<Value>& row) { return RowChange{orders_.get(), Op::kInsert, {}, row}; }

  SchemaRef orders_ = shared(orders_shape());
  SchemaRef customers_ = shared(customers_shape());
  SampleSource* inner_ = nullptr;
  std::unique_ptr<Source> source_;
  Batch last_;
  const std::vector<Value> one_ = order(1, 2, "3.50", "x");
  const std::vector<Value> other_ = order(1, 2, "4.00", "y");
};

TEST_F(TransformedSourceTest, ChangesComeInTheirNewNamesAndColumns) {
  begin({Renames{{"orders", "sales.purchases"}}, ColumnChoices{{"purchases", {}, {"cust"}}}});
  EXPECT_EQ(delivered({Origin{"a"},
                       insert(one_),
                       RowChange{orders_.get(), Op::kUpdate, one_, other_},
                       Truncate{orders_.get()},
                       RowChange{orders_.get(), Op::kDelete, other_, {}},
                       TwoPhase{TwoPhase::Step::kPrepare, "x"}}),
            "other\n"
            "insert sales.purchases (1, 3.50, 'x')\n"
            "update sales.purchases (1, 3.50, 'x') (1, 4.00, 'y')\n"
            "truncate sales.purchases\n"
            "delete sales.purchases (1, 4.00, 'y')\n"
            "other\n");
  EXPECT_NE(last_.transactions()[0].origin(), nullptr);
  EXPECT_NE(last_.transactions()[0].two_phase(), nullptr);
  const TableSchema* schema = schema_of(last_.transactions()[0].changes[1]);
  EXPECT_NE(last_.schema(schema), nullptr) << "the batch keeps the shapes that its changes name";
}

TEST_F(TransformedSourceTest, TablesWithoutStepsPassUntouched) {
  begin({Renames{{"customers", "clients"}, {"customers.id", "nr"}}, ColumnChoices{{"clients", {}, {"ssn"}}}});
  const std::vector<Value> row = {Value::int64(1), Value::text("ann"), Value::text("123")};
  EXPECT_EQ(delivered({RowChange{customers_.get(), Op::kInsert, {}, row}, insert(one_)}),
            "insert shop.clients (1, 'ann')\ninsert shop.orders (1, 2, 3.50, 'x')\n");
  const auto& change = std::get<RowChange>(last_.transactions()[0].changes[1]);
  EXPECT_EQ(change.after.data(), one_.data()) << "rows that go on whole are not copied";
}

TEST_F(TransformedSourceTest, DdlComesUnderTheNewNamesAndSaysTheOldOnes) {
  begin({Renames{{"orders", "purchases"}, {"orders.extra", "more"}}, ColumnChoices{{"purchases", {"id", "more"}, {}}}});
  static const AddedColumn added[] = {{"extra", AddedColumn::Default::kNone, "", false},
                                      {"secret", AddedColumn::Default::kNone, "", false}};
  SchemaChange ddl{orders_.get(), "shop", "orders", "ALTER TABLE orders ADD ..."};
  ddl.added = added;
  EXPECT_EQ(delivered({ddl}), "ddl shop.purchases +more +\n");
  const auto& change = std::get<SchemaChange>(last_.transactions()[0].changes[0]);
  EXPECT_EQ(change.added[0].source_name(), "extra");
  EXPECT_EQ(change.added[1].source_name(), "secret");
  EXPECT_EQ(delivered({SchemaChange{nullptr, "shop", "orders", "CREATE TABLE orders"}}), "ddl shop.purchases\n");
}

TEST_F(TransformedSourceTest, PersistedShapesGoBackToTheSourceInItsOwnForm) {
  begin({ColumnChoices{{"orders", {}, {"cust"}}}});
  const auto tables = source_->tables();
  ASSERT_TRUE(tables);
  EXPECT_EQ((*tables)[0]->columns.size(), 3u);
  source_->use_schemas(*tables);
  ASSERT_EQ(inner_->used.size(), 2u);
  EXPECT_EQ(inner_->used[0], orders_);
  EXPECT_EQ(inner_->used[1], customers_);
}

TEST_F(TransformedSourceTest, RowsThatAreThereComeThroughTheSameSteps) {
  begin({Renames{{"orders", "purchases"}}, ColumnChoices{{"purchases", {}, {"cust"}}}});
  inner_->rows = {one_, order(2, 5, "1", "b"), order(3, 5, "1", "c")};
  const auto tables = source_->tables();
  ASSERT_TRUE(tables);
  auto reader = source_->table_reader();
  ASSERT_TRUE(reader);
  EXPECT_TRUE((*reader)->chunkable(*(*tables)[0]));
  ASSERT_TRUE((*reader)->begin((*tables)[0]));
  const auto chunk = (*reader)->read({}, {});
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->schema->name.table, "purchases");
  ASSERT_EQ(chunk->rows.size(), 2u);
  EXPECT_EQ(describe(chunk->rows[1]), "(2, 1, 'b')");
  const std::vector<OwnedRow> keys = {OwnedRow(std::vector<Value>{Value::int64(3)})};
  const auto rows = (*reader)->read_keys(keys);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_EQ(describe(rows->rows[0]), "(3, 1, 'c')");
}

TEST_F(TransformedSourceTest, TwoTablesMustNotBecomeOne) {
  begin({Renames{{"orders", "x"}, {"customers", "x"}}});
  const auto tables = source_->tables();
  ASSERT_FALSE(tables);
  EXPECT_EQ(tables.error().blame(), Blame::kConfig);
  EXPECT_NE(tables.error().message().find("would both be shop.x"), std::string::npos) << tables.error().message();
}

TEST_F(TransformedSourceTest, WhatStepsNameMustBeThereNowOrWhereTheStreamGoesOn) {
  begin({ColumnChoices{{"orders", {}, {"memo"}}}});
  const Status missing = source_->refuse_steps();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().blame(), Blame::kConfig);
  EXPECT_NE(missing.error().message().find("column memo"), std::string::npos);
  TableSchema before = orders_shape();
  before.columns[3].name = "memo";
  source_->use_schemas({shared(before)});
  EXPECT_TRUE(source_->refuse_steps()) << "the stream may still pass the rename";
  begin({Renames{{"gone", "x"}}});
  ASSERT_FALSE(source_->refuse_steps());
  TableSchema gone = customers_shape();
  gone.name.table = "gone";
  source_->use_schemas({shared(gone)});
  EXPECT_TRUE(source_->refuse_steps());
}

TEST_F(TransformedSourceTest, RowsThatStepsDoNotFitSaySo) {
  begin({ColumnChoices{{"orders", {}, {"memo"}}}});
  EXPECT_EQ(delivered({insert(one_)}), "insert shop.orders (1, 2, 3.50, 'x')\n");
  EXPECT_NE(schema_of(last_.transactions()[0].changes[0])->unfit(), "");
}

class FilterTest : public TransformedSourceTest {
 protected:
  void filter(const char* condition, Steps more = {}) {
    Steps steps = {Filters{{"orders", *Expression::parse(condition)}}};
    steps.insert(steps.end(), more.begin(), more.end());
    begin(std::move(steps));
  }

  // The only change that goes on is one that the pipeline refuses.
  void expect_undecided(const Change& change) {
    (void)delivered({change});
    ASSERT_EQ(last_.transactions()[0].changes.size(), 1u);
    EXPECT_NE(schema_of(last_.transactions()[0].changes[0])->unfit().find("can't tell"), std::string_view::npos);
  }

  Change update(const std::vector<Value>& before, const std::vector<Value>& after) {
    return RowChange{orders_.get(), Op::kUpdate, before, after, true};
  }

  const std::vector<Value> out_ = order(1, 2, "-1", "x");
  const std::vector<Value> null_ = order(1, 2, nullptr, "x");
};

TEST_F(FilterTest, RowsThatCrossAFilterComeOrGo) {
  filter("amount > 0");
  EXPECT_EQ(delivered({insert(one_), insert(out_), insert(null_)}), "insert shop.orders (1, 2, 3.50, 'x')\n");
  EXPECT_EQ(delivered({update(one_, other_)}), "update shop.orders (1, 2, 3.50, 'x') (1, 2, 4.00, 'y')\n");
  EXPECT_EQ(delivered({update(one_, out_)}), "delete shop.orders (1, 2, 3.50, 'x')\n");
  EXPECT_TRUE(std::get<RowChange>(last_.transactions()[0].changes[0]).hidden_actions);
  EXPECT_EQ(delivered({update(null_, other_)}), "insert shop.orders (1, 2, 4.00, 'y')\n");
  EXPECT_EQ(delivered({update(out_, null_)}), "") << "the transaction is empty, and keeps its position";
  EXPECT_EQ(last_.transactions()[0].bytes, 0u);
  EXPECT_EQ(
      delivered({RowChange{orders_.get(), Op::kDelete, one_, {}}, RowChange{orders_.get(), Op::kDelete, out_, {}}}),
      "delete shop.orders (1, 2, 3.50, 'x')\n");
}

TEST_F(FilterTest, AFilterSeesTheColumnsOfItsPlace) {
  filter("amount > 0", {Renames{{"orders.amount", "total"}}, ColumnChoices{{"orders", {}, {"cust", "total"}}}});
  EXPECT_EQ(delivered({insert(one_), insert(out_)}), "insert shop.orders (1, 'x')\n");
  begin({Renames{{"orders.amount", "total"}}, Filters{{"orders", *Expression::parse("amount > 0")}}});
  const Status wrong = source_->refuse_steps();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(), "transform: filter of table shop.orders: there is no column amount");
  begin({Filters{{"orders", *Expression::parse("note = 1")}}});
  EXPECT_FALSE(source_->refuse_steps()) << "types are judged before anything moves";
}

TEST_F(FilterTest, ValuesThatDidNotChangeAreThoseOfBefore) {
  filter("amount > 0");
  std::vector<Value> after = other_;
  after[2] = Value::unchanged();
  EXPECT_EQ(delivered({update(one_, after)}), "update shop.orders (1, 2, 3.50, 'x') (1, 2, (unchanged), 'y')\n");
  EXPECT_EQ(delivered({update(out_, after)}), "");
  filter("note = 'y'");
  EXPECT_EQ(delivered({update(one_, after)}), "insert shop.orders (1, 2, 3.50, 'y')\n") << "a row that comes is whole";
}

TEST_F(FilterTest, WhatTheLogDoesNotSayIsNeverGuessed) {
  filter("amount > 0");
  std::vector<Value> key_only(4, Value::unchanged());
  key_only[0] = Value::int64(1);
  expect_undecided(update(key_only, other_));
  expect_undecided(update(key_only, out_));
  expect_undecided(RowChange{orders_.get(), Op::kDelete, key_only, {}});
  expect_undecided(insert({Value::int64(1), Value::int64(2), Value::text("much"), Value::null()}));
  filter("id > 0 AND note IS NOT NULL");
  std::vector<Value> partial = one_;
  partial[1] = Value::unchanged();
  expect_undecided(update({Value::int64(1), Value::unchanged(), Value::null(), Value::null()}, partial));
}

TEST_F(FilterTest, AnImageOfTheKeyIsEnoughForAFilterOfTheKey) {
  filter("id > 1");
  inner_->lacks = "old values are not there";
  EXPECT_TRUE(source_->refuse_steps());
  std::vector<Value> key_only(4, Value::unchanged());
  key_only[0] = Value::int64(1);
  EXPECT_EQ(delivered({update(key_only, order(2, 2, "1", "x"))}), "insert shop.orders (2, 2, 1, 'x')\n");
}

TEST_F(FilterTest, ASourceWithoutOldValuesIsRefused) {
  filter("amount > 0");
  EXPECT_TRUE(source_->refuse_steps());
  inner_->lacks = "ALTER TABLE shop.orders ...";
  const Status refused = source_->refuse_steps();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "transform: the filter of table shop.orders needs old values: ALTER TABLE shop.orders ...");
}

TEST_F(FilterTest, KeysThatActUnseenAreRefused) {
  filter("amount > 0");
  TableSchema acting = orders_shape();
  acting.foreign_keys[0].on_delete = KeyAction::kCascade;
  inner_->catalogue = {shared(acting), customers_};
  EXPECT_TRUE(source_->refuse_steps());
  inner_->hides_key_actions = true;
  ASSERT_TRUE(source_->connect());
  const Status refused = source_->refuse_steps();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("foreign key fk of table shop.orders"), std::string::npos);
  begin({ColumnChoices{{"orders", {}, {"cust"}}}});
  inner_->catalogue = {shared(acting), customers_};
  inner_->hides_key_actions = true;
  ASSERT_TRUE(source_->connect());
  EXPECT_FALSE(source_->refuse_steps()) << "its column would not go on";
}

TEST_F(FilterTest, RowsThatAreThereAreFilteredAndTheRangeIsReadAllTheSame) {
  filter("amount > 0");
  inner_->rows = {order(1, 1, "1", "a"), order(2, 1, "-1", "b"), order(3, 1, "0", "c"), order(4, 1, nullptr, "d")};
  const auto tables = source_->tables();
  ASSERT_TRUE(tables);
  auto reader = source_->table_reader();
  ASSERT_TRUE(reader && (*reader)->begin((*tables)[0]));
  const auto first = (*reader)->read({}, {});
  ASSERT_TRUE(first);
  ASSERT_EQ(first->rows.size(), 1u);
  ASSERT_TRUE(first->last_key());
  EXPECT_EQ(describe(first->last_key()->row()), "(2)");
  const auto second = (*reader)->read({}, {});
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->rows.empty());
  EXPECT_TRUE(second->end);
  ASSERT_TRUE(second->last_key()) << "a chunk without rows goes on all the same";
  EXPECT_EQ(describe(second->last_key()->row()), "(4)") << "a chunk without rows goes on all the same";
  const std::vector<OwnedRow> keys = {OwnedRow(std::vector<Value>{Value::int64(2)})};
  EXPECT_TRUE((*reader)->read_keys(keys)->rows.empty());
  inner_->rows = {order(1, 1, "1", "a")};
  inner_->rows[0][2] = Value::text("much");
  ASSERT_TRUE((*reader)->begin((*tables)[0]));
  const auto odd = (*reader)->read({}, {});
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().blame(), Blame::kData);
}

}  // namespace
}  // namespace weft::transform
