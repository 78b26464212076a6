// SPDX-License-Identifier: Apache-2.0
// weft verify between MariaDB or MySQL and PostgreSQL: equal is called equal for every type and kind of key, what is planted is
// named with table, key and column, and nothing that is only on its way is called different.
#include <atomic>
#include <thread>

#include "base/rng.h"
#include "live/run_fixture.h"
#include "live/types_tables.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTables =
    "CREATE TABLE ints (id INT PRIMARY KEY, v VARCHAR(40), n DECIMAL(10,2));"
    "CREATE TABLE texts (w VARCHAR(40) CHARACTER SET utf8mb4 PRIMARY KEY, n INT);"
    "CREATE TABLE pairs (a BIGINT UNSIGNED, b DATETIME(6), v DOUBLE, PRIMARY KEY (a, b));"
    "CREATE TABLE loose (x INT, y VARCHAR(20))";

constexpr const char* kRows =
    "INSERT INTO ints SELECT seq, CONCAT('v', seq), seq / 4 FROM numbers;"
    "INSERT INTO texts SELECT CONCAT('Wort ', seq), seq FROM numbers;"
    "INSERT INTO pairs SELECT 18446744073709551615 - seq, '2024-01-01 00:00:00.000001' + INTERVAL seq MINUTE, seq / 7 "
    "FROM numbers;"
    "INSERT INTO loose SELECT seq % 50, CONCAT('y', seq % 10) FROM numbers";

// Rows of `text` that stand for lines.
size_t lines_with(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

class Verify : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
    source(
        "USE shop; CREATE TABLE numbers (seq INT PRIMARY KEY); INSERT INTO numbers WITH RECURSIVE n AS (SELECT 1 AS s "
        "UNION ALL SELECT s + 1 FROM n WHERE s < 900) SELECT s FROM n");
  }

  void fill() { source(cat("USE shop; ", kTables, ";", kRows)); }

  // Tables of every kind of key, the same on both sides.
  void copied() {
    fill();
    const WeftResult done = run({"--create-tables", "--existing", "replace", "--until", "now"});
    ASSERT_EQ(done.code, 0) << done.out;
  }

  WeftResult verify(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"verify", "--from", rig_->from(), "--to", rig_->to()});
    return run_weft(more, deadline_in(120s), {"XDG_STATE_HOME=" + (rig_->dir.path() / "state").string()});
  }
};

TEST_P(Verify, EveryTypeIsEqualAfterTheSnapshot) {
  Rng rng(test_seed());
  int tables = 0;
  for (int number = 1; tables < 12; ++number) {
    const RandomTable table(cat("r", number), GetParam(), rng);
    try {
      source("USE shop; " + table.create_sql());
    } catch (const support::SqlError&) {
      continue;  // too wide
    }
    ++tables;
    for (int row = 1; row <= 120; ++row) {
      try {
        source(table.insert_sql(row, rng));
      } catch (const support::SqlError&) {
        continue;  // what IGNORE can't bend is no value
      }
    }
  }
  const WeftResult done = run({"--create-tables", "--existing", "replace", "--until", "now"});
  ASSERT_EQ(done.code, 0) << done.out;
  const WeftResult result = verify();
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(has(result.out, "\nequal: ")) << result.out;
}

TEST_P(Verify, ADifferenceIsNamedByTableKeyAndColumn) {
  copied();
  ASSERT_EQ(verify().code, 0);
  target(
      "UPDATE ints SET v = 'other' WHERE id = 7; DELETE FROM ints WHERE id = 8; INSERT INTO ints VALUES (10001, 'x', "
      "1);"
      "UPDATE texts SET n = -1 WHERE w = 'Wort 7'; DELETE FROM texts WHERE w = 'Wort 8';"
      "INSERT INTO texts VALUES ('wort 9', 1);"
      "UPDATE pairs SET v = 0 WHERE a = 18446744073709551608; DELETE FROM pairs WHERE a = 18446744073709551607;"
      "INSERT INTO pairs VALUES (5, '2024-01-01', 1);"
      "DELETE FROM loose WHERE ctid = (SELECT min(ctid) FROM loose WHERE x = 7); INSERT INTO loose VALUES (77, NULL)");
  const WeftResult result = verify();
  EXPECT_EQ(result.code, 4) << result.out;
  for (const char* line :
       {"shop.ints {\"id\": 7}: v is \"v7\" at the source, \"other\" at the target\n",
        "shop.ints {\"id\": 8}: missing at the target\n",
        "shop.ints {\"id\": 10001}: only at the target\n",
        "shop.texts {\"w\": \"Wort 7\"}: n is 7 at the source, -1 at the target\n",
        "shop.texts {\"w\": \"Wort 8\"}: missing at the target\n",
        "shop.texts {\"w\": \"wort 9\"}: only at the target\n",
        "shop.pairs {\"a\": 18446744073709551608, \"b\": \"2024-01-01 00:07:00.000001\"}: v is 1 at "
        "the source, 0 at the target\n",
        "shop.pairs {\"a\": 18446744073709551607, \"b\": \"2024-01-01 00:08:00.000001\"}: missing at "
        "the target\n",
        "shop.pairs {\"a\": 5, \"b\": \"2024-01-01 00:00:00\"}: only at the target\n",
        "shop.loose {\"x\": 7, \"y\": \"y7\"}: missing at the target\n",
        "shop.loose {\"x\": 77, \"y\": null}: only at the target\n",
        "different: 11 rows of "}) {
    EXPECT_TRUE(has(result.out, line)) << line << "\n" << result.out;
  }
}

