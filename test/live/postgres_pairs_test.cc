// SPDX-License-Identifier: Apache-2.0
// PostgreSQL to PostgreSQL: what the source holds and does is what the target holds, for every kind of key, common type and
// shape of a transaction.
#include "live/postgres_pair_fixture.h"
#include "live/postgres_samples.h"
#include "live/rig.h"
#include "live/transfers.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class PostgresPairs : public PostgresPairFixture {
 protected:
  // Tables of documents, each with a value of 30 kB that no page holds; one of them has no key.
  void make_documents() {
    both(
        "CREATE TABLE docs (id int PRIMARY KEY, title text, body text); ALTER TABLE docs ALTER body SET STORAGE "
        "EXTERNAL;"
        "CREATE TABLE loose_docs (id int, title text, body text); ALTER TABLE loose_docs ALTER body SET STORAGE "
        "EXTERNAL;"
        "ALTER TABLE loose_docs REPLICA IDENTITY FULL");
    source(
        "INSERT INTO docs SELECT g, 'title ' || g, repeat(md5(g::text), 1000) FROM generate_series(1, 20) g;"
        "INSERT INTO loose_docs SELECT * FROM docs");
  }
};

TEST_F(PostgresPairs, EveryTypeAndKeyIsEqualAfterTheSnapshot) {
  both(kKeys);
  both(kTypes);
  source(kKeyRows);
  source(kTypeRows);
  const WeftResult result = run_until_now();
  ASSERT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(pair_->equal());
}

TEST_F(PostgresPairs, EveryTypeIsEqualAfterTheStream) {
  both(kTypes);
  WeftProcess weft = streaming();
  source(kTypeRows);
  EXPECT_TRUE(becomes_equal(weft));
  source(kTypeChanges);
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, RowsOfEveryKeyAreEqualAfterTheStream) {
  both(kKeys);
  WeftProcess weft = streaming();
  source(kKeyRows);
  EXPECT_TRUE(becomes_equal(weft));
  source(kKeyChanges);
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, ALargeValueThatDidNotChangeStaysAsItIs) {
  make_documents();
  WeftProcess weft = streaming();
  source("UPDATE docs SET title = 'new' WHERE id < 5; UPDATE loose_docs SET title = 'new' WHERE id < 5");
  EXPECT_TRUE(becomes_equal(weft));
  source(
      "UPDATE docs SET body = body || 'x' WHERE id = 1; UPDATE docs SET title = 'then' WHERE id = 1;"
      "INSERT INTO docs SELECT 30, 'made', body FROM docs WHERE id = 2; UPDATE docs SET title = 'at once' WHERE id = "
      "30");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, AKeyThatChangesMovesItsRow) {
  both(kKeys);
  source(kKeyRows);
  WeftProcess weft = streaming();
  source(
      "UPDATE ints SET id = id + 10000; UPDATE texts SET w = w || '!'; UPDATE composites SET a = a + 10 WHERE a = 1;"
      "UPDATE uuids SET id = md5(id::text)::uuid WHERE v < '3'");
  source("BEGIN; UPDATE ints SET id = 1 WHERE id = 10003; UPDATE ints SET id = 2 WHERE id = 1; COMMIT");
  source("BEGIN; UPDATE ints SET id = 0 WHERE id = 10006; UPDATE ints SET id = 10006 WHERE id = 10009; COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, AKeyThatChangesTakesALargeUnchangedValueAlong) {
  make_documents();
  WeftProcess weft = streaming();
  source("UPDATE docs SET id = id + 100 WHERE id < 10; UPDATE loose_docs SET id = id + 100 WHERE id < 10");
  source("BEGIN; UPDATE docs SET id = 200 WHERE id = 101; UPDATE docs SET title = 'then' WHERE id = 200; COMMIT");
  source("BEGIN; UPDATE docs SET id = 0 WHERE id = 102; UPDATE docs SET id = 102 WHERE id = 103; COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, ATruncatedTableIsEmpty) {
  WeftProcess weft = streaming();
  source("TRUNCATE t");
  EXPECT_TRUE(becomes_equal(weft));
  source("BEGIN; INSERT INTO t VALUES (3, 'gone'); TRUNCATE t; INSERT INTO t VALUES (4, 'stays'); COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "4,stays");
}

TEST_F(PostgresPairs, TablesThatAreTruncatedTogetherAreEmpty) {
  both(
      "CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES "
      "parents)");
  const std::string family = "INSERT INTO parents VALUES (1), (2); INSERT INTO children VALUES (1, 1), (2, 1), (3, 2)";
  source(family);
  WeftProcess weft = streaming();
  source("TRUNCATE children, parents");
  EXPECT_TRUE(becomes_equal(weft));
  source(family);
  source("TRUNCATE parents CASCADE");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows("children"), "");
}

TEST_F(PostgresPairs, WhatWasRolledBackToASavepointNeverWas) {
  WeftProcess weft = streaming();
  source(
      "BEGIN; INSERT INTO t VALUES (3, 'kept'); SAVEPOINT a; DELETE FROM t; INSERT INTO t VALUES (1, 'never');"
      "SAVEPOINT b; TRUNCATE t; ROLLBACK TO a; UPDATE t SET v = 'kept too' WHERE id = 1; SAVEPOINT c;"
      "INSERT INTO t VALUES (4, 'kept'); RELEASE c; COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,kept too|2,two|3,kept|4,kept");
}

TEST_F(PostgresPairs, ATransactionThatWasRolledBackChangesNothing) {
  WeftProcess weft = streaming();
  source("BEGIN; DELETE FROM t; INSERT INTO t SELECT g, 'never' FROM generate_series(1, 20000) g; ROLLBACK");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,one|2,two");
}

// Larger than the budget and than the memory in which the source decodes it.
TEST_F(PostgresPairs, HardCase27ALargeTransactionIsSeenWholeOrNotAtAll) {
  both("CREATE TABLE large (id int PRIMARY KEY, v text)");
  WeftProcess weft = streaming({"--memory", "8MiB"});
  source("INSERT INTO large SELECT g, repeat('x', g % 300) FROM generate_series(1, 100000) g");
  auto session = pair_->target_session();
  std::string seen;
  EXPECT_TRUE(support::wait_until(deadline_in(120s), [&] {
    seen = support::single_value(session.query("SELECT count(*) FROM large"));
    return seen != "0";
  })) << weft.log_tail();
  EXPECT_EQ(seen, "100000");
  source("UPDATE large SET v = 'y'");
  EXPECT_TRUE(becomes_equal(weft, 120s));
}

TEST_F(PostgresPairs, RowsThatAreWrittenWhileTheSnapshotRunsAreEqual) {
  Transfers transfers(*pair_, test_seed());
  source("INSERT INTO bulk SELECT g, 'old' FROM generate_series(100001, 250000) g");
  transfers.start();
  WeftProcess weft = streaming();
  transfers.stop();
  EXPECT_EQ(transfers.trouble(), "");
  EXPECT_GT(transfers.committed(), 0u);
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, UntilNowEndsWithAllThatWasThere) {
  const WeftResult copied = run_until_now();
  ASSERT_EQ(copied.code, 0) << copied.out;
  EXPECT_EQ(rows(), "1,one|2,two");
  source("INSERT INTO t VALUES (3, 'three'); DELETE FROM t WHERE id = 1");
  const WeftResult followed = run_until_now();
  ASSERT_EQ(followed.code, 0) << followed.out;
  EXPECT_EQ(rows(), "2,two|3,three");
  const WeftResult idle = run_until_now();
  EXPECT_EQ(idle.code, 0) << idle.out;
}

}  // namespace
}  // namespace weft::live
