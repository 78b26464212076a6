// SPDX-License-Identifier: Apache-2.0
// Copies over rows that are there: a first snapshot into tables that hold some, and a new one after the position was lost.
// What is compared is everything: a row that the source does not have is as wrong as one that the target lacks.
#include "live/compare.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kTables = {"t", "words", "codes", "parents", "children", "bag"};

class CopyAgainTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
    source(
        "CREATE TABLE shop.words (w VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, n INT);"
        "CREATE TABLE shop.codes (a INT, b DATETIME(3), code INT UNIQUE, v DECIMAL(8,2), PRIMARY KEY (a, b));"
        "CREATE TABLE shop.parents (id BINARY(4) PRIMARY KEY, v VARCHAR(20));"
        "CREATE TABLE shop.children (id BIGINT UNSIGNED PRIMARY KEY, parent BINARY(4) NOT NULL,"
        " FOREIGN KEY (parent) REFERENCES shop.parents (id));"
        "CREATE TABLE shop.bag (x INT, y VARCHAR(9));"
        "INSERT INTO shop.words VALUES ('ant', 1), ('bee', 2), ('Bee', 3), ('emu ', 4);"
        "INSERT INTO shop.codes VALUES (1, '2024-01-01 00:00:00.001', 10, 1.5), (2, '2024-01-01', 20, 2.25),"
        " (3, '1999-12-31 23:59:59.999', 30, NULL);"
        "INSERT INTO shop.parents VALUES (0x01020304, 'p1'), (0xfffefdfc, 'p2'), (0x00000000, 'p3');"
        "INSERT INTO shop.children VALUES (1, 0x01020304), (18446744073709551615, 0xfffefdfc), (3, 0x00000000);"
        "INSERT INTO shop.bag VALUES (1, 'a'), (1, 'a'), (2, 'b')");
    target("DROP TABLE t");
  }

  ::testing::AssertionResult equal() {
    auto source = rig_->source_session();
    auto target = rig_->target_session();
    const Comparison result = compare_tables(source, target, "shop", kTables);
    if (result.differences == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.text();
  }

  // Between two runs: rows deleted (whole families of them), changed, made; a unique value that moves on.
  void change_everything() {
    source(
        "DELETE FROM shop.t WHERE id = 1; INSERT INTO shop.t VALUES (3, 'three'); UPDATE shop.t SET v = 'zwei' WHERE "
        "id = 2;"
        "DELETE FROM shop.words WHERE w IN ('bee', 'emu '); INSERT INTO shop.words VALUES ('BEE', 5), ('emu', 6);"
        "DELETE FROM shop.codes WHERE a = 3; UPDATE shop.codes SET code = 30 WHERE a = 1;"
        "INSERT INTO shop.codes VALUES (9, '2024-05-05', 10, -0.25);"
        "DELETE FROM shop.children WHERE id IN (1, 3); DELETE FROM shop.parents WHERE id IN (0x01020304, 0x00000000);"
        "INSERT INTO shop.parents VALUES (0x0a0b0c0d, 'p4'); INSERT INTO shop.children VALUES (4, 0x0a0b0c0d);"
        "DELETE FROM shop.bag LIMIT 1; INSERT INTO shop.bag VALUES (7, NULL)");
  }

  static std::vector<std::string> to_the_end(std::vector<std::string> more) {
    more.insert(more.end(), {"--create-tables", "--until", "now"});
    return more;
  }
};

TEST_P(CopyAgainTest, RefusedRowsStayAsTheyAre) {
  ASSERT_EQ(run(to_the_end({})).code, 0);
  change_everything();
  const auto result = run(to_the_end({"--name", "other"}));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "--existing")) << result.out;
  EXPECT_EQ(rows("t"), "1,one|2,two");
}

TEST_P(CopyAgainTest, ReplacedRowsAreThoseOfTheSource) {
  ASSERT_EQ(run(to_the_end({})).code, 0);
  change_everything();
  const auto result = run(to_the_end({"--name", "other", "--existing", "replace"}));
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(equal());
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM _weft.table_state WHERE pipeline = 'other' AND state <> 'streaming'"),
            "0");
}

TEST_P(CopyAgainTest, UpsertedRowsStayBesideThoseOfTheSource) {
  ASSERT_EQ(run(to_the_end({"--exclude", "bag", "--exclude", "codes"})).code, 0);
  change_everything();
  const auto result =
      run(to_the_end({"--name", "other", "--existing", "upsert", "--exclude", "bag", "--exclude", "codes"}));
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(rows("t"), "1,one|2,zwei|3,three");
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM words"), "6");
}

TEST_P(CopyAgainTest, UpsertIsRefusedWhereRowsHaveNoKey) {
  ASSERT_EQ(run(to_the_end({})).code, 0);
  const auto result = run(to_the_end({"--name", "other", "--existing", "upsert"}));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "bag")) << result.out;
}

