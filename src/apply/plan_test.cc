// SPDX-License-Identifier: Apache-2.0
// Claims about turning items into table batches: a model table is changed by the items one by one and by the plan's batches,
// and both must end the same.
#include "apply/plan.h"

#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "apply/coalesce.h"
#include "apply/keys.h"
#include "base/rng.h"

namespace weft {
namespace {

using What = ApplyItem::What;

TargetTableRef make_table(const std::string& name, bool keyless = false, std::vector<std::string> triggers = {}) {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"s", name};
  for (const char* column : {"id", "a", "b"}) {
    Column c;
    c.name = column;
    c.kind = Kind::kInt;
    schema->columns.push_back(c);
  }
  if (!keyless) schema->key = {0};
  auto table = std::make_shared<TargetTable>();
  table->source = schema;
  table->name = {"public", name};
  table->columns.resize(3);
  for (size_t i = 0; i < 3; ++i) table->columns[i].name = schema->columns[i].name;
  if (!keyless) table->unique_keys = {{0}};
  table->triggers = std::move(triggers);
  return table;
}

// Items with their rows' storage.
class Items {
 public:
  explicit Items(TargetTableRef table) : table_(std::move(table)) {}

  void insert(int64_t id, int64_t a, int64_t b, Expect e = Expect::kExact) {
    add(What::kInsert, e, {}, row(Value::int64(id), Value::int64(a), Value::int64(b)));
  }

  void update(int64_t id, Value a, Value b, Expect e = Expect::kExact) { move(id, id, a, b, e); }

  // `old`: the old image is full; else it is the key alone.
  void move(int64_t from,
            int64_t to,
            Value a,
            Value b,
            Expect e = Expect::kExact,
            std::optional<std::pair<int64_t, int64_t>> old = {}) {
    add(What::kUpdate, e, image(from, old), row(Value::int64(to), a, b));
  }

  void remove(int64_t id, Expect e = Expect::kExact, std::optional<std::pair<int64_t, int64_t>> old = {}) {
    add(What::kDelete, e, image(id, old), {});
  }

  std::vector<ApplyItem> items;

 private:
  Row image(int64_t id, const std::optional<std::pair<int64_t, int64_t>>& old) {
    if (!old) return row(Value::int64(id), Value::unchanged(), Value::unchanged());
    return row(Value::int64(id), Value::int64(old->first), Value::int64(old->second));
  }

  Row row(Value id, Value a, Value b) {
    const auto values = arena_.array<Value>(3);
    values[0] = id;
    values[1] = a;
    values[2] = b;
    return values;
  }

  void add(What what, Expect expect, Row before, Row after) { items.push_back({table_, what, expect, before, after}); }

