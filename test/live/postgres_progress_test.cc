// SPDX-License-Identifier: Apache-2.0
// Progress at a PostgreSQL target: what survives, what is flushed, what it costs and what it needs.
#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/clock.h"
#include "postgres_target_fixture.h"
#include "support/wait.h"
#include "target/postgres/objects.h"

namespace weft::postgres {
namespace {

using support::deadline_in;
using support::wait_until;
using namespace std::chrono_literals;

TEST_F(PostgresProgress, TheAnswerToCommitMayNeverCome) {
  const auto target = open_target();
  const auto t = match_t(*target);
  const auto s = session(*target);
  // The commit waits in a deferred trigger long enough to be cut off.
  sql_->exec(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(30); RETURN NULL; END$$; "
      "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
      "slow()");
  const Group g = insert(t, 1);
  ASSERT_TRUE(s->prepare(g));
  std::thread cutter([&] {
    auto other = server_->connect(database_);
    EXPECT_TRUE(wait_until(deadline_in(10s), [&] {
      return support::single_value(
                 other.query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'COMMIT' "
                             "AND state = 'active' AND datname = current_database()")) != "0";
    }));
  });
  const Status unknown = s->commit(g.from, g.to);
  cutter.join();
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), kCommitUnknown) << unknown.error().message();
  EXPECT_EQ(unknown.error().blame(), Blame::kTransient);
  EXPECT_FALSE(s->prepare(g)) << "the session is gone for good";
}

TEST_F(PostgresProgress, hard_case_38_FlushedNeverSaysMoreThanTheDiskHolds) {
  PostgresServer server({.settings = {"wal_writer_delay = 10s", "autovacuum = off"}});
  server.start();
  server.exec("CREATE TABLE t (id bigint PRIMARY KEY, note text)");
  auto target = open_target({.url = server.url()});
  const auto t = match_t(*target);
  auto s = session(*target);
  for (int i = 1; i <= 50; ++i) apply(*s, insert(t, i));
  const auto flushed = target->flushed();
  ASSERT_TRUE(flushed) << flushed.error().message();
  EXPECT_LT(*flushed, at_.version) << "nothing wrote the WAL yet";
  server.crash();
  server.start();
  const auto again = make_target({.url = server.url()});
  const auto opened = open(*again, 5s);
  ASSERT_TRUE(opened && opened->progress);
  const uint64_t kept = opened->progress->version - 1;
  EXPECT_GE(kept, *flushed);
  EXPECT_LT(kept, at_.version) << "the crash took relaxed commits back";
  EXPECT_EQ(support::single_value(server.query("SELECT count(*) FROM t")), cat(kept - 1))
      << "rows and progress went together";
  at_ = *opened->progress;
  s = session(*again);
  apply(*s, insert(match_t(*again), 1000));
  server.exec("SET synchronous_commit = on; CREATE TABLE flush_all ()");
  EXPECT_TRUE(wait_until(deadline_in(5s), [&] { return again->flushed().value() == at_.version; }));
}

TEST_F(PostgresProgress, FlushedFollowsTheWalWriterByItself) {
  const auto target = open_target();
  const auto s = session(*target);
  apply(*s, group({}));
  EXPECT_TRUE(wait_until(deadline_in(5s), [&] { return target->flushed().value() == at_.version; }));
}

TEST_F(PostgresProgress, DurableCommitsAreFlushedAtOnce) {
  const auto target = open_target({.durable_commits = true});
  const auto s = session(*target);
  apply(*s, group({}));
  EXPECT_EQ(target->flushed().value(), at_.version);
}

TEST_F(PostgresProgress, ARestartOfTheServerIsATransientTrouble) {
  PostgresServer server;
  server.start();
  server.exec("CREATE TABLE t (id bigint PRIMARY KEY, note text)");
  const auto target = open_target({.url = server.url()});
  auto t = match_t(*target);
  auto s = session(*target);
  apply(*s, insert(t, 1));
  ASSERT_TRUE(s->prepare(insert(t, 2)));
  server.restart();
  const Status lost = s->commit(at_, next());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), kCommitUnknown);
  EXPECT_EQ(s->prepare(insert(t, 2)).error().blame(), Blame::kTransient);
  EXPECT_EQ(target->keep_lease().error().blame(), Blame::kTransient);
  const auto opened = open(*target, 5s);
  ASSERT_TRUE(opened) << opened.error().message();
  at_ = *opened->progress;
  t = match_t(*target);
  s = session(*target);
  apply(*s, insert(t, 2));
  EXPECT_EQ(support::single_value(server.query("SELECT string_agg(id::text, ',') FROM t")), "1,2");
}

