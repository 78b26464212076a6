// SPDX-License-Identifier: Apache-2.0
// Servers of either side that are replaced by one of their replicas, which may lack the last commits.
#include "live/compare.h"
#include "live/replicas.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class SourceFailoverTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    rig_.emplace(GetParam());
    replica_ = make_replica(GetParam());
    follow(GetParam(), *replica_, *rig_->source);
    source(
        "CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40));"
        "INSERT INTO t VALUES (1, 'one'), (2, 'two')");
    both_ = url_of_both(*rig_, *replica_);
  }

  [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"run", "--from", both_, "--to", rig_->to(), "--name", "both", "--create-tables"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  void wait_for_replica(const std::string& rows) {
    ASSERT_TRUE(support::wait_until(deadline_in(30s), [&] {
      try {
        return replica_->value("SELECT count(*) FROM shop.t") == rows;
      } catch (const support::SqlError&) {
        return false;  // the table is still to come
      }
    }));
  }

  void fail_over() {
    rig_->source->crash();
    promote(GetParam(), *replica_);
  }

  bool equal_to_replica() {
    auto source = replica_->connect("shop");
    auto target = rig_->target_session();
    return compare_tables(source, target, "shop", {"t"}).differences == 0;
  }

  // The replica has everything, and is promoted.
  void expect_followed(const std::vector<std::string>& more) {
    WeftProcess weft(rig_->log(), arguments(more));
    ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    source("INSERT INTO shop.t VALUES (3, 'three')");
    ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
    wait_for_replica("3");
    fail_over();
    replica_->exec("INSERT INTO shop.t VALUES (4, 'four'); DELETE FROM shop.t WHERE id = 1");
    EXPECT_TRUE(becomes("(2,two)|(3,three)|(4,four)")) << weft.log_tail();
    EXPECT_TRUE(weft.running());
  }

  std::unique_ptr<support::BinlogServer> replica_;
  std::string both_;
};

TEST_P(SourceFailoverTest, hard_case_06_a_promoted_replica_is_followed_under_one_name) {
  expect_followed({});
}

TEST_P(SourceFailoverTest, hard_case_06_a_promoted_replica_is_followed_behind_a_journal_on_disk) {
  expect_followed({"--journal", cat("file:", (rig_->dir.path() / "journal").string())});
}

// A replica is read while the primary is away, and left when that is back: it may lag behind it for ever.
TEST_P(SourceFailoverTest, hard_case_06_a_replica_is_left_when_the_primary_is_back) {
  WeftProcess weft(rig_->log(), arguments());
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  wait_for_replica("2");
  cut_off(GetParam(), *replica_);
  rig_->source->crash();
  ASSERT_TRUE(support::wait_until(deadline_in(30s), [&] {
    return replica_->value("SELECT count(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'") !=
           "0";
  })) << weft.log_tail();
  rig_->source->start();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

// weft has more than the new primary: a stop, and by policy the rows that were never there go.
TEST_P(SourceFailoverTest, hard_case_06_what_the_new_primary_never_had_is_taken_back_by_policy) {
  {
    WeftProcess weft(rig_->log(), arguments());
    ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    wait_for_replica("2");
    cut_off(GetParam(), *replica_);
    source("INSERT INTO shop.t VALUES (3, 'lost'); UPDATE shop.t SET v = 'lost' WHERE id = 1");
    ASSERT_TRUE(becomes("(1,lost)|(2,two)|(3,lost)")) << weft.log_tail();
    fail_over();
    replica_->exec("INSERT INTO shop.t VALUES (4, 'four')");
    const auto ended = weft.wait_exit(deadline_in(60s));
    ASSERT_TRUE(ended && ended->code == 1) << weft.log_tail();
    EXPECT_TRUE(has(weft.output(), "--on-lost-position")) << weft.log_tail();
  }
  EXPECT_EQ(rows(), "1,lost|2,two|3,lost");
  const auto result = run_weft(arguments({"--on-lost-position", "repair", "--until", "now"}), deadline_in(60s));
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(equal_to_replica()) << rows();
  // The target had kept which rows the transactions changed that were lost.
  EXPECT_TRUE(has(result.out, "(2 by their keys)")) << result.out;
}

INSTANTIATE_TEST_SUITE_P(Sources,
                         SourceFailoverTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& of) { return engine_name(of.param); });

// The standby was behind when the primary died: what it lacks comes again from the source.
TEST(TargetFailoverTest, hard_case_05_a_promoted_standby_that_lacks_commits_is_filled_again) {
  if (auto why = missing(Engine::kMariaDb)) GTEST_SKIP() << *why;
  Rig rig(Engine::kMariaDb);
  rig.source->exec(
      "CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40));"
      "INSERT INTO t VALUES (1, 'one')");
  rig.target_session().exec("CREATE TABLE t (id integer PRIMARY KEY, v varchar(40))");
  support::PostgresServer standby;
  standby.follow(rig.target);
  standby.start();
  const std::string both = cat("postgresql://postgres@127.0.0.1:",
                               rig.target.port(),
                               ",127.0.0.1:",
                               standby.port(),
                               "/shop?target_session_attrs=read-write");
  WeftProcess weft(rig.log(), {"run", "--from", rig.from(), "--to", both});
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  rig.source->exec("INSERT INTO shop.t VALUES (2, 'two'); UPDATE shop.t SET v = 'a' WHERE id = 1");
  auto behind = standby.connect("shop");
  ASSERT_TRUE(support::wait_until(deadline_in(30s), [&] {
    return support::single_value(behind.query("SELECT string_agg(v, ',' ORDER BY id) FROM t")) == "a,two";
  }));
  standby.stop();
  rig.source->exec(
      "INSERT INTO shop.t VALUES (3, 'three');"
      "UPDATE shop.t SET v = 'b' WHERE id = 1; DELETE FROM shop.t WHERE id = 2");
  ASSERT_TRUE(rig.becomes("SELECT string_agg(v, ',' ORDER BY id) FROM t", "b,three", deadline_in(30s)))
      << weft.log_tail();
  rig.target.crash();
  standby.start();
  standby.promote();
  rig.source->exec("INSERT INTO shop.t VALUES (4, 'four')");
  auto promoted = standby.connect("shop");
  EXPECT_TRUE(support::wait_until(deadline_in(60s), [&] {
    return support::single_value(promoted.query("SELECT string_agg(v, ',' ORDER BY id) FROM t")) == "b,three,four";
  })) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

}  // namespace
}  // namespace weft::live
