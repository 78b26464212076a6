// SPDX-License-Identifier: Apache-2.0
// Rows that the target can't take, with --on-bad-row dead-letter: what waits, what goes on, and what brings them in.
#include "live/compare.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kPark = {"--on-bad-row", "dead-letter"};
const std::vector<std::string> kParkUntilNow = {"--on-bad-row", "dead-letter", "--until", "now"};

class DeadLettersTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
    target("ALTER TABLE t ADD CONSTRAINT good CHECK (v NOT LIKE 'bad%')");
  }

  void mend() { target("ALTER TABLE t DROP CONSTRAINT good"); }

  WeftResult letters(const std::string& verb, std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"dead-letters", verb, "--from", rig_->from(), "--to", rig_->to()};
    all.insert(all.end(), more.begin(), more.end());
    return run_weft(all, deadline_in(60s));
  }

  // Lets a query count far.
  static std::string deep() {
    return cat("SET SESSION ",
               GetParam() == Engine::kMySql ? "cte_max_recursion_depth" : "max_recursive_iterations",
               " = 100000; ");
  }

  std::string waiting() { return rig_->at_target("SELECT count(*) FROM _weft.dead_letter"); }

  bool waiting_becomes(const std::string& count) {
    return rig_->becomes("SELECT count(*) FROM _weft.dead_letter", count, deadline_in(30s));
  }

  ::testing::AssertionResult equal(const std::vector<std::string>& tables) {
    auto source = rig_->source_session();
    auto target = rig_->target_session();
    const Comparison result = compare_tables(source, target, "shop", tables);
    if (result.differences == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.text();
  }
};

TEST_P(DeadLettersTest, hard_case_24_a_bad_row_waits_while_its_transaction_and_all_others_go_on) {
  WeftProcess weft = streaming(kPark);
  source("BEGIN; INSERT INTO shop.t VALUES (3, 'bad'); INSERT INTO shop.t VALUES (4, 'four'); COMMIT");
  source("INSERT INTO shop.t VALUES (5, 'five')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(4,four)|(5,five)")) << weft.log_tail();
  EXPECT_EQ(rig_->at_target("SELECT table_name, op, key, before IS NULL, after, class, torn, stale, source_time IS NOT "
                            "NULL, position <> '' FROM _weft.dead_letter"),
            "shop.t,insert,{\"id\": 3},t,{\"id\": 3, \"v\": \"bad\"},23514,t,f,t,t");
  EXPECT_TRUE(support::wait_until(deadline_in(10s), [&] { return has(weft.status(), "\"dead_letters\":1"); }))
      << weft.status();
  EXPECT_TRUE(has(weft.log_tail(), "dead letter: insert of table shop.t"));
  EXPECT_TRUE(weft.running());
}

TEST_P(DeadLettersTest, hard_case_24_a_change_that_says_the_whole_row_supersedes_what_waits) {
  WeftProcess weft = streaming(kPark);
  source("INSERT INTO shop.t VALUES (3, 'bad')");
  source("UPDATE shop.t SET v = 'bad again' WHERE id = 3");
  source("INSERT INTO shop.t VALUES (4, 'bad'), (6, 'bad')");
  source("UPDATE shop.t SET id = 5 WHERE id = 4");
  ASSERT_TRUE(waiting_becomes("3")) << weft.log_tail();
  source("UPDATE shop.t SET v = 'three' WHERE id = 3");
  source("UPDATE shop.t SET v = 'five' WHERE id = 5");
  source("DELETE FROM shop.t WHERE id = 6");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)|(5,five)")) << weft.log_tail();
  EXPECT_TRUE(waiting_becomes("0"));
  source("UPDATE shop.t SET v = 'bad' WHERE id = 1");
  source("UPDATE shop.t SET v = 'after' WHERE id = 2");
  ASSERT_TRUE(becomes("(1,one)|(2,after)|(3,three)|(5,five)")) << weft.log_tail();
  source("DELETE FROM shop.t WHERE id = 1");
  EXPECT_TRUE(becomes("(2,after)|(3,three)|(5,five)")) << weft.log_tail();
  EXPECT_TRUE(waiting_becomes("0"));
  EXPECT_TRUE(weft.running());
}

