// SPDX-License-Identifier: Apache-2.0
// Hard cases whose history real servers can play. What each number means: the list of hard cases in ARCHITECTURE.md.
#include <thread>

#include "base/text.h"
#include "live/compare.h"
#include "live/run_fixture.h"
#include "live/shop.h"
#include "live/watcher.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class HardCaseTest : public RunFixture {
 protected:
  void expect_equal(const std::vector<std::string>& tables) {
    auto from = rig_->source_session();
    auto to = rig_->target_session();
    const Comparison result = compare_tables(from, to, "shop", tables);
    EXPECT_EQ(result.differences, 0u) << result.text();
  }

  // Waits until one server session matches, so that what follows happens while it waits.
  bool source_shows(const std::string& condition) {
    return support::wait_until(deadline_in(15s), [&] {
      return rig_->source->value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE " + condition) != "0";
    });
  }
};

// The position moves before the row is visible: the writer hangs in the semi-sync wait, its GTID counted, its row unseen.
TEST_F(HardCaseTest, hard_case_01_snapshot_beside_a_stalled_commit_keeps_the_new_row) {
  source(
      "SET GLOBAL rpl_semi_sync_master_enabled = ON; SET GLOBAL rpl_semi_sync_master_timeout = 8000;"
      "SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON");
  source("INSERT INTO shop.t VALUES (3, 'seen by nobody yet')");  // perhaps waits; the table keeps both rows apart
  std::jthread writer([this] {
    auto session = rig_->source->connect("shop");
    session.exec("UPDATE t SET v = 'new' WHERE id = 1");
  });
  (void)source_shows("STATE LIKE '%semi-sync%'");
  const auto during = run({"--until", "consistent"});
  EXPECT_EQ(during.code, 0) << during.out;
  writer.join();
  const auto after = run({"--until", "now"});
  EXPECT_EQ(after.code, 0) << after.out;
  expect_equal({"t"});
}

// A target whose crash takes back commits that were answered.
TEST_F(HardCaseTest, hard_case_05_target_that_went_back_is_filled_again) {
  rig_->target.options().settings = {"wal_writer_delay = 10s", "wal_writer_flush_after = 0"};
  rig_->target.restart();
  target("ALTER DATABASE shop SET synchronous_commit = off");
  WeftProcess weft = streaming();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 40; ++i) source(cat("INSERT INTO shop.t VALUES (", 100 + round * 100 + i, ", 'x')"));
    ASSERT_TRUE(rig_->becomes(cat("SELECT max(id) FROM t"), cat(139 + round * 100), deadline_in(30s)))
        << weft.log_tail();
    rig_->target.crash();
    rig_->target.start();
    source(cat("INSERT INTO shop.t VALUES (", 190 + round * 100, ", 'after')"));
    ASSERT_TRUE(rig_->becomes("SELECT max(id) FROM t", cat(190 + round * 100), deadline_in(30s))) << weft.log_tail();
  }
  expect_equal({"t"});
}

// Numbering begins anew with each process (the journal is memory); the source's position rules.
TEST_F(HardCaseTest, hard_case_10_a_new_journal_skips_nothing) {
  for (int life = 0; life < 4; ++life) {
    WeftProcess weft = streaming();
    source(cat("INSERT INTO shop.t VALUES (", 10 + life, ", 'life')"));
    ASSERT_TRUE(rig_->becomes("SELECT count(*) FROM t", cat(3 + life), deadline_in(20s))) << weft.log_tail();
    weft.crash();
  }
  expect_equal({"t"});
}

// Without column names in the log, old events after DROP b, ADD c of the same type must not fill c with b's values.
TEST_F(HardCaseTest, hard_case_13_old_events_are_not_read_by_the_new_shape) {
  begin({.row_metadata = "NO_LOG"});
  source("CREATE TABLE shop.n (id INT PRIMARY KEY, a INT, b INT); INSERT INTO shop.n VALUES (1, 1, 11)");
  target("CREATE TABLE n (id integer PRIMARY KEY, a integer, b integer)");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "INSERT INTO shop.n VALUES (2, 2, 22); ALTER TABLE shop.n DROP b, ADD c INT; INSERT INTO shop.n VALUES (3, 3, "
      "33)");
  target("ALTER TABLE n ADD c integer");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM n WHERE c = 22 OR b = 33"), "0") << result.out;
  if (result.code == 0) {
    EXPECT_EQ(rig_->at_target("SELECT id, c FROM n WHERE id > 1 ORDER BY 1"), "2,NULL|3,33");
  }
}

// Rows by row images although the default is NO_LOG: the ordinary server of the field.
TEST_F(HardCaseTest, hard_case_13_a_server_without_row_metadata_is_followed) {
  begin({.row_metadata = "NO_LOG"});
  WeftProcess weft = streaming();
  source("INSERT INTO shop.t VALUES (3, 'grün'); UPDATE shop.t SET v = 'zwei' WHERE id = 2");
  EXPECT_TRUE(becomes("(1,one)|(2,zwei)|(3,grün)")) << weft.log_tail();
}