  TargetTableRef table_;
  Arena arena_{4096};
};

using Model = std::map<int64_t, std::pair<int64_t, int64_t>>;

void change(Model& model, int64_t id, Row after, const std::vector<uint16_t>& columns) {
  const auto found = model.find(id);
  if (found == model.end()) return;
  auto row = found->second;
  int64_t key = id;
  for (const uint16_t c : columns) {
    if (c == 0) key = after[0].as_int();
    if (c == 1) row.first = after[1].as_int();
    if (c == 2) row.second = after[2].as_int();
  }
  model.erase(found);
  model[key] = row;
}

// Rows touched by a batch, as a database would count them.
uint64_t run(Model& model, const TableBatch& batch) {
  uint64_t touched = 0;
  for (const TableBatch::Item& item : batch.rows) {
    if (batch.op == BatchOp::kDelete) {
      touched += model.erase(item.before[0].as_int());
    } else if (batch.op == BatchOp::kUpdate) {
      touched += model.count(item.before[0].as_int());
      change(model, item.before[0].as_int(), item.after, batch.columns);
    } else {
      touched += batch.op == BatchOp::kInsert && model.count(item.after[0].as_int()) != 0 ? 0 : 1;
      model[item.after[0].as_int()] = {item.after[1].as_int(), item.after[2].as_int()};
    }
  }
  return touched;
}

Model run_all(Model model, const std::vector<ApplyItem>& items, ApplyMode mode, bool* counts_right = nullptr) {
  Plan plan;
  plan_items(items, mode, plan);
  for (const PlannedBatch& planned : plan.batches) {
    const uint64_t touched = run(model, planned.batch);
    if (counts_right != nullptr && planned.exact && touched != planned.batch.rows.size()) *counts_right = false;
  }
  return model;
}

TEST(Coalesce, TwoVersionsOfOneTablesShapeKeepTheOrderOfAKey) {
  Items older(make_table("t"));
  Items newer(make_table("t"));
  older.remove(1);
  newer.insert(1, 5, 5);
  std::vector<ApplyItem> items = older.items;
  items.insert(items.end(), newer.items.begin(), newer.items.end());
  Plan plan;
  plan_items(items, ApplyMode::kCoalesced, plan);
  Model model{{1, {0, 0}}};
  for (const PlannedBatch& planned : plan.batches) run(model, planned.batch);
  EXPECT_EQ(model, (Model{{1, {5, 5}}}));
}

TEST(Plan, InsertAndUpdatesOfOneKeyBecomeOneInsertWithMergedMasks) {
  Items items(make_table("t"));
  items.insert(1, 10, 20);
  items.update(1, Value::int64(11), Value::unchanged());
  items.update(1, Value::unchanged(), Value::int64(22));
  Plan plan;
  plan_items(items.items, ApplyMode::kCoalesced, plan);
  ASSERT_EQ(plan.batches.size(), 1u);
  const TableBatch& batch = plan.batches[0].batch;
  EXPECT_EQ(batch.op, BatchOp::kInsert);
  ASSERT_EQ(batch.rows.size(), 1u);
  EXPECT_EQ(batch.rows[0].after[1].as_int(), 11);
  EXPECT_EQ(batch.rows[0].after[2].as_int(), 22);
}

// What sets foreign-key actions off stays in its place, and so do the actions: [a][delete 1][a][delete 2][insert 1].
TEST(Plan, hard_case_07_actions_stay_in_front_of_what_sets_them_off) {
  const TargetTableRef table = make_table("t");
  Items items(table);
  static const ActingKeys keys;
  for (const int64_t id : {1, 2}) {
    items.remove(id);
    ApplyItem acts = items.items.back();
    acts.what = What::kKeyActions;
    acts.expect = Expect::kLoose;
    acts.keys = &keys;
    items.items.insert(items.items.end() - 1, acts);
  }
  items.insert(1, 5, 5);
  for (const ApplyMode mode : {ApplyMode::kCoalesced, ApplyMode::kRuns}) {
    Plan plan;
    plan_items(items.items, mode, plan);
    ASSERT_EQ(plan.batches.size(), 3u);
    EXPECT_EQ(plan.batches[0].batch.op, BatchOp::kKeyActions);
    EXPECT_EQ(plan.batches[0].batch.keys, &keys);
    EXPECT_EQ(plan.batches[0].batch.rows.size(), 2u) << "of deletes in a row they go together";
    EXPECT_EQ(plan.batches[1].batch.op, BatchOp::kDelete);
    EXPECT_EQ(plan.batches[1].batch.rows.size(), 2u);
    EXPECT_EQ(plan.batches[2].batch.op, BatchOp::kInsert) << "not merged into an update";
  }
  Plan rows;
  plan_items(items.items, ApplyMode::kRows, rows);
  EXPECT_EQ(rows.batches.size(), 5u);
}

TEST(Plan, hard_case_07_a_change_that_the_targets_own_keys_act_on_is_not_merged_away) {
  Items items(make_table("t"));
  items.remove(1);
  items.items.back().in_order = true;
  items.insert(1, 5, 5);
  Plan plan;
  plan_items(items.items, ApplyMode::kCoalesced, plan);
  ASSERT_EQ(plan.batches.size(), 2u);
  EXPECT_EQ(plan.batches[0].batch.op, BatchOp::kDelete);
  Ticket ticket;
  add_dependencies(items.items[0], ticket);
  EXPECT_TRUE(ticket.alone);
}

// A table may be matched twice, with two shapes: the order between them stays.
TEST(Plan, TwoShapesOfOneTableKeepTheirOrder) {
  Items first(make_table("t"));
  Items second(make_table("t"));
  first.update(1, Value::int64(1), Value::int64(1));
  second.update(1, Value::int64(2), Value::unchanged());
  first.update(1, Value::unchanged(), Value::int64(3));
  const std::vector<ApplyItem> items = {first.items[0], second.items[0], first.items[1]};
  EXPECT_EQ(run_all({{1, {0, 0}}}, items, ApplyMode::kCoalesced), (Model{{1, {2, 3}}}));
}

TEST(Plan, InsertAndDeleteOfOneKeyLeaveNothingToDo) {
  Items items(make_table("t"));
  items.insert(1, 10, 20);
  items.remove(1);
  Plan plan;
  plan_items(items.items, ApplyMode::kCoalesced, plan);
  EXPECT_TRUE(plan.batches.empty());
}

TEST(Plan, DeleteAndInsertOfOneKeyBecomeAnUpdateOfAllColumns) {
  Items items(make_table("t"));
  items.remove(1);
  items.insert(1, 7, 8);
  const Model end = run_all({{1, {1, 2}}}, items.items, ApplyMode::kCoalesced);
  EXPECT_EQ(end, (Model{{1, {7, 8}}}));
}

TEST(Plan, TablesWithTriggersAndWithoutKeysSeeEveryChange) {
  for (const bool keyless : {false, true}) {
    Items items(make_table("t", keyless, keyless ? std::vector<std::string>{} : std::vector<std::string>{"audit"}));
    items.insert(1, 10, 20);
    items.update(1, Value::int64(11), Value::int64(20));
    items.remove(1);
    Plan plan;
    plan_items(items.items, ApplyMode::kCoalesced, plan);
    EXPECT_EQ(plan.batches.size(), 3u);
  }
}

TEST(Plan, ChildrenComeAfterParentsAndLeaveBeforeThem) {
  const TargetTableRef parent = make_table("parent");
  auto child = std::make_shared<TargetTable>(*make_table("child"));
  child->foreign_keys.push_back({"fk", {1}, parent->name, {"id"}});
  Items children(child);
  children.insert(1, 5, 0);
  children.remove(2);
  Items parents(parent);
  parents.insert(5, 0, 0);
  parents.remove(6);
  std::vector<ApplyItem> all = children.items;
  all.insert(all.end(), parents.items.begin(), parents.items.end());
  Plan plan;
  plan_items(all, ApplyMode::kCoalesced, plan);
  ASSERT_EQ(plan.batches.size(), 4u);
  EXPECT_EQ(plan.batches[0].batch.table, parent);
  EXPECT_EQ(plan.batches[1].batch.table, child);
  EXPECT_EQ(plan.batches[2].batch.table, child);
  EXPECT_EQ(plan.batches[2].batch.op, BatchOp::kDelete);
  EXPECT_EQ(plan.batches[3].batch.table, parent);
}

// A random legal history of one table, exact or loose.
std::vector<ApplyItem> history(Items& items, Rng& rng, Model model, size_t length, bool keys_move) {
  for (size_t i = 0; i < length; ++i) {
    const auto id = static_cast<int64_t>(rng.below(6));
    const bool there = model.count(id) != 0;
    const auto value = [&] { return static_cast<int64_t>(rng.below(4)); };
    const auto old = [&] { return rng.chance(1, 2) ? std::optional(model[id]) : std::nullopt; };
    if (!there) {
      const int64_t a = value();
      const int64_t b = value();
      items.insert(id, a, b);
      model[id] = {a, b};
    } else if (rng.chance(1, 3)) {
      items.remove(id, Expect::kExact, old());
      model.erase(id);
    } else {
      const auto to = static_cast<int64_t>(rng.below(6));
      const bool moves = keys_move && rng.chance(1, 4) && model.count(to) == 0;
      const Value a = rng.chance(1, 2) ? Value::int64(value()) : Value::unchanged();
      const Value b = rng.chance(1, 2) ? Value::int64(value()) : Value::unchanged();
      auto row = model[id];
      if (!a.is_unchanged()) row.first = a.as_int();
      if (!b.is_unchanged()) row.second = b.as_int();
      items.move(id, moves ? to : id, a, b, Expect::kExact, old());
      model.erase(id);
      model[moves ? to : id] = row;
    }
  }
  return items.items;
}

TEST(Plan, EveryModeEndsAsTheItemsOneByOneAndTouchesEveryRowItShould) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    Model start;
    for (int64_t id = 0; id < 6; ++id) {
      if (rng.chance(1, 2)) start[id] = {id, id};
    }
    Items items(make_table("t"));
    const auto list = history(items, rng, start, 1 + rng.below(20), true);
    bool right = true;
    const Model rows = run_all(start, list, ApplyMode::kRows, &right);
    EXPECT_EQ(run_all(start, list, ApplyMode::kRuns, &right), rows) << "seed " << seed;
    EXPECT_EQ(run_all(start, list, ApplyMode::kCoalesced, &right), rows) << "seed " << seed;
    ASSERT_TRUE(right) << "seed " << seed;
  }
}