TEST_P(DeadLettersTest, hard_case_24_partial_changes_wait_behind_the_row_and_replay_brings_them_in_in_order) {
  source(
      "SET GLOBAL binlog_row_image = 'MINIMAL'; SET SESSION binlog_row_image = 'MINIMAL'; ALTER TABLE shop.t ADD n INT "
      "NOT NULL DEFAULT 0");
  target("ALTER TABLE t ADD n integer NOT NULL DEFAULT 0");
  WeftProcess weft = streaming(kPark);
  source("INSERT INTO shop.t VALUES (3, 'bad', 1)");
  source("UPDATE shop.t SET n = 2 WHERE id = 3");
  source("UPDATE shop.t SET n = n + 1 WHERE id = 3");
  source("UPDATE shop.t SET id = 7, n = n + 1 WHERE id = 3");
  source("UPDATE shop.t SET v = 'last' WHERE id = 2");
  ASSERT_TRUE(becomes("(1,one,0)|(2,last,0)")) << weft.log_tail();
  EXPECT_EQ(waiting(), "4");
  const auto refused = letters("replay");
  EXPECT_EQ(refused.code, 1) << refused.out;
  EXPECT_TRUE(has(refused.out, "0 applied, 4 could not be applied")) << refused.out;
  mend();
  const auto replayed = letters("replay");
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_TRUE(has(replayed.out, "4 applied, 0 could not be applied")) << replayed.out;
  EXPECT_EQ(rows(), "1,one,0|2,last,0|7,bad,4");
  source("UPDATE shop.t SET n = 9 WHERE id = 7");
  EXPECT_TRUE(becomes("(1,one,0)|(2,last,0)|(7,bad,9)")) << weft.log_tail();
  EXPECT_EQ(waiting(), "0");
}

TEST_P(DeadLettersTest, RowsThatAreThereAlreadyWaitToo) {
  source("INSERT INTO shop.t VALUES (3, 'bad'), (4, 'four'), (5, 'bad')");
  const auto copied = run(kParkUntilNow);
  EXPECT_EQ(copied.code, 0) << copied.out;
  EXPECT_TRUE(has(copied.out, "2 dead letters")) << copied.out;
  EXPECT_EQ(rows(), "1,one|2,two|4,four");
  source("UPDATE shop.t SET v = 'five' WHERE id = 5");
  EXPECT_EQ(run(kParkUntilNow).code, 0);
  EXPECT_EQ(rows(), "1,one|2,two|4,four|5,five");
  mend();
  EXPECT_EQ(letters("replay", {"t"}).code, 0);
  EXPECT_TRUE(equal({"t"}));
}

TEST_P(DeadLettersTest, TheyAreListedShownReplayedAndDiscarded) {
  target("ALTER TABLE t ALTER v TYPE varchar(5)");
  source("CREATE TABLE shop.u (id INT PRIMARY KEY, v VARCHAR(40))");
  target("CREATE TABLE u (id integer PRIMARY KEY, v varchar(3))");
  ASSERT_EQ(run(kParkUntilNow).code, 0);
  source("INSERT INTO shop.t VALUES (3, 'too long'); INSERT INTO shop.u VALUES (1, 'longer'), (2, 'abc')");
  const auto ran = run(kParkUntilNow);
  EXPECT_EQ(ran.code, 0) << ran.out;
  const auto listed = letters("list");
  EXPECT_EQ(listed.code, 0) << listed.out;
  EXPECT_TRUE(has(listed.out, "shop.t  insert  {\"id\": 3}")) << listed.out;
  EXPECT_TRUE(has(listed.out, "2 dead letters of pipeline")) << listed.out;
  EXPECT_TRUE(has(letters("list", {"u"}).out, "1 dead letters")) << listed.out;
  const auto shown =
      letters("show", {"--id", rig_->at_target("SELECT id FROM _weft.dead_letter WHERE table_name = 'shop.t'")});
  EXPECT_TRUE(has(shown.out, "after       {\"id\": 3, \"v\": \"too long\"}")) << shown.out;
  EXPECT_TRUE(has(letters("list", {"--json"}).out, "\"key\":{\"id\": 3}"));
  EXPECT_EQ(letters("replay").code, 1);
  target("ALTER TABLE t ALTER v TYPE varchar(40)");
  const auto replayed = letters("replay", {"t"});
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,too long");
  EXPECT_TRUE(has(letters("discard").out, "1 discarded"));
  EXPECT_EQ(waiting(), "0");
  EXPECT_EQ(rows("u"), "2,abc");
  EXPECT_EQ(letters("list", {"--name", "nobody"}).code, 3);
}

