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

}  // namespace
}  // namespace weft::transform
