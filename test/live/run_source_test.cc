// SPDX-License-Identifier: Apache-2.0
// What `weft run` says to sources that it can't follow: system-versioned tables, partial JSON without the value before,
// tables and databases that are dropped; and how it follows one of several hosts.
#include "base/text.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class RunSourceTest : public RunFixture {
 protected:
  std::string expect_exit_1(WeftProcess& weft) {
    const auto ended = weft.wait_exit(deadline_in(30s));
    EXPECT_EQ(ended ? ended->code : -1, 1) << weft.log_tail();
    return weft.output();
  }

  // Of all databases of the source.
  WeftProcess streaming_all() {
    WeftProcess weft(rig_->log(),
                     {"run", "--from", rig_->source->url("", "weft"), "--to", rig_->to(), "--create-tables"});
    EXPECT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    return weft;
  }
};

TEST_F(RunSourceTest, SystemVersionedTableIsExit3AndCanBeLeftOut) {
  source("CREATE TABLE shop.h (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING");
  const auto refused = run({"--until", "now", "--create-tables"});
  EXPECT_EQ(refused.code, 3) << refused.out;
  EXPECT_TRUE(has(refused.out, "shop.h") && has(refused.out, "DROP SYSTEM VERSIONING")) << refused.out;
  const auto without = run({"--until", "now", "--exclude", "h"});
  EXPECT_EQ(without.code, 0) << without.out;
}

TEST_F(RunSourceTest, TableThatBecomesSystemVersionedStopsTheStreamBeforeAWrongRow) {
  WeftProcess weft = streaming();
  source(
      "INSERT INTO shop.t VALUES (3, 'three'); ALTER TABLE shop.t ADD SYSTEM VERSIONING; DELETE FROM shop.t WHERE id = "
      "1");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "shop.t") && has(words, "DROP SYSTEM VERSIONING")) << words;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

TEST_F(RunSourceTest, PartialJsonWithoutFullImagesIsExit3WithTheStatementThatMendsIt) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({.row_image = "MINIMAL", .partial_json = true}, Engine::kMySql);
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "SET GLOBAL binlog_row_value_options = ''")) << result.out;
}

TEST_F(RunSourceTest, PartialJsonOfOneSessionStopsTheStreamWithTableKeyAndPlace) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({}, Engine::kMySql);
  source(
      "CREATE TABLE shop.j (id INT PRIMARY KEY, doc JSON); INSERT INTO shop.j VALUES (7, '{\"a\": 1, \"b\": \"x\"}')");
  WeftProcess weft = streaming({"--create-tables"});
  source(
      "SET SESSION binlog_row_value_options = 'PARTIAL_JSON', binlog_row_image = 'MINIMAL';"
      "UPDATE shop.j SET doc = JSON_SET(doc, '$.a', 2) WHERE id = 7");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "shop.j") && has(words, "key (7)") && has(words, "binary log ")) << words;
  EXPECT_TRUE(has(words, "binlog_row_value_options")) << words;
  EXPECT_EQ(rig_->at_target("SELECT doc->>'a' FROM j"), "1");
}

TEST_F(RunSourceTest, DroppedDatabaseStopsAfterAllBeforeItAndGoesOnWhenTheTargetHasNoneOfItsRows) {
  source("CREATE DATABASE other; CREATE TABLE other.o (id INT PRIMARY KEY); INSERT INTO other.o VALUES (1)");
  WeftProcess weft = streaming_all();
  source("INSERT INTO other.o VALUES (2); DROP DATABASE other; INSERT INTO shop.t VALUES (3, 'three')");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "other.o") && has(words, "DROP DATABASE other")) << words;
  EXPECT_EQ(rows("o"), "1|2");
  EXPECT_EQ(rows(), "1,one|2,two");
  target("TRUNCATE o");
  WeftProcess next = streaming_all();
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << next.log_tail();
}

TEST_F(RunSourceTest, DroppedTableStopsAndIsPassedWhenItIsLeftOut) {
  source("CREATE TABLE shop.o (id INT PRIMARY KEY); INSERT INTO shop.o VALUES (1)");
  WeftProcess weft = streaming({"--create-tables"});
  source("DROP TABLE shop.o; CREATE TABLE shop.o (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (3, 'three')");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "shop.o") && has(words, "dropped")) << words;
  EXPECT_EQ(run({"--until", "now"}).code, 3) << "judged again";
  const auto next = run({"--until", "now", "--exclude", "o"});
  EXPECT_EQ(next.code, 0) << next.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

