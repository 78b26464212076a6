// SPDX-License-Identifier: Apache-2.0
#include "transform/table_steps.h"

#include <gtest/gtest.h>

#include "model/schema_text.h"
#include "transform/samples.h"

namespace weft::transform {
namespace {

const std::set<TableName> kTables = {{"shop", "orders"}, {"shop", "customers"}};

std::string columns_of(const TableSchema& schema) {
  std::string out;
  for (const Column& column : schema.columns) out += (out.empty() ? "" : ",") + column.name;
  return out;
}

TableSteps orders(const Steps& steps) {
  return compile(steps, shared(orders_shape()), kTables);
}

TableSteps customers(const Steps& steps) {
  return compile(steps, shared(customers_shape()), kTables);
}

TEST(TableSteps, ATableThatNoStepNamesStaysWhatItIs) {
  const TableSteps steps = customers({Renames{{"orders", "purchases"}}});
  EXPECT_TRUE(steps.identity());
  EXPECT_EQ(steps.schema->taken, nullptr);
}

TEST(TableSteps, TablesAndColumnsAreRenamedByAnyOfTheirNames) {
  for (const char* table : {"orders", "shop.orders"}) {
    const TableSteps steps = orders({Renames{{table, "sales.purchases"}, {std::string(table) + ".cust", "customer"}}});
    EXPECT_EQ(steps.schema->name, (TableName{"sales", "purchases"}));
    EXPECT_TRUE(steps.schema->taken->names_schema);
    EXPECT_EQ(columns_of(*steps.schema), "id,customer,amount,note");
    EXPECT_EQ(steps.schema->unfit(), "");
    EXPECT_FALSE(steps.projects);
  }
}

TEST(TableSteps, ARenameWithoutASchemaKeepsTheSchema) {
  const TableSteps steps = orders({Renames{{"orders", "purchases"}}});
  EXPECT_EQ(steps.schema->name, (TableName{"shop", "purchases"}));
  EXPECT_FALSE(steps.schema->taken->names_schema);
}

TEST(TableSteps, NamesOfOneRenameAreThoseBeforeIt) {
  const TableSteps steps = orders({Renames{{"orders", "purchases"}, {"orders.cust", "note"}, {"orders.note", "cust"}}});
  EXPECT_EQ(columns_of(*steps.schema), "id,note,amount,cust");
}

TEST(TableSteps, LaterStepsSeeTheNamesThatEarlierOnesLeft) {
  const Steps steps{Renames{{"orders", "sales.purchases"}, {"orders.cust", "customer"}},
                    ColumnChoices{{"purchases", {}, {"customer"}}}};
  EXPECT_EQ(columns_of(*orders(steps).schema), "id,amount,note");
  const Steps old{Renames{{"orders", "sales.purchases"}}, ColumnChoices{{"orders", {}, {"cust"}}}};
  EXPECT_EQ(unmatched(old, {orders(old)}).size(), 1u);
}

TEST(TableSteps, DroppedColumnsTakeTheirKeysWithThem) {
  const TableSteps steps = orders({ColumnChoices{{"orders", {}, {"cust"}}}});
  EXPECT_EQ(steps.schema->key, std::vector<uint16_t>{0});
  EXPECT_TRUE(steps.schema->unique_keys.empty());
  EXPECT_TRUE(steps.schema->foreign_keys.empty());
  const TableSteps kept = orders({ColumnChoices{{"orders", {"note", "cust", "id"}, {}}}});
  EXPECT_EQ(columns_of(*kept.schema), "id,cust,note");
  EXPECT_EQ(kept.schema->unique_keys, (std::vector<std::vector<uint16_t>>{{1, 2}}));
  Arena arena(1024);
  const auto row = order(1, 2, "3.5", "x");
  EXPECT_EQ(describe(kept.project(row, arena)), "(1, 2, 'x')");
  EXPECT_TRUE(kept.project({}, arena).empty());
}

TEST(TableSteps, ForeignKeysFollowTheirParentsNames) {
  const TableSteps steps = orders({Renames{{"customers", "crm.clients"}, {"customers.id", "nr"}}});
  ASSERT_EQ(steps.schema->foreign_keys.size(), 1u);
  EXPECT_EQ(steps.schema->foreign_keys[0].parent, (TableName{"crm", "clients"}));
  EXPECT_EQ(steps.schema->foreign_keys[0].parent_columns, std::vector<std::string>{"nr"});
  EXPECT_EQ(at_source(*steps.schema).foreign_keys[0].parent, (TableName{"shop", "customers"}));
}

TEST(TableSteps, WhatDoesNotFitIsSaidWithTheNearestName) {
  const auto unfit = [](const Steps& steps) { return std::string(customers(steps).schema->unfit()); };
  EXPECT_EQ(unfit({ColumnChoices{{"customers", {}, {"snn"}}}}),
            "columns names column snn, which table shop.customers does not have, nearest known word 'ssn'");
  EXPECT_NE(unfit({Renames{{"customers.nane", "x"}}}).find("'name'"), std::string::npos);
  EXPECT_NE(unfit({ColumnChoices{{"customers", {"name"}, {}}}}).find("leaves out id"), std::string::npos);
  EXPECT_NE(unfit({ColumnChoices{{"customers", {}, {"id"}}}}).find("leaves out id"), std::string::npos);
  EXPECT_NE(unfit({Renames{{"customers.ssn", "name"}}}).find("would both be name"), std::string::npos);
  EXPECT_NE(unfit({Renames{{"customers", "a"}, {"shop.customers", "b"}}}).find("two names"), std::string::npos);
}

TEST(TableSteps, WhatNamesNothingIsSaidWithTheNearestName) {
  const Steps steps{Renames{{"ordes", "x"}, {"orders.cust", "y"}}, ColumnChoices{{"client", {}, {"ssn"}}}};
  const std::vector<std::string> problems = unmatched(steps, {orders(steps), customers(steps)});
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0], "rename names ordes, which is nothing that is captured, nearest known word 'orders'");
  EXPECT_EQ(problems[1], "columns names client, which is nothing that is captured");
}

