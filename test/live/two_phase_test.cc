// SPDX-License-Identifier: Apache-2.0
// Hard case 14 on real servers: XA transactions, whose rows are in the log at PREPARE and whose fate comes later, with weft
// killed in between.
#include "base/text.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class TwoPhaseTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
  }

  // Prepares what the statements do, in a session of its own.
  support::MysqlConnection prepare(const std::string& name, const std::string& statements) {
    auto session = rig_->source_session();
    session.exec(cat("XA START ", name, ";", statements, "; XA END ", name, "; XA PREPARE ", name));
    return session;
  }

  std::string kept() { return rig_->at_target("SELECT count(DISTINCT name) FROM _weft.prepared"); }

  // A row that is written after something, and is seen at the target: so is what came before it.
  void pass(WeftProcess& weft, int id) {
    source(cat("INSERT INTO shop.t VALUES (", id, ", 'passed')"));
    ASSERT_TRUE(rig_->becomes(cat("SELECT count(*) FROM t WHERE id = ", id), "1", deadline_in(30s))) << weft.log_tail();
  }
};

TEST_P(TwoPhaseTest, hard_case_14_prepare_then_a_kill_then_commit) {
  std::optional<WeftProcess> weft(streaming());
  auto session = prepare("'one','b',7", "INSERT INTO t VALUES (10, 'ten'); UPDATE t SET v = 'eins' WHERE id = 1");
  source("CREATE DATABASE other; CREATE TABLE other.u (id INT PRIMARY KEY)");  // not captured
  auto empty = prepare("'nothing'", "INSERT INTO other.u VALUES (1)");
  pass(*weft, 20);
  EXPECT_EQ(rows(), "1,one|2,two|20,passed");
  EXPECT_NE(kept(), "0");
  weft->crash();
  source("INSERT INTO shop.t VALUES (21, 'while dead')");
  session.exec("XA COMMIT 'one','b',7");
  empty.exec("XA COMMIT 'nothing'");
  weft.emplace(streaming());
  EXPECT_TRUE(becomes("(1,eins)|(10,ten)|(2,two)|(20,passed)|(21,\"while dead\")")) << weft->log_tail();
  pass(*weft, 22);
  EXPECT_EQ(kept(), "0");
}

TEST_P(TwoPhaseTest, hard_case_14_prepare_then_a_kill_then_rollback) {
  std::optional<WeftProcess> weft(streaming());
  auto session = prepare("'gone'", "INSERT INTO t VALUES (10, 'ten')");
  pass(*weft, 20);
  EXPECT_EQ(kept(), "1");
  weft->crash();
  session.exec("XA ROLLBACK 'gone'");
  weft.emplace(streaming());
  pass(*weft, 21);
  EXPECT_EQ(rows(), "1,one|2,two|20,passed|21,passed");
  EXPECT_EQ(kept(), "0");
}

TEST_P(TwoPhaseTest, hard_case_14_the_source_restarts_between_prepare_and_commit) {
  std::optional<WeftProcess> weft(streaming());
  (void)prepare("'kept'", "INSERT INTO t VALUES (10, 'ten')");
  pass(*weft, 20);
  weft->crash();
  rig_->source->crash();
  rig_->source->start();
  source("XA COMMIT 'kept'");
  weft.emplace(streaming());
  EXPECT_TRUE(becomes("(1,one)|(10,ten)|(2,two)|(20,passed)")) << weft->log_tail();
}

TEST_P(TwoPhaseTest, hard_case_14_one_phase_and_two_phases_without_a_kill) {
  WeftProcess weft = streaming();
  auto session = rig_->source_session();
  session.exec("XA START 'p'; INSERT INTO t VALUES (10, 'one phase'); XA END 'p'; XA COMMIT 'p' ONE PHASE");
  auto two = prepare("'q'", "INSERT INTO t VALUES (11, 'two phases')");
  two.exec("XA COMMIT 'q'");
  auto again = prepare("'q'", "DELETE FROM t WHERE id = 1");
  again.exec("XA COMMIT 'q'");
  EXPECT_TRUE(becomes("(10,\"one phase\")|(11,\"two phases\")|(2,two)")) << weft.log_tail();
}