TEST_F(PostgresProgress, hard_case_35_AnOldSnapshotDoesNotSlowProgressDown) {
  const auto target = open_target();
  const auto s = session(*target);
  // Microseconds a commit, to be read by people: the best of some blocks, for other processes come and go. What is
  // judged is work: a row that each commit updates has a chain of dead versions to walk, as long as the reader stays.
  const auto best = [&](int blocks) {
    double least = 1e9;
    for (int block = 0; block < blocks; ++block) {
      const SteadyTime start = real_clock().now();
      for (int i = 0; i < 500; ++i) apply(*s, group({}));
      least = std::min(least, static_cast<double>((real_clock().now() - start).count()) / 500 / 1000);
    }
    return least;
  };
  // Pages that the two look-ups touch: the row before a commit, and the newest row.
  const auto pages = [&] {
    int hits = 0;
    for (const std::string& look_up : {cat("pipeline = 'shop' AND version = ", at_.version),
                                       std::string("pipeline = 'shop' ORDER BY version DESC LIMIT 1")}) {
      const auto plan =
          sql_->query(cat("SET enable_seqscan = off; EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) "
                          "SELECT epoch FROM _weft.progress_log WHERE ",
                          look_up));
      for (const auto& r : plan) {
        const size_t at = r[0]->find("shared hit=");
        if (at == std::string::npos) continue;
        hits += atoi(r[0]->c_str() + at + 11);
        break;
      }
    }
    return hits;
  };
  auto reader = server_->connect(database_);
  reader.exec("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t");
  const double early = best(5);
  const int early_pages = pages();
  (void)best(35);
  const double late = best(5);
  const int late_pages = pages();
  printf(
      "[          ] at first and after 20,000 commits under an old snapshot: %.0f, %.0f us a commit; %d, %d pages a "
      "look-up\n",
      early,
      late,
      early_pages,
      late_pages);
  EXPECT_GT(early_pages, 0);
  EXPECT_LE(late_pages, early_pages + 4);
  EXPECT_EQ(value_of("SELECT count(*) < 1000 FROM _weft.progress_log"), "t");
  reader.exec("COMMIT");
}

TEST_F(PostgresProgress, hard_case_33_PreCreatedObjectsWorkWithoutCreate) {
  sql_->exec("CREATE ROLE plain LOGIN");
  sql_->exec("GRANT SELECT, INSERT, UPDATE, DELETE ON t TO plain; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  const auto plain = make_target({.url = server_->url(database_, "plain")});
  const auto refused = open(*plain);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_NE(refused.error().message().find("administrator"), std::string::npos) << refused.error().message();
  sql_->exec(objects_sql("plain"));
  const auto target = open_target({.url = server_->url(database_, "plain")});
  const auto s = session(*target);
  apply(*s, insert(match_t(*target), 1));
  for (int i = 0; i < 600; ++i) apply(*s, group({}));
  EXPECT_EQ(rows_of("SELECT id FROM t"), "1");
  target->close();
  sql_->exec("DROP OWNED BY plain; DROP ROLE plain");
}

TEST_F(PostgresProgress, NewerObjectsAreRefused) {
  open_target()->close();
  sql_->exec("UPDATE _weft.version SET version = 99");
  const auto target = make_target();
  const auto refused = open(*target);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame(), Blame::kConfig);
  EXPECT_NE(refused.error().message().find("newer weft"), std::string::npos);
}

TEST_F(PostgresProgress, PeekTakesNothingOver) {
  const auto looker = make_target();
  auto nothing = looker->peek("shop");
  ASSERT_TRUE(nothing) << nothing.error().message();
  EXPECT_FALSE(*nothing);
  const auto target = open_target();
  const auto seen = looker->peek("shop");
  ASSERT_TRUE(seen && *seen);
  EXPECT_EQ((*seen)->progress->version, at_.version);
  EXPECT_EQ((*seen)->epoch, at_.epoch);
  const auto s = session(*target);
  apply(*s, group({}));
}

TEST_F(PostgresProgress, AStopEndsAWaitForALock) {
  std::stop_source stop;
  const auto target = open_target({.stop = stop.get_token()});
  const auto t = match_t(*target);
  const auto s = session(*target);
  apply(*s, insert(t, 1));
  auto other = server_->connect(database_);
  other.exec("BEGIN; LOCK TABLE t");
  std::thread stopper([&] {
    real_clock().sleep(200ms, {});
    stop.request_stop();
  });
  const SteadyTime start = real_clock().now();
  const auto report = s->prepare(insert(t, 2));
  stopper.join();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().blame(), Blame::kCancelled);
  EXPECT_LT((real_clock().now() - start).count(), Duration(30s).count());  // the lock timeout is 60 s
}

}  // namespace
}  // namespace weft::postgres
