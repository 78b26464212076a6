// SPDX-License-Identifier: Apache-2.0
// What `weft run` says and answers before the first change moves: exit codes 2, 3 and 5, and bounded runs.
#include "base/text.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class RunStartTest : public RunFixture {};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST_F(RunStartTest, UnknownFlagIsExit2AndNamesTheNearest) {
  const auto result = run_weft({"run", "--form", "mysql://h/x"}, deadline_in(10s));
  EXPECT_EQ(result.code, 2) << result.out;
  EXPECT_TRUE(has(result.out, "--from")) << result.out;
}

TEST_F(RunStartTest, SingleValueFlagGivenTwiceIsExit2) {
  EXPECT_EQ(run({"--until", "now", "--until", "now"}).code, 2);
}

TEST_F(RunStartTest, UnknownFlagValueIsExit2) {
  const auto result = run({"--until", "later"});
  EXPECT_EQ(result.code, 2) << result.out;
}

TEST_F(RunStartTest, UnreachableSourceIsExit3AfterAboutTenSeconds) {
  const support::Port nobody;
  const auto result =
      run_weft({"run", "--from", cat("mysql://weft:secret@127.0.0.1:", nobody.number(), "/shop"), "--to", rig_->to()},
               deadline_in(40s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, nobody.text())) << result.out;
  EXPECT_FALSE(has(result.out, "secret")) << result.out;
}

TEST_F(RunStartTest, UnreachableTargetIsExit3) {
  const support::Port nobody;
  const auto result = run_weft(
      {"run", "--from", rig_->from(), "--to", cat("postgresql://postgres@127.0.0.1:", nobody.number(), "/shop")},
      deadline_in(40s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, nobody.text())) << result.out;
}

TEST_F(RunStartTest, ServerThatComesWithinTenSecondsIsWaitedFor) {
  rig_->source->stop();
  WeftProcess weft = start({"--until", "now"});
  EXPECT_FALSE(weft.wait_exit(deadline_in(1500ms))) << weft.log_tail();
  rig_->source->start();
  const auto ended = weft.wait_exit(deadline_in(30s));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0) << weft.log_tail();
  EXPECT_EQ(rows(), "1,one|2,two");
}

TEST_F(RunStartTest, WrongPasswordIsExit3AtOnceAndIsNotShown) {
  const auto result =
      run_weft({"run", "--from", replaced(rig_->from(), "secret", "hunter2"), "--to", rig_->to()}, deadline_in(9s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "weft") && has(result.out, "denied")) << result.out;
  EXPECT_FALSE(has(result.out, "hunter2")) << result.out;
}

TEST_F(RunStartTest, MissingTargetDatabaseIsExit3) {
  const auto result = run_weft({"run", "--from", rig_->from(), "--to", rig_->target.url("nowhere")}, deadline_in(30s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "nowhere")) << result.out;
}

TEST_F(RunStartTest, MissingSourceDatabaseIsExit3) {
  const auto result =
      run_weft({"run", "--from", rig_->source->url("nowhere", "weft"), "--to", rig_->to()}, deadline_in(30s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "nowhere")) << result.out;
}

TEST_F(RunStartTest, MissingTableIsExit3AndNamesTheFlagThatMendsIt) {
  source("CREATE TABLE shop.parcels (id INT PRIMARY KEY)");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "parcels") && has(result.out, "--create-tables")) << result.out;
  EXPECT_EQ(rows(), "");
}

TEST_F(RunStartTest, MissingColumnIsExit3AndNamesIt) {
  source("ALTER TABLE shop.t ADD extra INT");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "extra")) << result.out;
}

TEST_F(RunStartTest, OccupiedTargetIsExit3AndKeepsItsRows) {
  target("INSERT INTO t VALUES (9, 'mine')");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "t")) << result.out;
  EXPECT_TRUE(has(result.out, "--existing") || has(result.out, "--snapshot")) << result.out;
  EXPECT_EQ(rows(), "9,mine");
}

TEST_F(RunStartTest, BinaryLogThatIsOffIsExit3WithTheSetting) {
  begin({.extra = {"--skip-log-bin"}});
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "log_bin")) << result.out;
}

TEST_F(RunStartTest, MissingGrantIsExit3WithTheStatementThatMendsIt) {
  source("CREATE USER poor@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON shop.* TO poor@'%'");
  const auto result =
      run_weft({"run", "--from", replaced(rig_->from(), "weft:", "poor:"), "--to", rig_->to(), "--until", "now"},
               deadline_in(30s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "GRANT REPLICATION SLAVE")) << result.out;
}

TEST_F(RunStartTest, UntilNowAppliesWhatWasCommittedAtTheStartAndEnds) {
  EXPECT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_EQ(rows(), "1,one|2,two");
  source(
      "INSERT INTO shop.t VALUES (3, 'three'); DELETE FROM shop.t WHERE id = 1; UPDATE shop.t SET v = 'zwei' WHERE id "
      "= 2");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "2,zwei|3,three");
}

// Nothing moves at the source: only its heartbeats tell how far the log has been read.
TEST_F(RunStartTest, CopyOfAnIdleMySqlBecomesConsistent) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({}, Engine::kMySql);
  const auto result = run({"--until", "consistent"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "1,one|2,two");
}

