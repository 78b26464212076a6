// SPDX-License-Identifier: Apache-2.0
// PostgreSQL to PostgreSQL: what weft asks of the source server before it starts, and how it holds its replication slot.
#include "live/postgres_pair_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class PostgresPairsSlot : public PostgresPairFixture {
 protected:
  // A column of the slot of this pipeline.
  std::string slot(const std::string& expression) { return pair_->at_source(slot_sql(expression)); }

  static std::string slot_sql(const std::string& expression) {
    return cat("SELECT ", expression, " FROM pg_replication_slots WHERE slot_name = 'weft_shop'");
  }

  // A run to the end, and then changes that the slot's end takes along.
  void copy_and_change() {
    both(
        "CREATE TABLE bag (x int, y text); ALTER TABLE bag REPLICA IDENTITY FULL;"
        "CREATE TABLE words (w text PRIMARY KEY, n int)");
    source("INSERT INTO bag VALUES (1, 'a'), (1, 'a'), (2, NULL); INSERT INTO words VALUES ('ant', 1), ('bee', 2)");
    const WeftResult copied = run_until_now();
    ASSERT_EQ(copied.code, 0) << copied.out;
    source(
        "DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'three'); UPDATE t SET v = 'zwei' WHERE id = 2;"
        "DELETE FROM bag WHERE x = 2; INSERT INTO bag VALUES (1, 'a'), (3, 'c');"
        "DELETE FROM words WHERE w = 'bee'; INSERT INTO words VALUES ('Bee', 3)");
    auto session = pair_->source_session();
    ASSERT_TRUE(drop_slots(session));
  }

  void expect_refused(const WeftResult& result, const std::vector<std::string>& words) {
    EXPECT_EQ(result.code, 3) << result.out;
    for (const std::string& word : words) EXPECT_TRUE(says(result, word)) << "'" << word << "' in " << result.out;
  }

  void expect_mended_by(const std::string& policy) {
    const WeftResult result = run_until_now({"--on-lost-position", policy});
    EXPECT_EQ(result.code, 0) << result.out;
    EXPECT_TRUE(pair_->equal()) << policy;
    source("INSERT INTO t VALUES (4, 'four')");
    EXPECT_EQ(run_until_now().code, 0);
    EXPECT_TRUE(pair_->equal()) << "after " << policy;
  }
};

TEST_F(PostgresPairsSlot, ADroppedSlotIsALostPositionThatARepairMends) {
  copy_and_change();
  expect_refused(run_until_now(), {"--on-lost-position"});
  EXPECT_EQ(rows(), "1,one|2,two");
  expect_mended_by("repair");
}

TEST_F(PostgresPairsSlot, ADroppedSlotIsALostPositionThatAResnapshotMends) {
  copy_and_change();
  expect_refused(run_until_now(), {"--on-lost-position"});
  expect_mended_by("resnapshot");
}

// It stands where it was made: what came before is not in it.
TEST_F(PostgresPairsSlot, ASlotThatWasMadeAnewIsALostPosition) {
  copy_and_change();
  source("SELECT pg_create_logical_replication_slot('weft_shop', 'pgoutput')");
  expect_refused(run_until_now(), {"--on-lost-position"});
  EXPECT_EQ(rows(), "1,one|2,two");
  expect_mended_by("repair");
}

// The server itself gave it up (max_slot_wal_keep_size); a refused start leaves no new slot that keeps log for nobody.
TEST_F(PostgresPairsSlot, ASlotWhoseLogIsGoneIsALostPositionAndIsMadeAnew) {
  begin({.source = {.wal_level = "logical", .settings = {"max_slot_wal_keep_size = 1MB"}}});
  ASSERT_EQ(run_until_now({"--table", "t"}).code, 0);
  source("DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'three'); UPDATE t SET v = 'zwei' WHERE id = 2");
  for (int i = 0; i < 6 && slot("wal_status") != "lost"; ++i) {
    source("CREATE TABLE IF NOT EXISTS other (a int); INSERT INTO other VALUES (1)");
    source("SELECT pg_switch_wal()");
    source("CHECKPOINT");
  }
  ASSERT_EQ(slot("wal_status"), "lost");
  expect_refused(run_until_now({"--table", "t"}), {"--on-lost-position"});
  EXPECT_EQ(slot("wal_status"), "lost");
  const WeftResult result = run_until_now({"--table", "t", "--on-lost-position", "repair"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), pair_->at_source("SELECT * FROM t ORDER BY 1"));
  EXPECT_EQ(slot("wal_status"), "reserved");
}

TEST_F(PostgresPairsSlot, AServerThatDoesNotLogForDecodingIsRefused) {
  begin({.source = {.wal_level = "replica"}});
  expect_refused(run_until_now(), {"wal_level", "logical"});
  EXPECT_EQ(rows(), "");
}