// A keyless table is copied at one exact position and never replayed over, whenever weft dies.
TEST_F(HardCaseTest, hard_case_17_keyless_copy_killed_anywhere_has_no_duplicates) {
  source(
      "CREATE TABLE shop.e (a INT, b VARCHAR(10)); INSERT INTO shop.e VALUES (1, 'x'), (1, 'x'), (2, 'y'), (3, NULL)");
  for (int i = 0; i < 10; ++i) source("INSERT INTO shop.e SELECT a, b FROM shop.e");
  target("CREATE TABLE e (a integer, b text)");
  for (const char* point :
       {"chunk_read.after", "chunk_done.before", "chunk_done.after", "commit.before", "commit.after"}) {
    WeftProcess weft(rig_->log(), rig_->run_arguments(), {cat("WEFT_CRASH_AT=", point, ":1")});
    source("INSERT INTO shop.e VALUES (9, 'during'); DELETE FROM shop.e WHERE a = 1 LIMIT 1");
    (void)weft.wait_exit(deadline_in(4s));
    weft.crash();
  }
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  expect_equal({"t", "e"});
}

// Children are copied while parents change; a reader after consistent_since sees whole transactions only.
TEST_F(HardCaseTest, hard_case_22_copy_with_foreign_keys_under_load_becomes_consistent) {
  rig_.reset();
  rig_.emplace(Engine::kMariaDb);
  auto to = rig_->target_session();
  create_shop_target(to);
  Shop shop(*rig_->source, {.seed = test_seed(), .transactions_per_second = 200, .bulk_rows = 100000});
  shop.create();
  Watcher watcher(rig_->to());
  shop.start();
  {
    WeftProcess weft = streaming();
    watcher.expect_consistent();
    EXPECT_TRUE(
        support::wait_until(deadline_in(30s), [&] { return watcher.reads() > 20 || !watcher.breach().empty(); }));
    shop.stop();
  }
  watcher.stop();
  EXPECT_EQ(watcher.breach(), "");
  EXPECT_EQ(shop.trouble(), "");
  const auto last = run({"--until", "now"});
  EXPECT_EQ(last.code, 0) << last.out;
  expect_equal(shop_tables());
}

// A transaction that is far larger than the budget is one transaction at the target, also when weft dies inside it.
TEST_F(HardCaseTest, hard_case_27_huge_transaction_is_whole_also_after_a_kill) {
  source("CREATE TABLE shop.h (id INT PRIMARY KEY, v VARCHAR(60)); CREATE TABLE shop.d (n INT PRIMARY KEY)");
  for (int i = 0; i < 10; ++i) source(cat("INSERT INTO shop.d VALUES (", i, ")"));
  {
    WeftProcess weft = streaming({"--create-tables", "--memory", "8MiB"});
    weft.kill(SIGTERM);
    (void)weft.wait_exit(deadline_in(10s));
  }
  source(
      "INSERT INTO shop.h SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n, REPEAT('huge ', 10) "
      "FROM shop.d a, shop.d b, shop.d c, shop.d d, shop.d e");
  for (const char* point : {"apply.after:3", "append.after:5", "commit.before:1"}) {
    WeftProcess weft(rig_->log(), rig_->run_arguments({"--memory", "8MiB"}), {cat("WEFT_CRASH_AT=", point)});
    (void)weft.wait_exit(deadline_in(10s));
    weft.crash();
    const std::string seen = rig_->at_target("SELECT count(*) FROM h");
    EXPECT_TRUE(seen == "0" || seen == "100000") << seen << " after " << point;
  }
  const auto result = run({"--until", "now", "--memory", "8MiB"});
  EXPECT_EQ(result.code, 0) << result.out;
  expect_equal({"h", "d", "t"});
}

// Two pipelines from one source do not end each other's dump: their server ids differ.
TEST_F(HardCaseTest, hard_case_28_two_pipelines_of_one_source_live_side_by_side) {
  WeftProcess one = streaming();
  rig_->target.exec("CREATE DATABASE second");
  rig_->target.connect("second").exec("CREATE TABLE t (id integer PRIMARY KEY, v varchar(40))");
  WeftProcess two(rig_->dir.path() / "two.log",
                  {"run", "--from", rig_->from(), "--to", rig_->target.url("second"), "--name", "two"});
  ASSERT_TRUE(two.wait_consistent(deadline_in(30s))) << two.log_tail();
  for (int i = 10; i < 30; ++i) source(cat("INSERT INTO shop.t VALUES (", i, ", 'x')"));
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM t", "22", deadline_in(20s))) << one.log_tail();
  auto session = rig_->target.connect("second");
  EXPECT_TRUE(support::wait_until(deadline_in(20s), [&] {
    return *session.query("SELECT count(*) FROM t")[0][0] == "22";
  })) << two.log_tail();
  EXPECT_FALSE(has(one.output(), "server_id")) << one.log_tail();
}

}  // namespace
}  // namespace weft::live
