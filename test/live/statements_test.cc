// SPDX-License-Identifier: Apache-2.0
// Hard cases 16 and 31 on real servers: changes that are not in the log as rows stop weft by name and place, and are never
// skipped; traps of both servers' streams.
#include "base/text.h"
#include "live/compare.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class StatementsTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
    source("GRANT LOCK TABLES ON *.* TO weft@'%'");  // for tables without read views
  }

  static bool maria() { return GetParam() == Engine::kMariaDb; }

  // Ended by itself with exit 1; what came before is applied, and the message has all of this and a place in the log.
  void expect_stop(WeftProcess& weft, const std::vector<std::string>& words) {
    const auto ended = weft.wait_exit(deadline_in(60s));
    ASSERT_TRUE(ended) << weft.log_tail();
    EXPECT_EQ(ended->code, 1) << weft.log_tail();
    const std::string said = weft.output();
    for (const std::string& word : words) EXPECT_TRUE(has(said, word)) << word << " in\n" << said;
    EXPECT_TRUE(has(said, "binary log bin.0")) << said;
  }

  void expect_equal(const std::vector<std::string>& tables) {
    auto from = rig_->source_session();
    auto to = rig_->target_session();
    const Comparison result = compare_tables(from, to, "shop", tables);
    EXPECT_EQ(result.differences, 0u) << result.text();
  }
};

TEST_P(StatementsTest, hard_case_16_a_session_that_logs_statements_stops_behind_what_came_before) {
  for (const char* format : {"STATEMENT", "MIXED"}) {
    SCOPED_TRACE(format);
    begin({}, GetParam());
    WeftProcess weft = streaming();
    source("INSERT INTO t VALUES (3, 'as a row')");
    auto session = rig_->source_session();
    session.exec(cat("SET SESSION binlog_format = ", format));
    session.exec("INSERT INTO t VALUES (4, 'as a statement')");
    expect_stop(weft, {"INSERT INTO t VALUES (4, 'as a statement')", "binlog_format=ROW"});
    EXPECT_EQ(rows(), "1,one|2,two|3,as a row");
    const auto again = run({"--until", "now"});
    EXPECT_NE(again.code, 0) << "it is never passed over: " << again.out;
  }
}

TEST_P(StatementsTest, hard_case_16_statements_on_other_tables_pass) {
  source("CREATE DATABASE other; CREATE TABLE other.u (id INT PRIMARY KEY)");
  WeftProcess weft = streaming();
  auto session = rig_->source_session();
  session.exec(
      "SET SESSION binlog_format = STATEMENT; INSERT INTO other.u VALUES (1), (2); UPDATE other.u SET id = id + 5;"
      "DELETE FROM other.u");
  source("INSERT INTO t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
}

TEST_P(StatementsTest, hard_case_16_create_table_as_select_stops_as_a_statement_and_is_followed_as_rows) {
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  source("CREATE TABLE as_rows (id INT PRIMARY KEY) AS SELECT id, v FROM t");
  EXPECT_TRUE(rig_->becomes("SELECT to_regclass('as_rows') IS NOT NULL", "t", deadline_in(30s))) << weft.log_tail();
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM as_rows", "2", deadline_in(30s))) << weft.log_tail();
  auto session = rig_->source_session();
  session.exec("SET SESSION binlog_format = STATEMENT");
  session.exec("CREATE TABLE as_statement (id INT PRIMARY KEY) AS SELECT id, v FROM t");
  expect_stop(weft, {"CREATE TABLE as_statement"});
}

TEST_P(StatementsTest, hard_case_16_load_data_as_a_statement_stops) {
  if (!maria()) GTEST_SKIP() << "the private MySQL has no directory for files";
  source("SELECT 7, 'seven' INTO OUTFILE 'seven.txt'");
  WeftProcess weft = streaming();
  auto session = rig_->source_session();
  session.exec("SET SESSION binlog_format = STATEMENT; LOAD DATA INFILE 'seven.txt' INTO TABLE t");
  expect_stop(weft, {"LOAD DATA"});
  EXPECT_EQ(rows(), "1,one|2,two");
}

// A MEMORY table is empty after a restart of the server, which says so with a statement of its own at the first use.
TEST_P(StatementsTest, hard_case_16_a_memory_table_that_a_restart_empties_is_emptied_or_stops) {
  source("CREATE TABLE m (id INT PRIMARY KEY, v INT) ENGINE=MEMORY; INSERT INTO m VALUES (1, 1), (2, 2)");
  ASSERT_EQ(run({"--until", "now", "--create-tables"}).code, 0);
  EXPECT_EQ(rows("m"), "1,1|2,2");
  rig_->source->restart();
  source("SELECT COUNT(*) FROM shop.m; INSERT INTO shop.m VALUES (3, 3)");
  const auto after = run({"--until", "now"});
  EXPECT_EQ(after.code, 0) << after.out;
  expect_equal({"m", "t"});
}

TEST_P(StatementsTest, hard_case_16_temporary_tables_do_not_count) {
  WeftProcess weft = streaming();
  auto session = rig_->source_session();
  session.exec(
      "CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, x INT); INSERT INTO t VALUES (1, 5), (9, 9); ALTER TABLE t ADD y "
      "INT;"
      "UPDATE t SET y = 1; DELETE FROM t WHERE id = 1; DROP TEMPORARY TABLE t; INSERT INTO t VALUES (3, 'real')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,real)")) << weft.log_tail();
}