TEST_P(Verify, TheReportForProgramsSaysTheSame) {
  copied();
  target("UPDATE ints SET n = n + 1 WHERE id = 3");
  const WeftResult result = verify({"--json", "--table", "ints"});
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(has(result.out, "\"equal\":false,\"differences\":1,")) << result.out;
  EXPECT_TRUE(
      has(result.out,
          "{\"what\":\"different\",\"key\":{\"id\": 3},\"times\":1,\"columns\":[{\"column\":\"n\",\"source\":0.75,"
          "\"target\":1.75}]}"))
      << result.out;
  EXPECT_EQ(lines_with(result.out, "\n"), 1u) << result.out;
}

// Writers at the source, for as long as it lives: the same few rows again and again, and new ones.
class Load {
 public:
  explicit Load(const Rig& rig) : rig_(rig), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  [[nodiscard]] int rounds() const { return rounds_; }

 private:
  void run(const std::stop_token& stop) {
    auto session = rig_.source_session();
    for (int i = 0; !stop.stop_requested(); ++i, ++rounds_) {
      session.exec(cat("UPDATE ints SET v = CONCAT('w', ", i % 2, ") WHERE id <= 20"));
      session.exec(cat("UPDATE texts SET n = ", i, " WHERE w < 'Wort 2'"));
      session.exec(cat("UPDATE pairs SET v = -v WHERE a % 3 = ", i % 3));
      session.exec(cat("INSERT INTO loose VALUES (", i % 9, ", 'new')"));
      session.exec(cat("DELETE FROM loose WHERE y = 'y", i % 10, "' LIMIT 1"));
      session.exec(cat("DELETE FROM ints WHERE id = ", 100 + i % 300));
      session.exec(cat("INSERT INTO ints VALUES (", 100 + i % 300, ", 'again', 1)"));
    }
  }

  const Rig& rig_;
  std::atomic<int> rounds_ = 0;
  std::jthread thread_;
};