TEST_F(PostgresPairsSlot, ATableWithoutAReplicaIdentityIsRefusedWithTheStatementThatMendsIt) {
  const std::string table = "CREATE TABLE bare (x int, y text)";
  for (const char* lost : {"",
                           "; ALTER TABLE bare REPLICA IDENTITY NOTHING",
                           "; ALTER TABLE bare ALTER x SET NOT NULL; CREATE UNIQUE INDEX i ON bare (x);"
                           "ALTER TABLE bare REPLICA IDENTITY USING INDEX i; DROP INDEX i"}) {
    both(cat("DROP TABLE IF EXISTS bare; ", table, lost));
    expect_refused(run_until_now(), {"ALTER TABLE", "bare", "REPLICA IDENTITY FULL"});
  }
  EXPECT_EQ(run_until_now({"--exclude", "bare"}).code, 0) << "what is left out needs none";
}

TEST_F(PostgresPairsSlot, ATableThatWasGivenAReplicaIdentityIsFollowed) {
  both("CREATE TABLE bare (x int, y text)");
  expect_refused(run_until_now(), {"bare"});
  source("ALTER TABLE bare REPLICA IDENTITY FULL");
  WeftProcess weft = streaming();
  source("INSERT INTO bare VALUES (1, 'a'), (1, 'a'); DELETE FROM bare WHERE ctid = '(0,1)'");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairsSlot, TablesOfOneNameInTwoSchemasAreRefused) {
  both("CREATE SCHEMA other");
  source("CREATE TABLE other.t (id int PRIMARY KEY, v text)");
  expect_refused(run_until_now(), {"other.t and public.t", "--exclude"});
  EXPECT_EQ(rows(), "");
  EXPECT_EQ(run_until_now({"--exclude", "other.t"}).code, 0);
  EXPECT_EQ(rows(), "1,one|2,two");
}

// The source answers the server while it is blocked itself.
TEST_F(PostgresPairsSlot, HardCase21ABlockedTargetDoesNotCostTheStream) {
  begin({.source = {.wal_level = "logical", .settings = {"wal_sender_timeout = 2s"}}});
  both("CREATE TABLE wide (id int PRIMARY KEY, v text)");
  WeftProcess weft = streaming({"--memory", "8MiB"});
  const std::string stream = slot("active_pid");
  auto lock = pair_->target_session();
  lock.exec("BEGIN; LOCK TABLE wide IN ACCESS EXCLUSIVE MODE");
  // More than the sockets on the way and the budget hold.
  for (int i = 0; i < 80; ++i)
    source(cat("INSERT INTO wide SELECT g + ", i * 100, ", repeat('x', 8000) FROM generate_series(1, 100) g"));
  EXPECT_TRUE(pair_->source_says(
      cat("SELECT wait_event FROM pg_stat_activity WHERE pid = ", stream), "WalSenderWriteData", deadline_in(30s)))
      << "the source does not block";
  EXPECT_TRUE(pair_->target_says(
      "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'wide'::regclass", "t", deadline_in(30s)));
  const std::string blocked = pair_->at_source("SELECT clock_timestamp()");
  EXPECT_TRUE(pair_->source_says(
      cat("SELECT clock_timestamp() > timestamptz '", blocked, "' + interval '5 s'"), "t", deadline_in(30s)));
  EXPECT_TRUE(pair_->source_says(
      cat("SELECT reply_time > timestamptz '", blocked, "' FROM pg_stat_replication WHERE pid = ", stream),
      "t",
      deadline_in(30s)))
      << "the source does not hear of us while we are blocked";
  EXPECT_EQ(slot("active_pid"), stream);
  lock.exec("COMMIT");
  EXPECT_TRUE(becomes_equal(weft, 120s));
  EXPECT_EQ(slot("active_pid"), stream) << "another stream means that the first was lost";
}

// Else the log of a busy server would be kept for as long as our database is at rest.
TEST_F(PostgresPairsSlot, TheSlotMovesWhileOnlyAnotherDatabaseIsBusy) {
  pair_->source.exec("CREATE DATABASE busy");
  auto busy = pair_->source.connect("busy");
  busy.exec("CREATE TABLE b (v text)");
  WeftProcess weft = streaming();
  std::string end;
  for (int round = 0; round < 4; ++round) {
    busy.exec("INSERT INTO b SELECT repeat(md5(g::text), 30) FROM generate_series(1, 3000) g");
    end = pair_->at_source("SELECT pg_current_wal_lsn()");
    EXPECT_TRUE(pair_->source_says(slot_sql(cat("confirmed_flush_lsn >= '", end, "'")), "t", deadline_in(60s)))
        << slot("confirmed_flush_lsn") << " " << end << " " << weft.log_tail();
  }
  // A checkpoint lets the slot see which transactions run, and so what it needs no more.
  auto session = pair_->source_session();
  const auto let_go = [&] {
    session.exec("CHECKPOINT");
    return support::text_of(session.query(slot_sql(cat("restart_lsn >= '", end, "'")))) == "t";
  };
  EXPECT_TRUE(support::wait_until(deadline_in(60s), let_go, 500ms)) << slot("restart_lsn") << " " << end;
}

}  // namespace
}  // namespace weft::live