class SeveralHostsTest : public RunSourceTest {
 protected:
  // A replica of the source, read-only, that logs what it replicates.
  void SetUp() override {
    RunSourceTest::SetUp();
    if (IsSkipped()) return;
    begin({.extra = {"--log-slave-updates"}});
    replica_ = make_source(Engine::kMariaDb, {.extra = {"--log-slave-updates", "--read-only=1"}});
    replica_->start();
    replica_->exec(cat("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=",
                       rig_->source->port(),
                       ", MASTER_USER='weft', MASTER_PASSWORD='secret', MASTER_USE_GTID=slave_pos; START SLAVE"));
    const std::string port = cat(":", rig_->source->port(), "/");
    both_ = rig_->from();
    both_.replace(both_.find(port), port.size(), cat(":", rig_->source->port(), ",127.0.0.1:", replica_->port(), "/"));
  }

  WeftProcess start_both() {
    WeftProcess weft(rig_->log(), {"run", "--from", both_, "--to", rig_->to(), "--name", "both"});
    EXPECT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    return weft;
  }

  std::unique_ptr<support::BinlogServer> replica_;
  std::string both_;
};

TEST_F(SeveralHostsTest, WithoutANameAreExit2NamingTheFlag) {
  const auto result = run_weft({"run", "--from", both_, "--to", rig_->to()}, deadline_in(10s));
  EXPECT_EQ(result.code, 2) << result.out;
  EXPECT_TRUE(has(result.out, "--name")) << result.out;
}

TEST_F(SeveralHostsTest, PromotedReplicaIsFollowedByTheSamePipelineWithoutASecondCopy) {
  WeftProcess weft = start_both();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  ASSERT_TRUE(support::wait_until(deadline_in(20s), [&] {
    return replica_->value("SELECT @@gtid_slave_pos") == rig_->source->value("SELECT @@gtid_binlog_pos");
  }));
  // A second copy would bring this row back, or be refused for the rows that are there.
  target("UPDATE t SET v = 'touched' WHERE id = 1");
  rig_->source->crash();
  replica_->exec("STOP SLAVE; SET GLOBAL read_only = 0; INSERT INTO shop.t VALUES (4, 'four')");
  EXPECT_TRUE(becomes("(1,touched)|(2,two)|(3,three)|(4,four)")) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

// The source restarts, and its replica lacks what weft has already: it is behind, and nothing is lost.
TEST_F(SeveralHostsTest, ReplicaThatIsBehindWhileTheSourceRestartsIsWaitedFor) {
  WeftProcess weft = start_both();
  replica_->exec("STOP SLAVE");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  rig_->source->crash();
  EXPECT_TRUE(support::wait_until(deadline_in(30s), [&] { return has(weft.status(), "is behind"); }))
      << weft.status() << weft.log_tail();
  EXPECT_TRUE(weft.running()) << weft.log_tail();
  rig_->source->start();
  source("INSERT INTO shop.t VALUES (4, 'four')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)|(4,four)")) << weft.log_tail();
}

TEST_F(SeveralHostsTest, WithoutGtidsAreRefused) {
  if (auto why = missing(Engine::kMySql)) GTEST_SKIP() << *why;
  begin({.extra = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}}, Engine::kMySql);
  std::string twice = rig_->from();
  const std::string port = cat(":", rig_->source->port(), "/");
  twice.replace(twice.find(port), port.size(), cat(":", rig_->source->port(), ",localhost", port));
  const auto result = run_weft({"run", "--from", twice, "--to", rig_->to(), "--name", "x"}, deadline_in(30s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "gtid_mode")) << result.out;
}

TEST_F(SeveralHostsTest, ServerThatNeverHadOurPositionIsRefused) {
  WeftProcess weft = start_both();
  replica_->exec("STOP SLAVE");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  rig_->source->crash();
  replica_->exec("SET GLOBAL read_only = 0; INSERT INTO shop.t VALUES (4, 'four')");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "position")) << words;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

}  // namespace
}  // namespace weft::live
