// SPDX-License-Identifier: Apache-2.0
// What `weft run --schema-changes POLICY` does when the source's tables change in mid-stream; the rows of
// docs/schema-changes.md, on both engines.
#include "base/text.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class SchemaChangesTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
  }

  WeftProcess following(const std::string& policy) { return streaming({"--schema-changes", policy}); }

  // Ended by itself with exit 1, and said all of this.
  void expect_stop(WeftProcess& weft, const std::vector<std::string>& words) {
    const auto ended = weft.wait_exit(deadline_in(60s));
    EXPECT_EQ(ended ? ended->code : -1, 1) << weft.log_tail();
    for (const std::string& word : words) EXPECT_TRUE(has(weft.output(), word)) << word << " in " << weft.log_tail();
  }

  bool says(WeftProcess& weft, const std::string& words) {
    return support::wait_until(deadline_in(30s), [&] { return has(weft.output(), words); });
  }
};

TEST_P(SchemaChangesTest, IgnoreGoesOnWithTheColumnsThatTheTargetHas) {
  WeftProcess weft = following("ignore");
  source(
      "ALTER TABLE shop.t ADD extra INT DEFAULT 7 FIRST; INSERT INTO shop.t VALUES (1, 3, 'three');"
      "UPDATE shop.t SET extra = 9 WHERE id = 1; UPDATE shop.t SET v = 'zwei', extra = 8 WHERE id = 2");
  EXPECT_TRUE(becomes("(1,one)|(2,zwei)|(3,three)")) << weft.log_tail();
  EXPECT_TRUE(says(weft, "not written: extra")) << weft.log_tail();
  weft.crash();
  WeftProcess again = following("ignore");
  source("DELETE FROM shop.t WHERE id = 1; INSERT INTO shop.t (id, v) VALUES (4, 'four')");
  EXPECT_TRUE(becomes("(2,zwei)|(3,three)|(4,four)")) << again.log_tail();
}

TEST_P(SchemaChangesTest, IgnoreLeavesADroppedColumnAsItIs) {
  WeftProcess weft = following("ignore");
  source("ALTER TABLE shop.t DROP v; INSERT INTO shop.t VALUES (3); DELETE FROM shop.t WHERE id = 2");
  EXPECT_TRUE(becomes("(1,one)|(3,)")) << weft.log_tail();
}

