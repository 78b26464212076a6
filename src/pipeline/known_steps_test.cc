// SPDX-License-Identifier: Apache-2.0
#include "pipeline/known_steps.h"

#include <gtest/gtest.h>

#include "pipeline/table_states.h"

namespace weft {
namespace {

SchemaRef table(TableName name) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = std::move(name);
  return schema;
}

SchemaRef through(const TableName& source, TableName name, std::string steps, bool names_schema = false) {
  auto taken = std::make_shared<StepsTaken>();
  taken->source = table(source);
  taken->steps = std::move(steps);
  taken->names_schema = names_schema;
  auto schema = std::make_shared<TableSchema>();
  schema->name = std::move(name);
  schema->taken = std::move(taken);
  return schema;
}

TableStateRow state(TableName name, TableState state) {
  TableStateRow row;
  row.table = std::move(name);
  row.state = state;
  return row;
}

const TableName kOrders = {"shop", "orders"};

TEST(KnownSteps, TheSameStepsGoOnAndOthersAreRefused) {
  const std::vector<TableStateRow> follows = {state(kOrders, TableState::kStreaming)};
  const SchemaRef plain = table(kOrders);
  const SchemaRef dropped = through(kOrders, kOrders, "drop \"ssn\"");
  EXPECT_TRUE(refuse_other_steps({plain}, {plain}, follows));
  EXPECT_TRUE(refuse_other_steps({dropped}, {through(kOrders, kOrders, "drop \"ssn\"")}, follows));
  const Status refused = refuse_other_steps({plain}, {dropped}, follows);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_NE(refused.error().message().find("other steps (none) than now (drop \"ssn\")"), std::string::npos);
  EXPECT_FALSE(refuse_other_steps({dropped}, {plain}, follows));
  EXPECT_TRUE(refuse_other_steps({dropped}, {plain}, {state(kOrders, TableState::kPaused)}))
      << "nothing of a table that is set aside is applied";
}

TEST(KnownSteps, ATableIsKnownByItsNameAtTheSource) {
  const SchemaRef before = through(kOrders, {"shop", "purchases"}, "rename to \"purchases\"");
  const Status refused = refuse_other_steps({before}, {table(kOrders)}, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("was shop.purchases to this pipeline and would now be shop.orders"),
            std::string::npos);
  const SchemaRef other = through({"shop", "customers"}, kOrders, "rename to \"orders\"");
  EXPECT_TRUE(refuse_other_steps({other}, {through({"shop", "customers"}, kOrders, "rename to \"orders\"")}, {}));
}

TEST(KnownSteps, TablesOfOneNameMeetUnlessAStepGivesThemASchema) {
  EXPECT_FALSE(refuse_same_names({table({"a", "t"}), table({"b", "t"})}));
  EXPECT_TRUE(refuse_same_names({table({"a", "t"}), through({"b", "t"}, {"s", "t"}, "", true)}));
  const auto at_target = [](TableName name) {
    auto target = std::make_shared<TargetTable>();
    target->name = std::move(name);
    target->source = table(kOrders);
    return target;
  };
  EXPECT_TRUE(refuse_same_targets({at_target({"public", "t"}), at_target({"s", "t"})}));
  EXPECT_FALSE(refuse_same_targets({at_target({"public", "t"}), at_target({"s", "t"}), at_target({"public", "t"})}));
  EXPECT_TRUE(refuse_same_targets({at_target({}), at_target({})})) << "tables that are set aside have no name there";
}

TEST(KnownSteps, AShapeThatIsTakenUpAnewIsTheNextVersion) {
  auto known = std::make_shared<TableSchema>();
  known->name = kOrders;
  known->version = 4;
  EXPECT_EQ(next_version(table(kOrders), {known})->version, 5u);
  EXPECT_EQ(next_version(table(kOrders), {})->version, 1u);
}

}  // namespace
}  // namespace weft
