// SPDX-License-Identifier: Apache-2.0
// PostgreSQL to PostgreSQL while tables change their shape: PostgreSQL's log does not have the statements, only rows in another
// shape.
#include "live/postgres_pair_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class PostgresPairsSchema : public PostgresPairFixture {
 protected:
  // Ended by itself with exit 1, and named the table.
  static void expect_stop(WeftProcess& weft) {
    const auto ended = weft.wait_exit(deadline_in(60s));
    EXPECT_EQ(ended ? ended->code : -1, 1) << weft.log_tail();
    EXPECT_NE(weft.output().find("table public.t"), std::string::npos) << weft.log_tail();
  }

  bool becomes(const std::string& rows_of_t) {
    return support::wait_until(deadline_in(30s), [&] { return rows() == rows_of_t; });
  }
};

TEST_F(PostgresPairsSchema, FailStopsAtTheFirstRowInAnotherShape) {
  WeftProcess weft = streaming();
  source("INSERT INTO t VALUES (3, 'three')");
  source("ALTER TABLE t ADD n int; INSERT INTO t VALUES (4, 'four', 4)");
  expect_stop(weft);
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  target("ALTER TABLE t ADD n int");
  WeftProcess again = streaming();
  EXPECT_TRUE(becomes_equal(again));
  EXPECT_EQ(rows(), "1,one,NULL|2,two,NULL|3,three,NULL|4,four,4");
}

TEST_F(PostgresPairsSchema, EvolveAddsColumnsWithWhatTheRowsHold) {
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  source(
      "ALTER TABLE t ADD a int; ALTER TABLE t ADD b text NOT NULL DEFAULT 'x, \"y\"'; ALTER TABLE t ADD c numeric(5,2) "
      "DEFAULT 1.5");
  source("INSERT INTO t VALUES (3, 'three', 3)");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,one,NULL,x, \"y\",1.50|2,two,NULL,x, \"y\",1.50|3,three,3,x, \"y\",1.50");
  weft.kill(SIGKILL);
  WeftProcess again = streaming({"--schema-changes", "evolve"});
  source("UPDATE t SET c = 2 WHERE id = 1; ALTER TABLE t ADD d boolean; INSERT INTO t (id, d) VALUES (5, true)");
  EXPECT_TRUE(becomes_equal(again));
}

// The log has names alone: a column that came while another went may be that one, with all its values.
TEST_F(PostgresPairsSchema, EvolveStopsAtAColumnThatMayHaveBeenRenamed) {
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  source("ALTER TABLE t RENAME v TO w; INSERT INTO t VALUES (3, 'three')");
  expect_stop(weft);
  EXPECT_EQ(rows(), "1,one|2,two");
  target("ALTER TABLE t RENAME v TO w");
  WeftProcess again = streaming({"--schema-changes", "evolve"});
  EXPECT_TRUE(becomes_equal(again));
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

TEST_F(PostgresPairsSchema, EvolveStopsAtADefaultThatIsNoConstant) {
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  source("ALTER TABLE t ADD r double precision DEFAULT random(); INSERT INTO t VALUES (3, 'three')");
  expect_stop(weft);
  EXPECT_EQ(rows(), "1,one|2,two");
}

TEST_F(PostgresPairsSchema, EvolveFollowsAWiderTypeAndADroppedNotNull) {
  both("ALTER TABLE t ALTER v SET NOT NULL");
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  source(
      "ALTER TABLE t ALTER id TYPE bigint; ALTER TABLE t ALTER v DROP NOT NULL; INSERT INTO t VALUES (5000000000, "
      "NULL)");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,one|2,two|5000000000,NULL");
}

TEST_F(PostgresPairsSchema, IgnoreGoesOnWithTheColumnsThatTheTargetHas) {
  WeftProcess weft = streaming({"--schema-changes", "ignore"});
  source("ALTER TABLE t ADD n int; INSERT INTO t VALUES (3, 'three', 3); UPDATE t SET n = 1, v = 'zwei' WHERE id = 2");
  EXPECT_TRUE(becomes("1,one|2,zwei|3,three")) << weft.log_tail();
}

TEST_F(PostgresPairsSchema, AChangeInTheMiddleOfATransactionIsFollowed) {
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  source(
      "BEGIN; INSERT INTO t VALUES (3, 'three'); ALTER TABLE t ADD n int; INSERT INTO t VALUES (4, 'four', 4); COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,one,NULL|2,two,NULL|3,three,NULL|4,four,4");
}

TEST_F(PostgresPairsSchema, AChangeInsideOfALargeTransactionNeedsANewCopy) {
  {
    WeftProcess weft = streaming({"--schema-changes", "evolve"});
    source(
        "BEGIN; INSERT INTO t SELECT g, repeat('x', 1000) FROM generate_series(10, 9000) g; ALTER TABLE t ADD n int;"
        "INSERT INTO t VALUES (4, 'four', 4); COMMIT");
    expect_stop(weft);
    EXPECT_NE(weft.output().find("--on-lost-position"), std::string::npos) << weft.log_tail();
  }
  target("ALTER TABLE t ADD n int");
  WeftProcess again = streaming({"--on-lost-position", "repair"});
  EXPECT_TRUE(support::wait_until(deadline_in(60s), [&] { return static_cast<bool>(pair_->equal()); }))
      << again.log_tail();
}

TEST_F(PostgresPairsSchema, MissingTablesAreMadeWithTypesOfTheirOwn) {
  source(
      "CREATE TABLE fresh (id int PRIMARY KEY, a int[], d interval, j jsonb, ip inet, tm time(3), c char(4), n numeric,"
      " g int GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO fresh (id, a, j, tm, c) VALUES (1, '{1,2}', '{\"a\": "
      "1}',"
      " '12:00:00.123', 'x')");
  const WeftResult result = run_until_now({"--create-tables"});
  ASSERT_EQ(result.code, 0) << result.out;
  const std::string columns =
      "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute "
      "WHERE "
      "attrelid = 'fresh'::regclass AND attnum > 0 AND attname <> 'g'";
  EXPECT_EQ(pair_->at_target(columns), support::single_value(pair_->source_session().query(columns)));
  EXPECT_EQ(rows("fresh"), "1,{1,2},NULL,{\"a\": 1},NULL,12:00:00.123,x   ,NULL");
}

}  // namespace
}  // namespace weft::live