TEST_P(SchemaChangesTest, IgnoreStopsWhereRowsCanNoLongerBeWritten) {
  target("ALTER TABLE t ALTER COLUMN v SET NOT NULL");
  WeftProcess weft = following("ignore");
  source("INSERT INTO shop.t VALUES (3, 'three'); ALTER TABLE shop.t DROP v; INSERT INTO shop.t VALUES (4)");
  expect_stop(weft, {"NOT NULL without a default", "\"v\""});
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

TEST_P(SchemaChangesTest, IgnoreKeepsTheRowsOfADroppedTable) {
  source("CREATE TABLE shop.d (id INT PRIMARY KEY); INSERT INTO shop.d VALUES (1)");
  target("CREATE TABLE d (id integer PRIMARY KEY)");
  WeftProcess weft = following("ignore");
  source("DROP TABLE shop.d; INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  EXPECT_EQ(rows("d"), "1");
}

TEST_P(SchemaChangesTest, IgnoreTruncatesAllTheSame) {
  WeftProcess weft = following("ignore");
  source("TRUNCATE shop.t; INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(3,three)")) << weft.log_tail();
}

TEST_P(SchemaChangesTest, IgnoreStillRefusesAFirstStartThatLacksAColumn) {
  source("ALTER TABLE shop.t ADD extra INT");
  const auto result = run({"--schema-changes", "ignore", "--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "extra")) << result.out;
}

TEST_P(SchemaChangesTest, EvolveAddsColumnsWithWhatTheRowsNowShow) {
  WeftProcess weft = following("evolve");
  source(
      "INSERT INTO shop.t VALUES (3, 'three'); ALTER TABLE shop.t ADD a INT, ADD b INT NOT NULL DEFAULT 7, ADD c "
      "VARCHAR(9) DEFAULT 'it''s' AFTER id, ADD d DECIMAL(9,2) NOT NULL;"
      "UPDATE shop.t SET a = 1 WHERE id = 1; INSERT INTO shop.t VALUES (4, 'see', 'four', 2, 8, 1.25)");
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM t", "4", deadline_in(30s))) << weft.log_tail();
  EXPECT_EQ(rig_->at_target("SELECT id, c, v, a, b, d FROM t ORDER BY 1"),
            "1,it's,one,1,7,0.00|2,it's,two,NULL,7,0.00|3,it's,three,NULL,7,0.00|4,see,four,2,8,1.25");
  EXPECT_EQ(rig_->at_target("SELECT string_agg(attname || ' ' || attnotnull, ',' ORDER BY attname) FROM pg_attribute "
                            "WHERE attrelid = 't'::regclass AND attname IN ('a', 'b')"),
            "a false,b true");
  EXPECT_TRUE(weft.running());
}

TEST_P(SchemaChangesTest, EvolveFollowsSeveralChangesInOneGo) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "ALTER TABLE shop.t ADD a INT DEFAULT 1; INSERT INTO shop.t VALUES (3, 'three', 3); ALTER TABLE shop.t ADD b INT "
      "DEFAULT 2; INSERT INTO shop.t VALUES (4, 'four', 4, 4)");
  const auto result = run({"--schema-changes", "evolve", "--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rig_->at_target("SELECT id, v, a, b FROM t ORDER BY 1"), "1,one,1,2|2,two,1,2|3,three,3,2|4,four,4,4");
}

TEST_P(SchemaChangesTest, EvolveWidensWhereTheCatalogueIsAheadWithColumnsOfLaterStatements) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "ALTER TABLE shop.t MODIFY v VARCHAR(60); INSERT INTO shop.t VALUES (3, REPEAT('x', 50)); ALTER TABLE shop.t ADD "
      "n "
      "INT NOT NULL DEFAULT 7; ALTER TABLE shop.t MODIFY v VARCHAR(70); ALTER TABLE shop.t ADD m INT; INSERT INTO "
      "shop.t "
      "VALUES (4, REPEAT('y', 70), 8, 9)");
  const auto ran = run({"--until", "now", "--schema-changes", "evolve"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(rig_->at_target("SELECT id, length(v), n, m FROM t ORDER BY 1"),
            "1,3,7,NULL|2,3,7,NULL|3,50,7,NULL|4,70,8,9");
}

TEST_P(SchemaChangesTest, EvolveWidensTypesAndDropsNotNull) {
  source("CREATE TABLE shop.w (id INT PRIMARY KEY, s VARCHAR(5) NOT NULL, n INT, d DECIMAL(5,2))");
  WeftProcess weft = streaming({"--schema-changes", "evolve", "--create-tables"});
  source(
      "INSERT INTO shop.w VALUES (1, 'a', 1, 1.5);"
      "ALTER TABLE shop.w MODIFY s VARCHAR(50), MODIFY n BIGINT, MODIFY d DECIMAL(12,4);"
      "INSERT INTO shop.w VALUES (2, 'much longer than five', 5000000000, 12345678.1234), (3, NULL, NULL, NULL)");
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM w", "3", deadline_in(30s))) << weft.log_tail();
  EXPECT_EQ(rows("w"), "1,a,1,1.5000|2,much longer than five,5000000000,12345678.1234|3,NULL,NULL,NULL");
}

// Committed behind the change, so that the catalogue may show a later shape.
TEST_P(SchemaChangesTest, EvolveTruncatesATableWhoseShapeIsNotKnown) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "ALTER TABLE shop.t MODIFY v VARCHAR(80); INSERT INTO shop.t VALUES (3, 'three'); TRUNCATE shop.t;"
      "INSERT INTO shop.t VALUES (4, 'four')");
  const auto result = run({"--schema-changes", "evolve", "--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "4,four");
}

TEST_P(SchemaChangesTest, EvolveTakesANewTableFromItsFirstRow) {
  WeftProcess weft = following("evolve");
  source(
      "CREATE TABLE shop.fresh (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO shop.fresh VALUES (1, 'a'), (2, 'b');"
      "UPDATE shop.fresh SET v = 'c' WHERE id = 2");
  EXPECT_TRUE(rig_->becomes("SELECT to_regclass('fresh') IS NOT NULL", "t", deadline_in(30s))) << weft.log_tail();
  EXPECT_TRUE(becomes("(1,a)|(2,c)", "fresh")) << weft.log_tail();
  weft.crash();
  WeftProcess again = following("evolve");
  source("DELETE FROM shop.fresh WHERE id = 1");
  EXPECT_TRUE(becomes("(2,c)", "fresh")) << again.log_tail();
}

TEST_P(SchemaChangesTest, EvolveStopsAtARename) {
  WeftProcess weft = following("evolve");
  source("INSERT INTO shop.t VALUES (3, 'three'); ALTER TABLE shop.t CHANGE v w VARCHAR(40)");
  expect_stop(weft, {"no column \"w\""});
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  target("ALTER TABLE t RENAME COLUMN v TO w");
  EXPECT_EQ(run({"--schema-changes", "evolve", "--until", "now"}).code, 0);
}

TEST_P(SchemaChangesTest, FailGoesOnWhenTheTargetWasRenamedInTheSameWay) {
  WeftProcess weft = following("fail");
  source("INSERT INTO shop.t VALUES (3, 'three'); ALTER TABLE shop.t CHANGE v w VARCHAR(40)");
  expect_stop(weft, {"no column \"w\""});
  target("ALTER TABLE t RENAME COLUMN v TO w");
  source("UPDATE shop.t SET w = 'drei' WHERE id = 3");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,drei");
}

TEST_P(SchemaChangesTest, EvolveStopsWhereOnlyTheRowsKnowTheValue) {
  WeftProcess weft = following("evolve");
  source("ALTER TABLE shop.t ADD at DATETIME DEFAULT CURRENT_TIMESTAMP");
  expect_stop(weft, {"\"at\"", "not known"});
}

// The default that the catalogue shows is that of a later statement.
TEST_P(SchemaChangesTest, EvolveDoesNotTakeALaterDefaultForAnEarlierOne) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source("ALTER TABLE shop.t ADD a INT DEFAULT 1; ALTER TABLE shop.t ALTER a SET DEFAULT 2");
  const auto result = run({"--schema-changes", "evolve", "--until", "now"});
  EXPECT_NE(result.code, 0) << result.out;
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"), "2");
}

TEST_P(SchemaChangesTest, EvolveKilledAroundTheChangeGoesOn) {
  const std::vector<std::string> policy = {"--schema-changes", "evolve", "--until", "now"};
  ASSERT_EQ(run(policy).code, 0);
  int column = 0;
  for (const char* point :
       {"schema.after:1", "commit.before:1", "commit.after:1", "progress.after:1", "apply.before:1"}) {
    const std::string name = cat("c", ++column);
    source(cat(
        "ALTER TABLE shop.t ADD ", name, " INT DEFAULT ", column, "; UPDATE shop.t SET ", name, " = 50 WHERE id = 1"));
    WeftProcess weft(rig_->log(), rig_->run_arguments(policy), {cat("WEFT_CRASH_AT=", point)});
    EXPECT_TRUE(weft.wait_exit(deadline_in(30s))) << point;
    const auto result = run(policy);
    EXPECT_EQ(result.code, 0) << point << result.out;
    EXPECT_EQ(rig_->at_target(cat("SELECT id, ", name, " FROM t ORDER BY 1")), cat("1,50|2,", column)) << point;
  }
}

// Stopped; DROP b, ADD c; started again: under no policy do b's values get into c.
TEST_P(SchemaChangesTest, hard_case_13_no_policy_puts_old_values_into_new_columns) {
  const std::string plain = GetParam() == Engine::kMariaDb ? "NO_LOG" : "MINIMAL";
  for (const std::string metadata : {"FULL", plain.c_str()}) {
    for (const char* policy : {"fail", "ignore", "evolve"}) {
      begin({.row_metadata = metadata}, GetParam());
      source("CREATE TABLE shop.n (id INT PRIMARY KEY, a INT, b INT); INSERT INTO shop.n VALUES (1, 1, 11)");
      target("CREATE TABLE n (id integer PRIMARY KEY, a integer, b integer)");
      ASSERT_EQ(run({"--until", "now"}).code, 0);
      source(
          "INSERT INTO shop.n VALUES (2, 2, 22); ALTER TABLE shop.n DROP b; ALTER TABLE shop.n ADD x INT; INSERT INTO "
          "shop.n VALUES (3, 3, 33); ALTER TABLE shop.n DROP x, ADD c INT; INSERT INTO shop.n VALUES (4, 4, 44)");
      target("ALTER TABLE n ADD c integer");
      (void)run({"--until", "now", "--schema-changes", policy});
      // Only the rows in the log know the type of a column that came and went.
      if (policy == std::string("evolve")) target("ALTER TABLE n ADD x integer");
      for (int start = 0; start < 2; ++start) (void)run({"--until", "now", "--schema-changes", policy});
      EXPECT_EQ(rig_->at_target("SELECT count(*) FROM n WHERE c IN (22, 33) OR b IN (33, 44)"), "0")
          << policy << " " << metadata;
      if (policy != std::string("fail") && metadata == "FULL") {
        EXPECT_EQ(rig_->at_target("SELECT id, b, c FROM n WHERE id IN (2, 4) ORDER BY 1"), "2,22,NULL|4,NULL,44")
            << policy;
      }
    }
  }
}

// Without column names in the log a shape that follows from the statement is known.
TEST_P(SchemaChangesTest, AddedColumnsAreFollowedWithoutNamesInTheLog) {
  begin({.row_metadata = GetParam() == Engine::kMariaDb ? "NO_LOG" : "MINIMAL"}, GetParam());
  WeftProcess weft = following("evolve");
  source("ALTER TABLE shop.t ADD a INT DEFAULT 1; INSERT INTO shop.t VALUES (3, 'three', 3)");
  EXPECT_TRUE(becomes("(1,one,1)|(2,two,1)|(3,three,3)")) << weft.log_tail();
}

TEST_P(SchemaChangesTest, EveryVersionOfAShapeIsKeptUntilAStartThatNeedsOnlyTheLatest) {
  WeftProcess weft = following("evolve");
  source("ALTER TABLE shop.t ADD a INT; ALTER TABLE shop.t ADD b INT; INSERT INTO shop.t VALUES (3, 'three', 3, 3)");
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM t", "3", deadline_in(30s))) << weft.log_tail();
  EXPECT_TRUE(rig_->becomes(
      "SELECT max(version) >= 2 FROM _weft.schema_version WHERE table_name = 't'", "t", deadline_in(30s)));
  EXPECT_NE(rig_->at_target("SELECT count(*) FROM _weft.schema_version WHERE table_name = 't'"), "1");
  weft.kill(SIGTERM);
  ASSERT_TRUE(weft.wait_exit(deadline_in(30s))) << weft.log_tail();
  WeftProcess next = following("evolve");
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM _weft.schema_version WHERE table_name = 't'"), "1");
  source("INSERT INTO shop.t VALUES (4, 'four', 4, 4)");
  EXPECT_TRUE(rig_->becomes("SELECT sum(a + b) FROM t WHERE id > 2", "14", deadline_in(30s))) << next.log_tail();
}

INSTANTIATE_TEST_SUITE_P(Live,
                         SchemaChangesTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& engine) { return engine.param == Engine::kMariaDb ? "MariaDb" : "MySql"; });

}  // namespace
}  // namespace weft::live