TEST_F(RunStartTest, UntilConsistentEndsWithExit0) {
  const auto result = run({"--until", "consistent"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "1,one|2,two");
}

TEST_F(RunStartTest, SnapshotNoTrustsTheTargetAndFollows) {
  WeftProcess weft = streaming({"--snapshot", "no"});
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(3,three)")) << weft.log_tail();
}

TEST_F(RunStartTest, SnapshotOnlyCopiesAndEnds) {
  const auto result = run({"--snapshot", "only"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "1,one|2,two");
}

TEST_F(RunStartTest, TableAndExcludePatternsChoose) {
  source(
      "CREATE TABLE shop.line_a (id INT PRIMARY KEY); CREATE TABLE shop.line_b (id INT PRIMARY KEY); CREATE TABLE "
      "shop.other (id INT PRIMARY KEY);"
      "INSERT INTO shop.line_a VALUES (1); INSERT INTO shop.line_b VALUES (1)");
  const auto result =
      run({"--until", "now", "--create-tables", "--table", "line_*", "--table", "t", "--exclude", "line_b"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(
      rig_->at_target(
          "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"),
      "line_a|t");
  EXPECT_EQ(rows("line_a"), "1");
}

TEST_F(RunStartTest, PatternThatMatchesNothingIsExit3) {
  const auto result = run({"--until", "now", "--table", "tt"});
  EXPECT_EQ(result.code, 3) << result.out;
}

TEST_F(RunStartTest, CreateTablesMakesKeysUniqueIndexesAndNotNull) {
  source(
      "CREATE TABLE shop.made (a INT, b VARCHAR(10) NOT NULL, c INT UNIQUE, PRIMARY KEY (a, b)); INSERT INTO shop.made "
      "VALUES (1, 'x', NULL)");
  const auto result = run({"--until", "now", "--create-tables"});
  ASSERT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows("made"), "1,x,NULL");
  EXPECT_EQ(rig_->at_target("SELECT pg_get_indexdef(indexrelid) LIKE '%(a, b)%', indisprimary FROM pg_index WHERE "
                            "indrelid = 'made'::regclass ORDER BY 2"),
            "f,f|t,t");
}

TEST_F(RunStartTest, PasswordIsNowhereToBeSeen) {
  WeftProcess weft = streaming();
  const auto args = support::run({"cat", cat("/proc/", weft.pid(), "/cmdline")}, deadline_in(5s));
  EXPECT_FALSE(has(args.out, "secret")) << args.out;
  EXPECT_FALSE(has(weft.status(), "secret"));
  EXPECT_FALSE(has(weft.get("/metrics").value_or(""), "secret"));
  EXPECT_FALSE(has(weft.output(), "secret")) << weft.log_tail();
}

TEST_F(RunStartTest, StatusHealthAndMetricsAreReadable) {
  WeftProcess weft = streaming();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)"));
  const std::string json = weft.status();
  EXPECT_EQ(json_field(json, "state"), "streaming");
  EXPECT_TRUE(has(json, "\"shop.t\"") && has(json, "\"lag_seconds\"") && has(json, "\"budget\"")) << json;
  int code = 0;
  EXPECT_TRUE(weft.get("/healthz", &code));
  EXPECT_EQ(code, 200);
  const std::string metrics = weft.get("/metrics").value_or("");
  EXPECT_TRUE(has(metrics, "# TYPE weft_lag_seconds gauge") && has(metrics, "weft_table_changes_total")) << metrics;
}

TEST_F(RunStartTest, PrintConfigShowsNoSecretAndContactsNobody) {
  rig_->source->stop();
  const auto result = run({"--print-config"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(has(result.out, "from:")) << result.out;
  EXPECT_FALSE(has(result.out, "secret")) << result.out;
}

TEST_F(RunStartTest, SecondProcessIsRefusedWithExit5WithinAboutFiveSeconds) {
  WeftProcess first = streaming();
  WeftProcess second(rig_->dir.path() / "second.log", rig_->run_arguments());
  const auto ended = second.wait_exit(deadline_in(9s));
  ASSERT_TRUE(ended) << second.log_tail();
  EXPECT_EQ(ended->code, 5) << second.log_tail();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << first.log_tail();
  EXPECT_TRUE(first.running());
}

TEST_F(RunStartTest, KilledProcessLeavesNothingThatBlocksTheNext) {
  for (int i = 0; i < 3; ++i) {
    WeftProcess weft = start();
    ASSERT_TRUE(weft.wait_consistent(deadline_in(15s))) << weft.log_tail();
    weft.crash();
  }
}

TEST_F(RunStartTest, TwoNamesAreTwoPipelines) {
  ASSERT_EQ(run({"--until", "now", "--name", "a"}).code, 0);
  const auto other = run({"--until", "now", "--name", "b"});
  EXPECT_EQ(other.code, 3) << other.out;  // the first one's rows are in its way
  EXPECT_EQ(run({"--until", "now", "--name", "b", "--snapshot", "no"}).code, 0);
}

}  // namespace
}  // namespace weft::live
