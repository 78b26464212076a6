// SPDX-License-Identifier: Apache-2.0
// Every batch operation of the PostgreSQL target, with the rows it leaves and the counts it reports.
#include "postgres_target_fixture.h"

namespace weft::postgres {
namespace {

class PostgresTargetOps : public PostgresTargetTest {
 protected:
  void SetUp() override {
    PostgresTargetTest::SetUp();
    if (IsSkipped()) return;
    sql_->exec("CREATE TABLE t (id bigint PRIMARY KEY, note text, qty int)");
    target_ = open_target();
    t_ = match(*target_, table("t", {int_column("id"), text_column("note"), int_column("qty")}, {0}));
    s_ = session(*target_);
  }

  std::string rows() { return rows_of("SELECT id, note, qty FROM t ORDER BY id"); }

  // Inserts ids from..to.
  void fill(int from, int to) {
    std::vector<Row> rows;
    for (int i = from; i <= to; ++i) rows.push_back(row(i, cat("n", i), i * 10));
    EXPECT_EQ(apply(*s_, group({after_batch(t_, BatchOp::kInsert, rows)})), std::vector<uint64_t>{rows.size()});
  }

  TableBatch update(const std::vector<TableBatch::Item>& items, std::vector<uint16_t> columns) {
    TableBatch b = batch(t_, BatchOp::kUpdate, items);
    b.columns = std::move(columns);
    return b;
  }

  std::unique_ptr<Target> target_;
  TargetTableRef t_;
  std::unique_ptr<TargetSession> s_;
};

TEST_F(PostgresTargetOps, InsertsByOneRowByArraysAndByCopy) {
  fill(1, 1);
  fill(2, 11);
  fill(12, 111);
  EXPECT_EQ(value_of("SELECT count(*) || ' ' || sum(qty) FROM t WHERE note = 'n' || id"), "111 62160");
  EXPECT_EQ(value_of("SELECT version || ' ' || position FROM _weft.progress"), "4 0-1-4");
}

TEST_F(PostgresTargetOps, CopiesTensOfThousandsOfRows) {
  std::vector<Row> rows;
  for (int i = 0; i < 30000; ++i) rows.push_back(row(i, i % 7 == 0 ? value(nullptr) : value(std::string(50, 'x')), i));
  EXPECT_EQ(apply(*s_, group({after_batch(t_, BatchOp::kCopy, rows)})), std::vector<uint64_t>{30000});
  EXPECT_EQ(value_of("SELECT count(*) || ' ' || count(note) FROM t"), "30000 25714");
}

TEST_F(PostgresTargetOps, AnInsertOfARowThatExistsIsABadRowAndLeavesNothing) {
  fill(1, 1);
  for (const int count : {1, 10, 100}) {
    std::vector<Row> rows;
    for (int i = 0; i < count; ++i) rows.push_back(row(count - i, "again", 0));
    const auto report = s_->prepare(group({after_batch(t_, BatchOp::kInsert, rows)}));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().blame(), Blame::kData);
    EXPECT_EQ(report.error().code(), "23505");
    EXPECT_NE(report.error().message().find("Key (id)=(1) already exists"), std::string::npos)
        << report.error().message();
    EXPECT_NE(report.error().message().find("shop.t"), std::string::npos);
  }
  EXPECT_EQ(rows(), "1,n1,10");
  fill(2, 2);
}

TEST_F(PostgresTargetOps, UpsertsInsertAndOverwrite) {
  fill(1, 3);
  EXPECT_EQ(apply(*s_, group({after_batch(t_, BatchOp::kUpsert, {row(2, "b", 0)})})), std::vector<uint64_t>{1});
  std::vector<Row> many;
  for (int i = 3; i <= 12; ++i) many.push_back(row(i, nullptr, 7));
  EXPECT_EQ(apply(*s_, group({after_batch(t_, BatchOp::kUpsert, many)})), std::vector<uint64_t>{10});
  EXPECT_EQ(value_of("SELECT string_agg(coalesce(note, '-'), '' ORDER BY id) FROM t"), "n1b----------");
}

TEST_F(PostgresTargetOps, UpdatesWriteOnlyTheirColumns) {
  fill(1, 50);
  std::vector<TableBatch::Item> items;
  for (int i = 1; i <= 40; ++i)
    items.push_back({row(i, Value::unchanged(), Value::unchanged()), row(i, Value::unchanged(), -i)});
  EXPECT_EQ(apply(*s_, group({update(items, {2})})), std::vector<uint64_t>{40});
  items.resize(1);
  items[0].after = row(1, nullptr, Value::unchanged());
  EXPECT_EQ(apply(*s_, group({update(items, {1})})), std::vector<uint64_t>{1});
  EXPECT_EQ(rows_of("SELECT id, note, qty FROM t WHERE id IN (1, 2, 41) ORDER BY id"),
            "1,(null),-1;2,n2,-2;41,n41,410");
}

TEST_F(PostgresTargetOps, UpdatesThatHitNoRowAreCounted) {
  fill(1, 2);
  std::vector<TableBatch::Item> items;
  for (int i = 1; i <= 5; ++i) items.push_back({row(i, nullptr, nullptr), row(i, "u", 0)});
  EXPECT_EQ(apply(*s_, group({update(items, {1}), batch(t_, BatchOp::kDelete, {{row(9, nullptr, nullptr), {}}})})),
            (std::vector<uint64_t>{2, 0}));
}

TEST_F(PostgresTargetOps, UpdatesMayMoveTheKey) {
  fill(1, 10);
  std::vector<TableBatch::Item> items;
  for (int i = 1; i <= 10; ++i) items.push_back({row(i, nullptr, nullptr), row(i + 100, "moved", nullptr)});
  EXPECT_EQ(apply(*s_, group({update(items, {0, 1})})), std::vector<uint64_t>{10});
  EXPECT_EQ(value_of("SELECT min(id) || ' ' || max(id) || ' ' || count(qty) FROM t"), "101 110 10");
}

TEST_F(PostgresTargetOps, DeletesByOneRowAndByArray) {
  fill(1, 20);
  EXPECT_EQ(apply(*s_, group({batch(t_, BatchOp::kDelete, {{row(1, nullptr, nullptr), {}}})})),
            std::vector<uint64_t>{1});
  std::vector<TableBatch::Item> items;
  for (int i = 1; i <= 19; ++i) items.push_back({row(i, nullptr, nullptr), {}});
  EXPECT_EQ(apply(*s_, group({batch(t_, BatchOp::kDelete, items)})), std::vector<uint64_t>{18});
  EXPECT_EQ(rows(), "20,n20,200");
}

TEST_F(PostgresTargetOps, BatchesOfAGroupRunInOrder) {
  fill(1, 40);
  std::vector<Row> fresh;
  for (int i = 1; i <= 35; ++i) fresh.push_back(row(i, "new", i));
  EXPECT_EQ(apply(*s_,
                  group({batch(t_, BatchOp::kTruncate, {}),
                         after_batch(t_, BatchOp::kInsert, fresh),
                         update({{row(1, nullptr, nullptr), row(1, "end", 0)}}, {1}),
                         after_batch(t_, BatchOp::kInsert, {row(99, "last", 0)})})),
            (std::vector<uint64_t>{0, 35, 1, 1}));
  EXPECT_EQ(value_of("SELECT count(*) || (SELECT note FROM t WHERE id = 1) FROM t"), "36end");
}

TEST_F(PostgresTargetOps, AValueThatDoesNotFitIsNamedWithItsPlace) {
  for (const int count : {1, 10, 100}) {
    std::vector<Row> rows;
    for (int i = 1; i <= count; ++i) rows.push_back(row(i, "x", i == count ? int64_t{1} << 40 : i));
    const auto report = s_->prepare(group({after_batch(t_, BatchOp::kInsert, rows)}));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().blame(), Blame::kData);
    EXPECT_NE(report.error().message().find(cat("table shop.t, row (", count, "): column \"qty\" of type integer")),
              std::string::npos)
        << report.error().message();
  }
  EXPECT_EQ(rows(), "");
  fill(1, 1);
}

