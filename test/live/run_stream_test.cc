// SPDX-License-Identifier: Apache-2.0
// What `weft run` does while it streams and when it is started again: drains, restarts, schema changes, bad rows, tables
// without keys, huge transactions, lost positions.
//   WEFT_HUGE_ROWS=2000000   rows of the huge transaction (300000)
#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "live/compare.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class RunStreamTest : public RunFixture {
 protected:
  // Runs until it fails by itself.
  std::string expect_exit_1(WeftProcess& weft) {
    const auto ended = weft.wait_exit(deadline_in(30s));
    EXPECT_EQ(ended ? ended->code : -1, 1) << weft.log_tail();
    return weft.output();
  }

  void expect_equal(const std::vector<std::string>& tables) {
    auto from = rig_->source_session();
    auto to = rig_->target_session();
    const Comparison result = compare_tables(from, to, "shop", tables);
    EXPECT_EQ(result.differences, 0u) << result.text();
  }
};

TEST_F(RunStreamTest, ChangesArriveWithinASecondInOrder) {
  WeftProcess weft = streaming();
  source(
      "INSERT INTO shop.t VALUES (3, 'three'); UPDATE shop.t SET id = 4 WHERE id = 3; DELETE FROM shop.t WHERE id = 1");
  EXPECT_TRUE(becomes("(2,two)|(4,three)", "t", 5s)) << weft.log_tail();
}

TEST_F(RunStreamTest, SigtermDrainsWithExit0) {
  WeftProcess weft = streaming();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,three)"));
  weft.kill(SIGTERM);
  const auto ended = weft.wait_exit(deadline_in(10s));
  ASSERT_TRUE(ended) << weft.log_tail();
  EXPECT_EQ(ended->code, 0) << weft.log_tail();
  EXPECT_EQ(ended->signal, 0);
}

TEST_F(RunStreamTest, SigintDuringTheStartIsExit0) {
  rig_->target.stop();
  WeftProcess weft = start();
  ASSERT_FALSE(weft.wait_exit(deadline_in(500ms))) << weft.log_tail();
  weft.kill(SIGINT);
  const auto ended = weft.wait_exit(deadline_in(10s));
  ASSERT_TRUE(ended) << weft.log_tail();
  EXPECT_EQ(ended->code, 0) << weft.log_tail();
}

TEST_F(RunStreamTest, RestartContinuesWhereTheTargetStands) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  // Were the table copied again, this row would be refused or brought back.
  target("UPDATE t SET v = 'touched' WHERE id = 1");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_EQ(rows(), "1,touched|2,two|3,three");
}

TEST_F(RunStreamTest, RestartOfEitherServerIsSurvived) {
  WeftProcess weft = streaming();
  rig_->source->restart();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  rig_->target.restart();
  source("INSERT INTO shop.t VALUES (4, 'four')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)|(4,four)")) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

TEST_F(RunStreamTest, ServerThatGoesAwayIsAReasonInStatusAndNotAnEnd) {
  WeftProcess weft = streaming();
  rig_->target.stop();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(support::wait_until(deadline_in(20s), [&] { return !json_field(weft.status(), "reason").empty(); }))
      << weft.status();
  rig_->target.start();
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
}

TEST_F(RunStreamTest, SchemaChangeStopsAfterEverythingBeforeAndGoesOnWhenTheTargetIsChangedAlike) {
  WeftProcess weft = streaming();
  source(
      "INSERT INTO shop.t VALUES (3, 'three'); ALTER TABLE shop.t ADD extra INT; INSERT INTO shop.t VALUES (4, 'four', "
      "44)");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "shop.t") || has(words, "table t")) << words;
  EXPECT_TRUE(has(words, "extra")) << words;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  EXPECT_NE(run({"--until", "now"}).code, 0);  // judged again, and still not alike
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
  target("ALTER TABLE t ADD extra integer");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "1,one,NULL|2,two,NULL|3,three,NULL|4,four,44");
}