TEST(Plan, LooseReplayOverALaterStateEndsAtThatState) {
  // The target already shows the end of the history; replaying all of it tolerantly must end there again.
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed);
    Items items(make_table("t"));
    std::vector<ApplyItem> list = history(items, rng, {}, 1 + rng.below(20), false);
    const Model end = run_all({}, list, ApplyMode::kRows);
    for (ApplyItem& item : list) item.expect = Expect::kLoose;
    EXPECT_EQ(run_all(end, list, ApplyMode::kRows), end) << "seed " << seed;
    EXPECT_EQ(run_all(end, list, ApplyMode::kCoalesced), end) << "seed " << seed;
  }
}

Ticket ticket_of(const Items& items) {
  Ticket ticket;
  for (const ApplyItem& item : items.items) add_dependencies(item, ticket);
  seal_dependencies(ticket);
  return ticket;
}

TEST(Dependencies, TicketsOnOneKeyConflictAndOnOthersDoNot) {
  const TargetTableRef table = make_table("t");
  Items one(table);
  one.insert(1, 0, 0);
  Items same(table);
  same.remove(1);
  Items other(table);
  other.remove(2);
  EXPECT_TRUE(conflict(ticket_of(one), ticket_of(same)));
  EXPECT_FALSE(conflict(ticket_of(one), ticket_of(other)));
}