TEST_F(PostgresTargetOps, AServersRefusalInACopyNamesItsRow) {
  sql_->exec("ALTER TABLE t ADD CHECK (qty < 5000)");
  std::vector<Row> rows;
  for (int i = 1; i <= 100; ++i) rows.push_back(row(i, "x", i == 61 ? 5000 : i));
  const auto report = s_->prepare(group({after_batch(t_, BatchOp::kInsert, rows)}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), "23514");
  EXPECT_NE(report.error().message().find("row (61)"), std::string::npos) << report.error().message();
}

TEST_F(PostgresTargetOps, AHugeGroupStaysOpenOverSeveralPrepares) {
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back(row(i, "huge", i));
  Group first = group({after_batch(t_, BatchOp::kInsert, rows)});
  first.last = false;
  ASSERT_TRUE(s_->prepare(first));
  Group middle = group({update({{row(1, nullptr, nullptr), row(1, "mid", 0)}}, {1})});
  middle.first = middle.last = false;
  const auto report = s_->prepare(middle);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->affected, std::vector<uint64_t>{1});
  EXPECT_EQ(rows_of("SELECT count(*) FROM t"), "0") << "nothing is seen before the end";
  Group last = group({batch(t_, BatchOp::kDelete, {{row(2, nullptr, nullptr), {}}})});
  last.first = false;
  apply(*s_, last);
  EXPECT_EQ(rows_of("SELECT count(*), min(note) FROM t"), "2999,huge");
  fill(9000, 9000);
}