// Larger than a fragment (4 MiB): kept in pieces, and committed out of them; killed on the way into both.
TEST_P(TwoPhaseTest, hard_case_14_a_huge_prepared_transaction_survives_kills_on_both_ways) {
  source("CREATE TABLE shop.h (id INT PRIMARY KEY, v TEXT)");
  target("CREATE TABLE h (id integer PRIMARY KEY, v text)");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  const std::string digits = "(SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4)";
  const std::string fill = cat("INSERT INTO h SELECT a.n + 5 * b.n + 25 * c.n + 125 * d.n + 625 * e.n + %, ",
                               "REPEAT('huge ', 400) FROM ",
                               digits,
                               " a, ",
                               digits,
                               " b, ",
                               digits,
                               " c, ",
                               digits,
                               " d, ",
                               digits,
                               " e");
  std::string statements;
  for (int part = 0; part < 3; ++part) {
    std::string one = fill;
    one.replace(one.find('%'), 1, cat(part * 3125));
    statements += (part == 0 ? "" : ";") + one;
  }
  auto session = prepare("'huge'", statements);
  source("INSERT INTO shop.t VALUES (3, 'three')");
  for (const char* point : {"apply.after:2", "commit.before:1"}) {
    WeftProcess weft(rig_->log(), rig_->run_arguments({"--until", "now"}), {cat("WEFT_CRASH_AT=", point)});
    (void)weft.wait_exit(deadline_in(20s));
    weft.crash();
  }
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  EXPECT_NE(rig_->at_target("SELECT count(*) FROM _weft.prepared"), "1");
  session.exec("XA COMMIT 'huge'");
  for (const char* point : {"apply.after:2", "commit.before:1"}) {
    WeftProcess weft(rig_->log(), rig_->run_arguments({"--until", "now"}), {cat("WEFT_CRASH_AT=", point)});
    (void)weft.wait_exit(deadline_in(20s));
    weft.crash();
    EXPECT_EQ(rig_->at_target("SELECT count(*) FROM h"), "0");
  }
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rig_->at_target("SELECT count(*), max(id), min(length(v)) FROM h"), "9375,9374,2000");
  EXPECT_EQ(kept(), "0");
}

TEST_P(TwoPhaseTest, hard_case_14_a_huge_one_phase_transaction_is_plain) {
  source("CREATE TABLE shop.h (id INT AUTO_INCREMENT PRIMARY KEY, v MEDIUMTEXT)");
  target("CREATE TABLE h (id integer PRIMARY KEY, v text)");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  auto session = rig_->source_session();
  session.exec("XA START 'big'");
  for (int part = 0; part < 6; ++part) {
    session.exec("INSERT INTO h (v) VALUES (REPEAT('x', 1000000)), (REPEAT('y', 1000000))");
  }
  session.exec("XA END 'big'; XA COMMIT 'big' ONE PHASE");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM h"), "12");
  EXPECT_EQ(kept(), "0");
}

// The rows of what was prepared before weft began are in no log that it reads.
TEST_P(TwoPhaseTest, hard_case_14_what_was_prepared_before_the_first_start_stops_at_its_commit) {
  auto session = prepare("'early'", "INSERT INTO t VALUES (10, 'ten')");
  WeftProcess weft = streaming();
  session.exec("XA COMMIT 'early'");
  const auto ended = weft.wait_exit(deadline_in(30s));
  ASSERT_TRUE(ended) << weft.log_tail();
  EXPECT_EQ(ended->code, 1) << weft.log_tail();
  EXPECT_TRUE(has(weft.output(), "XA RECOVER")) << weft.log_tail();
}

INSTANTIATE_TEST_SUITE_P(Live,
                         TwoPhaseTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& engine) { return engine.param == Engine::kMariaDb ? "MariaDb" : "MySql"; });

}  // namespace
}  // namespace weft::live