TEST_P(Verify, BesideARunningPipelineOnlyWhatIsPlantedIsDifferent) {
  fill();
  WeftProcess weft = streaming({"--create-tables", "--existing", "replace"});
  const Load load(*rig_);
  ASSERT_TRUE(support::wait_until(deadline_in(60s), [&] { return load.rounds() > 20; }));
  for (int i = 0; i < 3; ++i) {
    const WeftResult result = verify();
    EXPECT_EQ(result.code, 0) << result.out << weft.log_tail();
  }
  // The pipeline would notice these if it wrote to the same rows.
  target("UPDATE ints SET v = 'planted' WHERE id = 50; DELETE FROM texts WHERE w = 'Wort 77'");
  const WeftResult result = verify();
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(has(result.out, "shop.ints {\"id\": 50}: v is \"v50\" at the source, \"planted\" at the target"))
      << result.out;
  EXPECT_TRUE(has(result.out, "shop.texts {\"w\": \"Wort 77\"}: missing at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "different: 2 rows of ")) << result.out;
  EXPECT_TRUE(weft.running()) << weft.log_tail();
}

TEST_P(Verify, WithoutARunningPipelineTheReportSaysWhereBothSidesStand) {
  copied();
  source("INSERT INTO shop.ints VALUES (9999, 'later', 0)");
  const WeftResult result = verify({"--table", "ints"});
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(has(result.out, "{\"id\": 9999}: missing at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "no process runs pipeline ")) << result.out;
  EXPECT_TRUE(has(result.out, "what was committed between them counts as a difference")) << result.out;
}

TEST_P(Verify, RepairMendsWhatDiffersWithoutARunningPipeline) {
  copied();
  target(
      "UPDATE ints SET v = 'other' WHERE id = 7; DELETE FROM ints WHERE id = 8; INSERT INTO ints VALUES (10001, 'x', "
      "1);"
      "DELETE FROM loose WHERE x = 7");
  const WeftResult result = verify({"--repair"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(has(result.out, "repaired: shop.ints, shop.loose\nequal: ")) << result.out;
  EXPECT_EQ(rig_->at_target("SELECT count(*) FILTER (WHERE v = 'other'), count(*) FROM ints"), "0,900");
  EXPECT_EQ(verify().code, 0);
}

TEST_P(Verify, RepairMendsWhatDiffersBesideARunningPipeline) {
  fill();
  WeftProcess weft = streaming({"--create-tables", "--existing", "replace"});
  target("UPDATE ints SET v = 'other' WHERE id = 7; DELETE FROM texts WHERE n < 10");
  const WeftResult result = verify({"--repair"});
  EXPECT_EQ(result.code, 0) << result.out << weft.log_tail();
  EXPECT_TRUE(has(result.out, "repaired: shop.ints, shop.texts\nequal: ")) << result.out;
  EXPECT_TRUE(weft.running()) << weft.log_tail();
}

TEST_P(Verify, WhatCannotBeComparedIsSaidBeforeTheStart) {
  copied();
  target("DROP TABLE ints");
  const WeftResult missing_table = verify();
  EXPECT_EQ(missing_table.code, 3) << missing_table.out;
  EXPECT_TRUE(has(missing_table.out, "ints is missing at ")) << missing_table.out;
  EXPECT_EQ(verify({"--sample", "0"}).code, 2);
  EXPECT_EQ(verify({"--repair", "--continuous"}).code, 2);
  const WeftResult never = verify({"--repair", "--name", "never", "--table", "texts"});
  EXPECT_EQ(never.code, 3) << never.out;
  EXPECT_TRUE(has(never.out, "never ran into this target: weft run with --existing replace")) << never.out;
}

// A case-insensitive collation puts the keys in another order than the target's, and takes 'A' for 'a'.
TEST_P(Verify, hard_case_18_KeysUnderCollationsOfBothSidesAreNotComparedByThem) {
  const std::string collation = GetParam() == Engine::kMySql ? "utf8mb4_0900_ai_ci" : "utf8mb4_general_ci";
  source(cat("USE shop; CREATE TABLE names (w VARCHAR(40) COLLATE ",
             collation,
             " PRIMARY KEY, v INT);"
             "INSERT INTO names SELECT CONCAT(CASE seq % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'B' WHEN 2 THEN '_' ELSE 'é' "
             "END, seq), seq "
             "FROM numbers"));
  ASSERT_EQ(run({"--create-tables", "--table", "names", "--until", "now"}).code, 0);
  const WeftResult equal = verify({"--table", "names"});
  EXPECT_EQ(equal.code, 0) << equal.out;
  target(
      "UPDATE names SET w = 'A8' WHERE w = 'a8'; UPDATE names SET v = 0 WHERE w = 'é3'; DELETE FROM names WHERE w = "
      "'_2'");
  const WeftResult result = verify({"--table", "names"});
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(has(result.out, "{\"w\": \"a8\"}: missing at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "{\"w\": \"A8\"}: only at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "{\"w\": \"é3\"}: v is 3 at the source, 0 at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "{\"w\": \"_2\"}: missing at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "different: 4 rows of 900 rows")) << result.out;
}

// The row waits as a dead letter: the target's column can't hold its key, and so can't be asked for it.
TEST_P(Verify, AKeyThatTheTargetCannotHoldIsAMissingRow) {
  source(
      "USE shop; CREATE TABLE wide (id BIGINT UNSIGNED PRIMARY KEY, v INT); INSERT INTO wide VALUES (1, 1), (2, 2), "
      "(18446744073709551615, 3)");
  target("CREATE TABLE wide (id bigint PRIMARY KEY, v int)");
  const WeftResult done = run({"--table", "wide", "--on-bad-row", "dead-letter", "--until", "now"});
  ASSERT_EQ(done.code, 0) << done.out;
  const WeftResult result = verify({"--table", "wide"});
  EXPECT_EQ(result.code, 4) << result.out;
  EXPECT_TRUE(has(result.out, "shop.wide: 3 rows, 1 missing at the target; ")) << result.out;
  EXPECT_TRUE(has(result.out, "{\"id\": 18446744073709551615}: missing at the target")) << result.out;
  EXPECT_TRUE(has(result.out, "the table is one with 1 dead letter")) << result.out;
}

TEST_P(Verify, ServersThatAreNotThereOrChangedAddressesAreExit3) {
  const std::string nobody = "postgresql://127.0.0.1:1/shop";
  const WeftResult result = run_weft({"verify", "--from", rig_->from(), "--to", nobody}, deadline_in(60s));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "weft verify: not started: ")) << result.out;
}

TEST_P(Verify, ContinuousTellsWhatItFindsAndEndsBySignal) {
  copied();
  target("UPDATE ints SET v = 'other' WHERE id = 7");
  WeftProcess weft(rig_->dir.path() / "verify.log",
                   {"verify", "--continuous", "--sample", "100", "--from", rig_->from(), "--to", rig_->to()});
  ASSERT_TRUE(support::wait_until(deadline_in(60s), [&] { return has(weft.output(), "{\"id\": 7}: v is"); }))
      << weft.output();
  weft.kill(SIGTERM);
  const auto ended = weft.wait_exit(deadline_in(30s));
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->code, 4) << weft.output();
  EXPECT_TRUE(has(weft.output(), "stopped: 1 differences found")) << weft.output();
}

INSTANTIATE_TEST_SUITE_P(Sources, Verify, ::testing::Values(Engine::kMariaDb, Engine::kMySql), [](const auto& of) {
  return engine_name(of.param);
});

}  // namespace
}  // namespace weft::live