TEST_P(CopyAgainTest, hard_case_11_a_lost_position_leaves_no_phantom_behind) {
  for (const char* policy : {"resnapshot", "repair"}) {
    ASSERT_EQ(run(to_the_end({})).code, 0);
    change_everything();
    purge();
    const auto refused = run(to_the_end({}));
    EXPECT_EQ(refused.code, 3) << refused.out;
    EXPECT_TRUE(has(refused.out, "--on-lost-position")) << refused.out;
    const auto result = run(to_the_end({"--on-lost-position", policy}));
    EXPECT_EQ(result.code, 0) << result.out;
    EXPECT_TRUE(equal()) << policy;
    SetUp();
  }
}

// What is written is what differs: rows of every kind that are equal keep the transaction that wrote them, so nothing at the
// target acts because of them.
TEST_P(CopyAgainTest, RepairWritesOnlyTheRowsThatDiffer) {
  source(
      "CREATE TABLE shop.wide (id INT PRIMARY KEY, j JSON, d DECIMAL(20,4), f DOUBLE, t DATETIME(6), b LONGBLOB, c "
      "TEXT,"
      " s SET('a','b'), n INT NULL);"
      "INSERT INTO shop.wide SELECT x.n, CONCAT('{\"k\": [', x.n, ', null, 1.50]}'), x.n / 7, x.n / 3,"
      " '2024-02-29 12:34:56.000001', REPEAT(CHAR(x.n % 256 USING latin1), 9000), REPEAT('z', x.n % 50), 'a,b', NULL"
      " FROM (WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 500) SELECT n FROM s) x");
  ASSERT_EQ(run(to_the_end({})).code, 0);
  target(
      "CREATE TABLE before_repair AS SELECT 'wide' AS t, id::text AS k, xmin::text AS x FROM wide UNION ALL"
      " SELECT 'words', w, xmin::text FROM words");
  change_everything();
  source(
      "UPDATE shop.wide SET b = CONCAT(b, 'x') WHERE id = 7; UPDATE shop.wide SET n = 0 WHERE id = 8;"
      "UPDATE shop.wide SET j = '{}' WHERE id = 9; DELETE FROM shop.wide WHERE id = 10");
  purge();
  const auto result = run(to_the_end({"--on-lost-position", "repair"}));
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(equal());
  EXPECT_EQ(rig_->at_target("SELECT string_agg(id::text, ',' ORDER BY id) FROM wide LEFT JOIN before_repair b"
                            " ON b.t = 'wide' AND b.k = id::text AND b.x = wide.xmin::text WHERE b.k IS NULL"),
            "7,8,9");
  EXPECT_EQ(rig_->at_target("SELECT string_agg(w, ',' ORDER BY n) FROM words LEFT JOIN before_repair b"
                            " ON b.t = 'words' AND b.k = w AND b.x = words.xmin::text WHERE b.k IS NULL"),
            "BEE,emu");
  EXPECT_EQ(rig_->at_target("SELECT count(*) FROM wide"), "499");
}

// While the copy goes over old rows the source goes on, and weft dies.
TEST_P(CopyAgainTest, hard_case_11_holds_under_load_and_kills) {
  for (const char* policy : {"resnapshot", "repair"}) {
    source(
        "INSERT INTO shop.t SELECT a.n * 100 + b.n + 10, 'x' FROM (WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n "
        "+ 1 FROM s"
        " WHERE n < 100) SELECT n FROM s) a, (WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < "
        "100) SELECT n FROM s) b");
    ASSERT_EQ(run(to_the_end({})).code, 0);
    change_everything();
    source("DELETE FROM shop.t WHERE id % 3 = 0");
    purge();
    const std::vector<std::string> again = {"--create-tables", "--on-lost-position", policy};
    int round = 0;
    for (const char* point :
         {"chunk_read.after:1", "chunk_done.before:1", "chunk_read.after:4", "commit.after:3", "chunk_read.before:8"}) {
      ++round;
      WeftProcess weft(rig_->log(), rig_->run_arguments(again), {cat("WEFT_CRASH_AT=", point)});
      source(cat("DELETE FROM shop.t WHERE id % 7 = ",
                 round,
                 "; INSERT INTO shop.t VALUES (",
                 50000 + round,
                 ", 'new');",
                 "UPDATE shop.codes SET code = code + 1 WHERE a = 9; UPDATE shop.t SET v = 'y' WHERE id % 11 = ",
                 round));
      (void)weft.wait_exit(deadline_in(5s));
    }
    EXPECT_EQ(run(to_the_end({"--on-lost-position", policy})).code, 0);
    EXPECT_TRUE(equal()) << policy;
    SetUp();
  }
}

INSTANTIATE_TEST_SUITE_P(Sources,
                         CopyAgainTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& of) { return engine_name(of.param); });

}  // namespace
}  // namespace weft::live