TEST(Dependencies, ASecondUniqueKeyCounts) {
  auto table = std::make_shared<TargetTable>(*make_table("t"));
  table->unique_keys.push_back({1});
  Items one(table);
  one.insert(1, 77, 0);
  Items two(table);
  two.insert(2, 77, 0);
  EXPECT_TRUE(conflict(ticket_of(one), ticket_of(two)));
}

TEST(Dependencies, AChildWaitsForItsParent) {
  const TargetTableRef parent = make_table("parent");
  auto child = std::make_shared<TargetTable>(*make_table("child"));
  child->foreign_keys.push_back({"fk", {1}, parent->name, {"id"}});
  Items parents(parent);
  parents.insert(5, 0, 0);
  Items mine(child);
  mine.insert(1, 5, 0);
  Items others(child);
  others.insert(2, 6, 0);
  EXPECT_TRUE(conflict(ticket_of(parents), ticket_of(mine)));
  EXPECT_FALSE(conflict(ticket_of(parents), ticket_of(others)));
}

TEST(Dependencies, UnknownEqualityMeansAlone) {
  auto table = std::make_shared<TargetTable>(*make_table("t"));
  table->coarse_keys = true;
  Items one(table);
  one.insert(1, 0, 0);
  EXPECT_TRUE(ticket_of(one).alone);
}

}  // namespace
}  // namespace weft