// Rows of engines that can't roll back stay when the rest of their transaction goes, and come before it when it stays.
TEST_P(StatementsTest, hard_case_16_engines_without_transactions_are_followed_inside_and_outside_of_one) {
  source("CREATE TABLE my (id INT PRIMARY KEY, v INT) ENGINE=MyISAM");
  if (maria()) source("CREATE TABLE ar (id INT PRIMARY KEY, v INT) ENGINE=Aria TRANSACTIONAL=1");
  ASSERT_EQ(run({"--until", "now", "--create-tables"}).code, 0);
  const std::string other = maria() ? "INSERT INTO ar VALUES (#, 1); UPDATE ar SET v = v + 1;" : "";
  const auto both = [&](int id) {
    std::string sql =
        cat("INSERT INTO t VALUES (", id, ", 'x'); INSERT INTO my VALUES (", id, ", 1); UPDATE my SET v = v + 1;");
    std::string more = other;
    if (!more.empty()) more.replace(more.find('#'), 1, cat(id));
    return sql + more;
  };
  auto session = rig_->source_session();
  session.exec(both(10));
  if (maria()) {  // MySQL refuses them in a transaction when there are GTIDs
    session.exec(cat("BEGIN;", both(11), "COMMIT"));
    session.exec(cat("BEGIN;", both(12), "ROLLBACK"));
    session.exec(cat("BEGIN; SAVEPOINT a;", both(13), "ROLLBACK TO a; INSERT INTO t VALUES (14, 'y'); COMMIT"));
  }
  const auto after = run({"--until", "now"});
  EXPECT_EQ(after.code, 0) << after.out;
  std::vector<std::string> tables = {"t", "my"};
  if (maria()) tables.emplace_back("ar");
  expect_equal(tables);
}