TEST_P(DeadLettersTest, ChildrenOfARowThatWaitsWaitAndComeWithIt) {
  source("CREATE TABLE shop.child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES shop.t (id))");
  target("CREATE TABLE child (id integer PRIMARY KEY, p integer REFERENCES t (id))");
  WeftProcess weft = streaming(kPark);
  source("BEGIN; INSERT INTO shop.t VALUES (3, 'bad'); INSERT INTO shop.child VALUES (1, 3), (2, 1); COMMIT");
  ASSERT_TRUE(becomes("(2,1)", "child")) << weft.log_tail();
  EXPECT_EQ(rig_->at_target("SELECT string_agg(table_name || ' ' || class, ',' ORDER BY id) FROM _weft.dead_letter"),
            "shop.t 23514,shop.child 23503");
  mend();
  EXPECT_EQ(letters("replay").code, 0);
  EXPECT_TRUE(equal({"t", "child"}));
  EXPECT_TRUE(weft.running());
}

TEST_P(DeadLettersTest, WhatForeignKeysOfTheSourceDeleteNeedNotWait) {
  source(
      "CREATE TABLE shop.child (id INT PRIMARY KEY, p INT, v VARCHAR(9), FOREIGN KEY (p) REFERENCES shop.t (id) ON "
      "DELETE CASCADE)");
  target(
      "CREATE TABLE child (id integer PRIMARY KEY, p integer REFERENCES t (id) ON DELETE CASCADE, v varchar(9) CHECK "
      "(v "
      "<> 'bad'))");
  WeftProcess weft = streaming(kPark);
  source("INSERT INTO shop.child VALUES (1, 1, 'bad'), (2, 1, 'good'), (3, 2, 'bad')");
  ASSERT_TRUE(waiting_becomes("2")) << weft.log_tail();
  source("DELETE FROM shop.t WHERE id = 1");
  ASSERT_TRUE(becomes("(2,two)")) << weft.log_tail();
  EXPECT_EQ(rig_->at_target("SELECT key FROM _weft.dead_letter"), "{\"id\": 3}");
  target("ALTER TABLE child DROP CONSTRAINT child_v_check");
  EXPECT_EQ(letters("replay").code, 0);
  EXPECT_TRUE(equal({"t", "child"}));
}

TEST_P(DeadLettersTest, RowsWithoutAKeyWaitOneByOne) {
  source("CREATE TABLE shop.log (a INT, v VARCHAR(9))");
  target("CREATE TABLE log (a integer, v varchar(9) CHECK (v <> 'bad'))");
  WeftProcess weft = streaming(kPark);
  source("INSERT INTO shop.log VALUES (1, 'bad'), (1, 'bad'), (1, 'ok'), (2, 'ok')");
  source("UPDATE shop.log SET v = 'bad' WHERE a = 2");
  source("DELETE FROM shop.log WHERE v = 'bad' LIMIT 1");
  source("UPDATE shop.log SET v = 'fine', a = 3 WHERE v = 'bad' LIMIT 1");
  source("INSERT INTO shop.t VALUES (9, 'end')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(9,end)")) << weft.log_tail();
  target("ALTER TABLE log DROP CONSTRAINT log_v_check");
  EXPECT_EQ(letters("replay").code, 0);
  EXPECT_EQ(waiting(), "0");
  auto from = rig_->source_session();
  std::string wanted;
  for (const auto& row : from.query("SELECT a, v FROM shop.log ORDER BY 1, 2")) {
    wanted += cat(wanted.empty() ? "" : "|", *row[0], ",", *row[1]);
  }
  EXPECT_EQ(rig_->at_target("SELECT a, v FROM log ORDER BY 1, 2"), wanted);
}