TEST_F(RunStreamTest, DroppedColumnGoesOnForTheTargetsOwnKeepsItsDefault) {
  source("ALTER TABLE shop.t ADD extra INT");
  target("ALTER TABLE t ADD extra integer");
  WeftProcess weft = streaming();
  source("ALTER TABLE shop.t DROP v; INSERT INTO shop.t VALUES (4, 44)");
  EXPECT_TRUE(becomes("(1,one,)|(2,two,)|(4,,44)")) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

TEST_F(RunStreamTest, SchemaChangeThatMovesNothingIsPassed) {
  WeftProcess weft = streaming();
  source(
      "ALTER TABLE shop.t ADD KEY (v); INSERT INTO shop.t VALUES (3, 'three'); CREATE TABLE mysql.elsewhere (a INT)");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

TEST_F(RunStreamTest, TruncateEmptiesTheTarget) {
  WeftProcess weft = streaming();
  source("TRUNCATE shop.t; INSERT INTO shop.t VALUES (7, 'seven')");
  EXPECT_TRUE(becomes("(7,seven)")) << weft.log_tail();
}

TEST_F(RunStreamTest, BadRowOfTheStreamStopsNamedAndGoesOnWhenTheTargetIsWidened) {
  source("CREATE TABLE shop.d (id INT PRIMARY KEY, at DATE)");
  target("CREATE TABLE d (id integer PRIMARY KEY, at date)");
  WeftProcess weft = streaming();
  source(
      "INSERT INTO shop.t VALUES (3, 'before'); SET SESSION sql_mode = '';"
      "INSERT INTO shop.d VALUES (7, '0000-00-00'); INSERT INTO shop.t VALUES (4, 'after')");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "d") && has(words, "7") && has(words, "at") && has(words, "0000-00-00")) << words;
  EXPECT_EQ(rows(), "1,one|2,two|3,before");
  // The change is judged again at each start, so what mends it is a target that can hold it.
  target("ALTER TABLE d ALTER COLUMN at TYPE text");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,before|4,after");
  EXPECT_EQ(rows("d"), "7,0000-00-00");
}

TEST_F(RunStreamTest, BadRowOfTheCopyStopsNamedAndGoesOnWhenTheSourceIsMended) {
  source(
      "CREATE TABLE shop.d (id INT PRIMARY KEY, at DATE); SET SESSION sql_mode = ''; INSERT INTO shop.d VALUES (6, "
      "'2026-01-01'), (7, '2026-00-10')");
  target("CREATE TABLE d (id integer PRIMARY KEY, at date)");
  WeftProcess weft = start();
  // 3 when it is found before the other table's rows have moved, else 1.
  const auto ended = weft.wait_exit(deadline_in(30s));
  ASSERT_TRUE(ended && (ended->code == 1 || ended->code == 3)) << weft.log_tail();
  const std::string words = weft.output();
  EXPECT_TRUE(has(words, "d") && has(words, "7") && has(words, "at") && has(words, "2026-00-10")) << words;
  source("UPDATE shop.d SET at = '2026-01-10' WHERE id = 7");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 0) << result.out;
  expect_equal({"t", "d"});
}

TEST_F(RunStreamTest, NulInTextIsRefusedNamed) {
  WeftProcess weft = streaming();
  source("INSERT INTO shop.t VALUES (3, 'before'); INSERT INTO shop.t VALUES (8, CONCAT('a', CHAR(0), 'b'))");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "t") && has(words, "8") && has(words, "v")) << words;
  EXPECT_EQ(rows(), "1,one|2,two|3,before");
}

TEST_F(RunStreamTest, ValueTooLongForTheTargetIsRefusedNamedAndNothingIsCut) {
  target("ALTER TABLE t ALTER COLUMN v TYPE varchar(5)");
  WeftProcess weft = streaming();
  source("INSERT INTO shop.t VALUES (8, 'much too long')");
  const std::string words = expect_exit_1(weft);
  EXPECT_TRUE(has(words, "8") && has(words, "v")) << words;
  target("ALTER TABLE t ALTER COLUMN v TYPE text");
  EXPECT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_EQ(rows(), "1,one|2,two|8,much too long");
}