TEST_P(StatementsTest, hard_case_31_gtids_that_do_not_grow_are_named) {
  if (!maria()) GTEST_SKIP() << "MySQL refuses them";
  WeftProcess weft = streaming();
  auto session = rig_->source_session();
  session.exec("SET SESSION gtid_seq_no = 1000; INSERT INTO t VALUES (3, 'three')");
  session.exec("SET SESSION gtid_seq_no = 500; INSERT INTO t VALUES (4, 'four')");
  expect_stop(weft, {"-500", "-1000", "gtid_strict_mode=ON"});
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

TEST_P(StatementsTest, hard_case_31_every_domain_has_its_place_over_a_restart) {
  if (!maria()) GTEST_SKIP() << "MySQL has no domains";
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  auto session = rig_->source_session();
  for (int domain : {7, 3, 7}) {
    session.exec(
        cat("SET SESSION gtid_domain_id = ", domain, "; INSERT INTO t (id, v) SELECT MAX(id) + 1, 'd' FROM t"));
    ASSERT_EQ(run({"--until", "now"}).code, 0);
  }
  session.exec("SET SESSION gtid_domain_id = 3; SET SESSION gtid_seq_no = 900; INSERT INTO t VALUES (50, 'ahead')");
  session.exec("SET SESSION gtid_domain_id = 7; INSERT INTO t VALUES (51, 'not ahead')");
  const auto after = run({"--until", "now"});
  EXPECT_EQ(after.code, 0) << after.out;
  expect_equal({"t"});
  EXPECT_TRUE(has(rig_->at_target("SELECT position FROM _weft.progress"), "3-")) << after.out;
}

TEST_P(StatementsTest, hard_case_31_a_gap_in_the_gtids_is_filled_later) {
  if (maria()) GTEST_SKIP() << "MariaDB has no sets";
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  const std::string other = "11111111-2222-3333-4444-555555555555";
  auto session = rig_->source_session();
  const auto as = [&](int number, const std::string& sql) {
    session.exec(
        cat("SET SESSION gtid_next = '", other, ":", number, "'; ", sql, "; SET SESSION gtid_next = AUTOMATIC"));
  };
  as(1, "INSERT INTO t VALUES (3, 'one of them')");
  as(9, "INSERT INTO t VALUES (4, 'far ahead')");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_TRUE(has(rig_->at_target("SELECT position FROM _weft.progress"), other + ":1:9"));
  as(5, "INSERT INTO t VALUES (5, 'in the gap')");
  source("INSERT INTO t VALUES (6, 'own')");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_TRUE(has(rig_->at_target("SELECT position FROM _weft.progress"), other + ":1:5:9"));
  expect_equal({"t"});
}

// A two-phase ALTER is in the log at its start and at its end; it has an effect at a committed end only.
TEST_P(StatementsTest, hard_case_31_an_alter_takes_effect_where_it_is_committed) {
  if (!maria()) GTEST_SKIP() << "MySQL has none";
  WeftProcess weft = streaming({"--schema-changes", "evolve"});
  auto session = rig_->source_session();
  session.exec("SET SESSION binlog_alter_two_phase = ON");
  session.exec("ALTER TABLE t ADD a INT DEFAULT 7, ALGORITHM=COPY");
  source("INSERT INTO t VALUES (3, 'same', 8), (4, 'same', 9)");
  EXPECT_THROW(session.exec("ALTER TABLE t ADD b INT, ADD UNIQUE KEY vk (v), ALGORITHM=COPY"), support::SqlError);
  source("INSERT INTO t VALUES (5, 'five', 1)");
  EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM t", "5", deadline_in(30s))) << weft.log_tail();
  EXPECT_EQ(rows(), "1,one,7|2,two,7|3,same,8|4,same,9|5,five,1");
}

TEST_P(StatementsTest, hard_case_31_a_partial_json_update_without_the_value_before_stops_by_key) {
  if (maria()) GTEST_SKIP() << "MariaDB has no partial updates";
  source(
      "CREATE TABLE j (id INT PRIMARY KEY, doc JSON); INSERT INTO j VALUES (1, '{\"a\": \"long enough to be patched\", "
      "\"b\": 2}')");
  target("CREATE TABLE j (id integer PRIMARY KEY, doc jsonb)");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  WeftProcess weft = streaming();
  auto session = rig_->source_session();
  session.exec(
      "SET SESSION binlog_row_image = MINIMAL, binlog_row_value_options = PARTIAL_JSON;"
      "UPDATE j SET doc = JSON_SET(doc, '$.b', 3) WHERE id = 1");
  expect_stop(weft, {"shop.j", "key (1)", "binlog_row_value_options"});
}

INSTANTIATE_TEST_SUITE_P(Live,
                         StatementsTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& engine) { return engine.param == Engine::kMariaDb ? "MariaDb" : "MySql"; });

}  // namespace
}  // namespace weft::live
