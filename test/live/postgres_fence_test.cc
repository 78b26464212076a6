// SPDX-License-Identifier: Apache-2.0
// Who may commit to a PostgreSQL target: takeovers, zombies, servers that went back, and the courteous refusal.
#include <thread>

#include "base/clock.h"
#include "postgres_target_fixture.h"
#include "support/wait.h"

namespace weft::postgres {
namespace {

using support::deadline_in;
using support::wait_until;
using namespace std::chrono_literals;

using PostgresFence = PostgresProgress;

TEST_F(PostgresFence, hard_case_04_AZombiesCommitFailsAfterATakeover) {
  const auto zombie = open_target({.end_zombies = false});
  const auto t = match_t(*zombie);
  const auto s = session(*zombie);
  apply(*s, insert(t, 1));
  const Group late = insert(t, 2);
  ASSERT_TRUE(s->prepare(late));
  cut_control();
  const auto heir = make_target({.end_zombies = false});
  const auto opened = open(*heir, 5s);
  ASSERT_TRUE(opened) << opened.error().message();
  ASSERT_TRUE(opened->progress);
  EXPECT_EQ(opened->progress->version, at_.version + 1) << "the takeover is a link of the chain";
  EXPECT_EQ(opened->progress->position.text(), at_.position.text());
  EXPECT_EQ(opened->progress->journal_id, "j");
  EXPECT_GT(opened->epoch, at_.epoch);
  const Status refused = s->commit(late.from, late.to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kEpochLost) << refused.error().message();
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_EQ(rows_of("SELECT id FROM t"), "1");
  at_ = *opened->progress;
  const auto heir_session = session(*heir);
  apply(*heir_session, insert(match_t(*heir), 2));
  EXPECT_FALSE(zombie->keep_lease());
}

TEST_F(PostgresFence, hard_case_04_AZombieIsFencedHoweverFarTheHeirHasGone) {
  const auto zombie = open_target({.end_zombies = false});
  const auto t = match_t(*zombie);
  const auto s = session(*zombie);
  const Group late = insert(t, 1);
  ASSERT_TRUE(s->prepare(late));
  cut_control();
  const auto heir = open_target({.end_zombies = false});
  const auto heir_session = session(*heir);
  for (int i = 0; i < 1500; ++i) apply(*heir_session, group({}));
  EXPECT_EQ(value_of("SELECT count(*) < 800 FROM _weft.progress_log"), "t") << "old links are removed";
  EXPECT_EQ(value_of("SELECT count(*) FROM _weft.progress_log WHERE version <= 3"), "0")
      << "the zombie's place is gone";
  const Status refused = s->commit(late.from, late.to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kEpochLost);
  EXPECT_EQ(rows_of("SELECT id FROM t"), "");
}

TEST_F(PostgresFence, hard_case_04_RemovingOldLinksCantLetAZombieThrough) {
  const auto zombie = open_target({.end_zombies = false});
  const auto s = session(*zombie);
  const Group late = insert(match_t(*zombie), 1);
  ASSERT_TRUE(s->prepare(late));
  cut_control();
  const auto heir = open_target({.end_zombies = false});
  const auto heir_session = session(*heir);
  for (int i = 0; i < 5; ++i) apply(*heir_session, group({}));
  // The zombie has looked for the link before its own and found it; now it is held up before it writes.
  sql_->exec(
      cat("CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.7); RETURN NEW; END$$; "
          "CREATE "
          "TRIGGER nap BEFORE INSERT ON _weft.progress_log FOR EACH ROW WHEN (NEW.version = ",
          late.to.version,
          ") EXECUTE FUNCTION nap()"));
  std::thread remover([&] {
    auto other = server_->connect(database_);
    EXPECT_TRUE(wait_until(
        deadline_in(5s),
        [&] {
          return support::single_value(
                     other.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")) == "1";
        },
        10ms));
    other.exec(cat("DELETE FROM _weft.progress_log WHERE version < ", at_.version));
  });
  const Status refused = s->commit(late.from, late.to);
  remover.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kEpochLost) << refused.error().message();
  EXPECT_EQ(rows_of("SELECT id FROM t"), "");
}

TEST_F(PostgresFence, hard_case_08_LanesPrepareInParallelAndCommitInOrder) {
  const auto target = open_target();
  const auto t = match_t(*target);
  const auto first = session(*target);
  const auto second = session(*target);
  Group one = insert(t, 1);
  Group two = insert(t, 2);
  two.from = one.to;
  two.to.version = one.to.version + 1;
  ASSERT_TRUE(second->prepare(two));
  ASSERT_TRUE(first->prepare(one));
  const Status early = second->commit(two.from, two.to);
  ASSERT_FALSE(early) << "progress is written last, in order";
  EXPECT_EQ(early.error().code(), kProgressMoved);
  ASSERT_TRUE(second->prepare(two));
  ASSERT_TRUE(first->commit(one.from, one.to));
  ASSERT_TRUE(second->commit(two.from, two.to));
  EXPECT_EQ(rows_of("SELECT id FROM t ORDER BY id"), "1;2");
}

// cmin counts the statements of a transaction: rows, then what is said of them, then progress.
TEST_F(PostgresFence, hard_case_08_TableStatesAreWrittenBetweenTheLastRowsAndProgress) {
  const auto target = open_target();
  const auto t = match_t(*target);
  const auto lane = session(*target);
  Group copied = insert(t, 1);
  copied.states = {{{"shop", "t"}, TableState::kSnapshotting, "", "", 1, ""}};
  copied.last = false;
  ASSERT_TRUE(lane->prepare(copied));
  Group rest = insert(t, 2);
  rest.first = false;
  ASSERT_TRUE(lane->prepare(rest));
  ASSERT_TRUE(lane->commit(rest.from, rest.to));
  EXPECT_EQ(
      value_of("SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM t UNION ALL SELECT xmin FROM "
               "_weft.table_state UNION ALL (SELECT xmin FROM _weft.progress_log ORDER BY version DESC LIMIT 1)) x"),
      "1");
  EXPECT_EQ(value_of("SELECT (SELECT max(cmin::text::int) FROM t) < s.cmin::text::int AND s.cmin::text::int < "
                     "(SELECT cmin::text::int FROM _weft.progress_log ORDER BY version DESC LIMIT 1) FROM "
                     "_weft.table_state s"),
            "t");
}

TEST_F(PostgresFence, hard_case_04_ACommitFromTheWrongPlaceIsRefused) {
  const auto target = open_target();
  const auto t = match_t(*target);
  const auto s = session(*target);
  const Progress old = at_;
  apply(*s, insert(t, 1));
  Group again = insert(t, 2);
  again.from = old;
  again.to = at_;
  ASSERT_TRUE(s->prepare(again));
  const Status refused = s->commit(again.from, again.to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kProgressMoved);
  EXPECT_EQ(refused.error().blame(), Blame::kTransient);
  apply(*s, insert(t, 3));
  EXPECT_EQ(rows_of("SELECT id FROM t ORDER BY id"), "1;3");
}

TEST_F(PostgresFence, hard_case_05_ATargetThatWentBackIsNoticed) {
  const auto target = open_target();
  const auto t = match_t(*target);
  const auto s = session(*target);
  for (int i = 1; i <= 5; ++i) apply(*s, insert(t, i));
  sql_->exec(cat("DELETE FROM _weft.progress_log WHERE version > ", at_.version - 2, "; DELETE FROM t WHERE id > 3"));
  const Group next_one = insert(t, 6);
  ASSERT_TRUE(s->prepare(next_one));
  const Status refused = s->commit(next_one.from, next_one.to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kProgressMoved) << refused.error().message();
  EXPECT_EQ(value_of("SELECT max(id) FROM t"), "3");
}

TEST_F(PostgresFence, hard_case_05_AZombieDoesNotTakeAnotherHistoryForItsOwn) {
  const auto zombie = open_target({.end_zombies = false});
  const auto t = match_t(*zombie);
  const auto s = session(*zombie);
  for (int i = 1; i <= 5; ++i) apply(*s, insert(t, i));
  const Group late = insert(t, 6);
  ASSERT_TRUE(s->prepare(late));
  // The server went back by four transactions, an heir took over there, and has come as far as the zombie was.
  sql_->exec(cat("DELETE FROM _weft.progress_log WHERE version > ", at_.version - 4, "; DELETE FROM t"));
  cut_control();
  const auto heir = open_target({.end_zombies = false});
  const auto heir_session = session(*heir);
  while (at_.version < late.from.version) apply(*heir_session, group({}));
  const Status refused = s->commit(late.from, late.to);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kEpochLost) << refused.error().message();
}

TEST_F(PostgresFence, OnlyOneProcessRunsAPipeline) {
  const auto first = open_target();
  const auto second = make_target();
  const SteadyTime start = real_clock().now();
  const auto refused = open(*second, 300ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kPipelineTaken);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_GE((real_clock().now() - start).count(), Duration(300ms).count());
  EXPECT_TRUE(second->open({.pipeline = "other", .source_id = "mysql:1"})) << "another pipeline is free";
  ASSERT_TRUE(first->keep_lease());
  first->close();
  EXPECT_TRUE(open(*second, 2s));
}

TEST_F(PostgresFence, ADeadProcessIsSucceededAtOnce) {
  auto first = open_target();
  auto lane = session(*first);
  ASSERT_TRUE(lane->prepare(group({})));
  lane.reset();
  cut_control();
  const auto second = make_target();
  ASSERT_TRUE(wait_until(deadline_in(2s), [&] { return static_cast<bool>(open(*second)); }));
  const Status lost = first->keep_lease();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().blame(), Blame::kTransient) << "its connection is gone: it opens again, and learns it there";
  const auto again = open(*first);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), kPipelineTaken);
}