TEST(TableSteps, AFullNameOfATableIsNoColumn) {
  const std::set<TableName> tables = {{"orders", "cust"}, {"shop", "orders"}};
  const Steps steps{Renames{{"orders.cust", "x"}}};
  EXPECT_TRUE(compile(steps, shared(orders_shape()), tables).identity());
  TableSchema other = customers_shape();
  other.name = {"orders", "cust"};
  EXPECT_EQ(compile(steps, shared(other), tables).schema->name, (TableName{"orders", "x"}));
}

TEST(TableSteps, AShapeThatIsNotKnownHasOnlyItsName) {
  const Steps steps{Renames{{"orders", "x"}, {"orders.nothing", "y"}}};
  const TableSteps known = orders(steps);
  const SchemaRef unknown = unknown_shape(*known.schema);
  EXPECT_EQ(unknown->name, (TableName{"shop", "x"}));
  EXPECT_TRUE(unknown->columns.empty());
  const TableSteps again = compile(steps, at_source(unknown), kTables);
  EXPECT_EQ(again.schema->name, (TableName{"shop", "x"}));
  EXPECT_EQ(again.schema->unfit(), "") << "nobody knows its columns";
}

TEST(TableSteps, TheSameStepsHaveTheSameTextThroughTheStore) {
  const Steps steps{Renames{{"customers", "crm.clients"}}, ColumnChoices{{"clients", {}, {"ssn"}}}};
  const TableSteps one = customers(steps);
  const auto back = decode_schema(encode_schema(*one.schema));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->taken->steps, one.schema->taken->steps);
  EXPECT_EQ(one.schema->taken->steps, "rename to \"crm.clients\"; drop \"ssn\"");
  EXPECT_NE(customers({Renames{{"customers", "crm.clients"}}}).schema->taken->steps, one.schema->taken->steps);
}

}  // namespace
}  // namespace weft::transform