TEST_F(RunStreamTest, KeylessTableKeepsDuplicatesAndLosesOneAtATime) {
  source(
      "CREATE TABLE shop.e (a INT, b VARCHAR(10)); INSERT INTO shop.e VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), "
      "(2, NULL)");
  target("CREATE TABLE e (a integer, b text)");
  WeftProcess weft = streaming();
  source("DELETE FROM shop.e WHERE a = 1 LIMIT 1; UPDATE shop.e SET b = 'y' WHERE a = 2 LIMIT 1");
  EXPECT_TRUE(becomes("(1,x)|(1,x)|(2,)|(2,y)", "e")) << weft.log_tail() << rows("e");
  expect_equal({"t", "e"});
}

TEST_F(RunStreamTest, KeylessTableWithMinimalImagesIsRefused) {
  begin({.row_image = "MINIMAL"});
  source("CREATE TABLE shop.e (a INT, b VARCHAR(10))");
  target("CREATE TABLE e (a integer, b text)");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "binlog_row_image") && has(result.out, "shop.e")) << result.out;
}

TEST_F(RunStreamTest, TextKeysChangeCaseUnderACaseInsensitiveCollation) {
  source(
      "CREATE TABLE shop.k (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT); INSERT INTO shop.k VALUES "
      "('abc', 1), ('ÄÖ', 2)");
  target("CREATE TABLE k (k text PRIMARY KEY, n integer)");
  WeftProcess weft = streaming();
  source(
      "UPDATE shop.k SET k = 'ABC' WHERE k = 'abc'; BEGIN; DELETE FROM shop.k WHERE k = 'äö'; INSERT INTO shop.k "
      "VALUES ('äö', 3); COMMIT;"
      "INSERT INTO shop.t VALUES (3, 'end')");
  ASSERT_TRUE(becomes("(1,one)|(2,two)|(3,end)")) << weft.log_tail();
  expect_equal({"t", "k"});
}

TEST_F(RunStreamTest, PurgedPositionIsNamedAtOnce) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  source(
      "INSERT INTO shop.t VALUES (3, 'lost'); FLUSH BINARY LOGS; INSERT INTO shop.t VALUES (4, 'kept'); FLUSH BINARY "
      "LOGS");
  source("PURGE BINARY LOGS TO '" + *rig_->source->query("SHOW BINARY LOGS").back()[0] + "'");
  const auto result = run({"--until", "now"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "purged") || has(result.out, "position")) << result.out;
  EXPECT_EQ(rows(), "1,one|2,two");
}

TEST_F(RunStreamTest, HugeTransactionStaysInsideItsMemory) {
  const int count = number_from("WEFT_HUGE_ROWS", 300000);
  source(
      "CREATE TABLE shop.h (id INT PRIMARY KEY, v VARCHAR(60)); CREATE TABLE shop.d (n INT PRIMARY KEY);"
      "INSERT INTO shop.d SELECT a.n + 10 * b.n + 100 * c.n FROM (SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION "
      "SELECT 3 UNION SELECT 4 UNION "
      "SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) a, (SELECT 0 n UNION SELECT 1 UNION "
      "SELECT 2 UNION SELECT 3 UNION "
      "SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) b, (SELECT 0 n UNION "
      "SELECT 1 UNION SELECT 2 UNION "
      "SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9) c");
  WeftProcess weft = streaming({"--create-tables"});
  source(
      cat("INSERT INTO shop.h SELECT a.n * 1000000 + b.n * 1000 + c.n, CONCAT('row number ', c.n, ' of the huge "
          "transaction') "
          "FROM shop.d a, shop.d b, shop.d c WHERE a.n * 1000000 + b.n * 1000 + c.n < ",
          count,
          " AND a.n < 10"));
  size_t peak = 0;
  auto session = rig_->target_session();
  const bool there = support::wait_until(deadline_in(300s), [&] {
    peak = std::max(peak, weft.peak_kib());
    const std::string seen = *session.query("SELECT count(*) FROM h")[0][0];
    EXPECT_TRUE(seen == "0" || seen == cat(count)) << seen;
    return seen == cat(count);
  });
  EXPECT_TRUE(there) << weft.log_tail();
  EXPECT_LE(peak, size_t{160} * 1024) << "KiB";
  std::printf("huge transaction of %d rows, peak RSS %zu MiB\n", count, peak / 1024);
}

}  // namespace
}  // namespace weft::live