TEST_F(PostgresFence, ATargetOpensAgainOverItsOwnBrokenSession) {
  const auto target = open_target();
  cut_control();
  EXPECT_FALSE(target->keep_lease());
  const auto opened = open(*target, 2s);
  ASSERT_TRUE(opened) << opened.error().message();
  at_ = *opened->progress;
  const auto s = session(*target);
  apply(*s, insert(match_t(*target), 1));
}

TEST_F(PostgresFence, ASilentHolderIsTakenOverAfterItsLease) {
  const auto silent = open_target({.lease = 300ms});
  const auto t = match_t(*silent);
  const auto lane = session(*silent);
  const auto heir = make_target({.lease = 300ms});
  EXPECT_FALSE(open(*heir));
  const auto opened = open(*heir, 3s);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_FALSE(lane->prepare(insert(t, 1))) << "its sessions were ended";
}

TEST_F(PostgresFence, AnotherSourceIsRefused) {
  open_target()->close();
  const auto target = make_target();
  const auto refused = target->open({.pipeline = "shop", .source_id = "mysql:2"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_NE(refused.error().message().find("mysql:1"), std::string::npos);
}

TEST_F(PostgresFence, StartIsRefusedAfterATakeover) {
  const auto first = make_target();
  const auto opened = open(*first);
  ASSERT_TRUE(opened);
  EXPECT_FALSE(opened->progress);
  const auto lease_elsewhere = sql_->query("UPDATE _weft.lease SET epoch = epoch + 1 RETURNING epoch");
  Progress initial;
  initial.epoch = opened->epoch;
  const Status refused = first->start(initial, {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), kEpochLost);
}

}  // namespace
}  // namespace weft::postgres