TEST_P(DeadLettersTest, OfAHugeTransactionOnlyTheBadRowsWait) {
  ASSERT_EQ(run(kParkUntilNow).code, 0);
  const std::string text(4000, 'x');
  source("CREATE TABLE shop.big (id INT PRIMARY KEY, v TEXT)");
  target("CREATE TABLE big (id integer PRIMARY KEY, v text CHECK (id % 1000 <> 7))");
  ASSERT_EQ(run(kParkUntilNow).code, 0);
  source(cat(deep(),
             "INSERT INTO shop.big WITH RECURSIVE n AS (SELECT 1 AS i "
             "UNION ALL SELECT i + 1 "
             "FROM n WHERE i < 6000) SELECT i, '",
             text,
             "' FROM n"));
  const auto ran = run({"--on-bad-row", "dead-letter", "--until", "now", "--memory", "8MiB"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM big"), "5994");
  EXPECT_EQ(rig_->at_target("SELECT count(*), bool_and(torn) FROM _weft.dead_letter"), "6,t");
  target("ALTER TABLE big DROP CONSTRAINT big_id_check");
  EXPECT_EQ(letters("replay").code, 0);
  EXPECT_TRUE(equal({"big"}));
}

TEST_P(DeadLettersTest, ConstraintsThatAreCheckedAtCommitAreFoundRowByRow) {
  source("CREATE TABLE shop.child (id INT PRIMARY KEY, p INT)");
  target("CREATE TABLE child (id integer PRIMARY KEY, p integer REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)");
  WeftProcess weft = streaming(kPark);
  source("BEGIN; INSERT INTO shop.child VALUES (1, 1), (2, 77), (3, 2); COMMIT; INSERT INTO shop.child VALUES (4, 1)");
  EXPECT_TRUE(becomes("(1,1)|(3,2)|(4,1)", "child")) << weft.log_tail();
  EXPECT_EQ(rig_->at_target("SELECT key, class FROM _weft.dead_letter"), "{\"id\": 2},23503");
}

TEST_P(DeadLettersTest, hard_case_09_unique_values_and_triggers_that_raise_are_rows_of_their_own) {
  target(
      "CREATE UNIQUE INDEX ON t (lower(v)); CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF "
      "NEW.v "
      "= 'boom' THEN RAISE EXCEPTION 'no %', NEW.v; END IF; RETURN NEW; END$$; CREATE TRIGGER refuse BEFORE INSERT OR "
      "UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse()");
  WeftProcess weft = streaming(kPark);
  source("INSERT INTO shop.t VALUES (3, 'ONE'), (4, 'boom'), (5, 'five')");
  source("UPDATE shop.t SET v = 'TWO' WHERE id = 5");
  source("UPDATE shop.t SET v = 'two and more' WHERE id = 2");
  ASSERT_TRUE(becomes("(1,one)|(2,\"two and more\")|(5,five)")) << weft.log_tail();
  EXPECT_EQ(rig_->at_target("SELECT string_agg(class, ',' ORDER BY id) FROM _weft.dead_letter"), "23505,P0001,23505");
  target("DROP TRIGGER refuse ON t; DROP INDEX t_lower_idx");
  EXPECT_EQ(letters("replay").code, 0);
  EXPECT_TRUE(equal({"t"}));
}

TEST_P(DeadLettersTest, RowsThatStandInEachOthersWayComeInTogether) {
  source("CREATE TABLE shop.u (id INT PRIMARY KEY, n INT UNIQUE, v VARCHAR(9))");
  target("CREATE TABLE u (id integer PRIMARY KEY, n integer UNIQUE, v varchar(9) CHECK (v <> 'bad'))");
  WeftProcess weft = streaming(kPark);
  source("INSERT INTO shop.u VALUES (1, 10, 'a'), (2, 20, 'b')");
  ASSERT_TRUE(becomes("(1,10,a)|(2,20,b)", "u"));
  source(
      "BEGIN; UPDATE shop.u SET n = NULL, v = 'bad' WHERE id = 1; UPDATE shop.u SET n = 10 WHERE id = 2; UPDATE shop.u "
      "SET "
      "n = 20 WHERE id = 1; COMMIT");
  ASSERT_TRUE(waiting_becomes("2")) << weft.log_tail();
  EXPECT_EQ(rows("u"), "1,10,a|2,20,b");
  target("ALTER TABLE u DROP CONSTRAINT u_v_check");
  const auto replayed = letters("replay");
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_TRUE(equal({"u"}));
}

TEST_P(DeadLettersTest, KilledAtEachStepOfACommitNothingWaitsTwice) {
  ASSERT_EQ(run(kParkUntilNow).code, 0);
  int id = 10;
  for (const char* point : {"apply.before", "apply.after", "commit.before", "commit.after", "progress.after"}) {
    source(cat("BEGIN; INSERT INTO shop.t VALUES (",
               id,
               ", 'bad'); INSERT INTO shop.t VALUES (",
               id + 1,
               ", 'good'); COMMIT"));
    id += 2;
    WeftProcess weft(rig_->log(), rig_->run_arguments(kPark), {cat("WEFT_CRASH_AT=", point, ":1")});
    const auto ended = weft.wait_exit(deadline_in(30s));
    ASSERT_TRUE(ended && ended->signal == SIGKILL) << point;
  }
  ASSERT_EQ(run(kParkUntilNow).code, 0);
  EXPECT_EQ(rig_->at_target("SELECT count(*), count(DISTINCT key) FROM _weft.dead_letter"), "5,5");
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM t WHERE v = 'good'"), "5");
}

TEST_P(DeadLettersTest, ATableWithTooManyIsParkedAndResumeMendsIt) {
  source("CREATE TABLE shop.u (id INT PRIMARY KEY, v VARCHAR(9))");
  target("CREATE TABLE u (id integer PRIMARY KEY, v varchar(9) CHECK (v <> 'bad'))");
  WeftProcess weft = streaming(kPark);
  source(cat(deep(),
             "INSERT INTO shop.u WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 10050) "
             "SELECT i, 'bad' FROM n"));
  const std::string state = "SELECT state FROM _weft.table_state WHERE table_name = 'u'";
  ASSERT_TRUE(rig_->becomes(state, "parked", deadline_in(60s))) << weft.log_tail();
  source("INSERT INTO shop.u VALUES (20000, 'good'); INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  target("ALTER TABLE u DROP CONSTRAINT u_v_check");
  EXPECT_EQ(run_weft({"resume", "--from", rig_->from(), "--to", rig_->to(), "u"}, deadline_in(60s)).code, 0);
  EXPECT_TRUE(rig_->becomes(state, "streaming", deadline_in(60s))) << weft.log_tail();
  EXPECT_TRUE(equal({"u", "t"}));
  EXPECT_EQ(waiting(), "0");
}

TEST_P(DeadLettersTest, ARowThatWaitsGetsTheColumnsThatItsTableGets) {
  source("CREATE TABLE shop.log (a INT, v VARCHAR(9))");
  target("CREATE TABLE log (a integer, v varchar(9) CHECK (v <> 'bad'))");
  const std::vector<std::string> flags = {
      "--on-bad-row", "dead-letter", "--until", "now", "--schema-changes", "evolve"};
  ASSERT_EQ(run(flags).code, 0);
  source(
      "INSERT INTO shop.t VALUES (3, 'bad'), (4, 'bad'); INSERT INTO shop.log VALUES (1, 'bad'), (2, 'bad'); ALTER "
      "TABLE "
      "shop.t ADD n INT NOT NULL DEFAULT 7 FIRST; ALTER TABLE shop.log ADD n INT NOT NULL DEFAULT 8; DELETE FROM "
      "shop.log "
      "WHERE a = 2");
  const auto first = run(flags);
  EXPECT_EQ(first.code, 0) << first.out;
  EXPECT_EQ(waiting(), "3");
  source(
      "ALTER TABLE shop.t ALTER n SET DEFAULT 9; ALTER TABLE shop.t ADD m VARCHAR(9); UPDATE shop.t SET m = 'bad' "
      "WHERE "
      "id = 4");
  const auto second = run(flags);
  EXPECT_EQ(second.code, 0) << second.out;
  EXPECT_EQ(waiting(), "3");
  mend();
  target("ALTER TABLE log DROP CONSTRAINT log_v_check");
  const auto replayed = letters("replay");
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_EQ(rig_->at_target("SELECT id, v, n, m FROM t ORDER BY 1"),
            "1,one,7,NULL|2,two,7,NULL|3,bad,7,NULL|4,bad,7,bad");
  EXPECT_EQ(rig_->at_target("SELECT a, v, n FROM log"), "1,bad,8");
}

TEST_P(DeadLettersTest, ByDefaultABadRowStopsAndIsJudgedAgainAtTheNextStart) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "INSERT INTO shop.t VALUES (3, 'three'); INSERT INTO shop.t VALUES (4, 'bad'); INSERT INTO shop.t VALUES (5, "
      "'five')");
  const auto stopped = run({"--until", "now"});
  EXPECT_EQ(stopped.code, 1) << stopped.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  EXPECT_EQ(waiting(), "0");
  mend();
  EXPECT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_TRUE(equal({"t"}));
}

INSTANTIATE_TEST_SUITE_P(Sources,
                         DeadLettersTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& of) { return engine_name(of.param); });

}  // namespace
}  // namespace weft::live