TEST_F(PostgresTargetOps, AContinuationAfterAFailureIsRefused) {
  Group first = group({after_batch(t_, BatchOp::kInsert, {row(1, "a", 0)})});
  first.last = false;
  ASSERT_TRUE(s_->prepare(first));
  Group bad = group({after_batch(t_, BatchOp::kInsert, {row(1, "again", 0)})});
  bad.first = false;
  bad.last = false;
  ASSERT_FALSE(s_->prepare(bad));
  Group last = group({after_batch(t_, BatchOp::kInsert, {row(2, "b", 0)})});
  last.first = false;
  ASSERT_FALSE(s_->prepare(last)) << "its beginning was rolled back";
  EXPECT_EQ(rows(), "");
}

TEST_F(PostgresTargetOps, RollbackLeavesNothing) {
  ASSERT_TRUE(s_->prepare(group({after_batch(t_, BatchOp::kInsert, {row(1, "a", 0)})})));
  s_->rollback();
  EXPECT_EQ(rows(), "");
  fill(1, 1);
}

TEST_F(PostgresTargetOps, AnEmptyGroupIsStillProgress) {
  EXPECT_EQ(apply(*s_, group({})), std::vector<uint64_t>{});
  EXPECT_EQ(value_of("SELECT position FROM _weft.progress"), "0-1-2");
}

TEST_F(PostgresTargetOps, AnImpatientGroupGivesUpOnALock) {
  fill(1, 1);
  PostgresConnection other = server_->connect(database_);
  other.exec("BEGIN; UPDATE t SET qty = 0 WHERE id = 1");
  Group g = group({update({{row(1, nullptr, nullptr), row(1, "u", 0)}}, {1})});
  g.wait_for_locks = false;
  const auto report = s_->prepare(g);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().blame(), Blame::kConflict);
  EXPECT_EQ(report.error().code(), "55P03");
  other.exec("COMMIT");
  apply(*s_, g);
  EXPECT_EQ(rows(), "1,u,0");
}

TEST_F(PostgresTargetOps, ForeignKeysCanWaitForTheEndWhereTheyAreDeferrable) {
  sql_->exec("CREATE TABLE child (id bigint PRIMARY KEY, parent bigint REFERENCES t DEFERRABLE)");
  const auto child = match(*target_, table("child", {int_column("id"), int_column("parent")}, {0}));
  ASSERT_EQ(child->foreign_keys.size(), 1u);
  EXPECT_EQ(child->foreign_keys[0].parent, (TableName{"public", "t"}));
  Group g =
      group({after_batch(child, BatchOp::kInsert, {row(1, 5)}), after_batch(t_, BatchOp::kInsert, {row(5, "p", 0)})});
  const auto report = s_->prepare(g);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().blame(), Blame::kConflict);
  g.defer_constraints = true;
  apply(*s_, g);
  Group orphan = group({after_batch(child, BatchOp::kInsert, {row(2, 77)})});
  orphan.defer_constraints = true;
  ASSERT_TRUE(s_->prepare(orphan));
  const Status refused = s_->commit(orphan.from, orphan.to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConflict) << refused.error().message();
  EXPECT_EQ(refused.error().code(), "23503");
  fill(6, 6);
}

TEST_F(PostgresTargetOps, TruncateBecomesDeleteWhereAForeignKeyPointsHere) {
  fill(1, 3);
  sql_->exec("CREATE TABLE child (id bigint PRIMARY KEY, parent bigint REFERENCES t)");
  const auto t = match(*target_, t_->source);
  EXPECT_EQ(apply(*s_, group({batch(t, BatchOp::kTruncate, {})})), std::vector<uint64_t>{3});
  EXPECT_EQ(rows(), "");
}

TEST_F(PostgresTargetOps, StatesAndSchemasGoWithTheGroup) {
  Group g = group({});
  g.states = {{{"shop", "t"}, TableState::kSnapshotting, "why", "r1", 5, "0-1-1"}};
  g.schemas = {t_->source};
  apply(*s_, g);
  g = group({});
  g.states = {{{"shop", "t"}, TableState::kStreaming, "", "r2", 9, "0-1-9"}};
  apply(*s_, g);
  const auto opened = make_target()->peek("shop");
  ASSERT_TRUE(opened && *opened);
  ASSERT_EQ((*opened)->tables.size(), 1u);
  EXPECT_EQ((*opened)->tables[0].state, TableState::kStreaming);
  EXPECT_EQ((*opened)->tables[0].ranges, "r2");
  EXPECT_EQ((*opened)->tables[0].rows, 9u);
  EXPECT_EQ((*opened)->tables[0].since, "0-1-9");
  ASSERT_EQ((*opened)->schemas.size(), 1u);
  EXPECT_EQ((*opened)->schemas[0]->columns.size(), 3u);
  EXPECT_EQ(value_of("SELECT state FROM _weft.table_state"), "streaming");
}

}  // namespace
}  // namespace weft::postgres
