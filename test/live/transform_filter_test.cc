// SPDX-License-Identifier: Apache-2.0
// Filters between a source and a target: rows that cross them, beside kills, in many chunks, and where the log does not say enough.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"
#include "live/rig.h"
#include "live/transform_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;
using support::wait_until;

constexpr const char* kFiltered =
    "  - filter: {orders: \"amount > 0 AND (note IS NULL OR note NOT LIKE 'hidden%')\"}\n"
    "  - rename: {orders: purchases}\n";
constexpr const char* kPassing = " WHERE amount > 0 AND (note IS NULL OR note NOT LIKE 'hidden%') ORDER BY id";

class TransformFilterTest : public TransformTest {
 protected:
  void SetUp() override {
    TransformTest::SetUp();
    if (IsSkipped()) return;
    if (GetParam() == SideKind::kPostgres) source_->exec("ALTER TABLE orders REPLICA IDENTITY FULL");
  }

  [[nodiscard]] std::string passing() const { return source_->text(cat("SELECT * FROM orders", kPassing)); }

  [[nodiscard]] std::string arrived() const { return target_->text("SELECT * FROM purchases ORDER BY id"); }

  void expect_verified(const std::string& path) const {
    const WeftResult verified = weft({"verify", path});
    EXPECT_EQ(verified.code, 0) << verified.out;
  }

  // One transaction of rows that come, go, and cross the filter both ways.
  void write(SideSession& session) {
    session.exec("BEGIN");
    for (uint64_t i = 0; i < 1 + rng_.below(4); ++i) {
      const auto id = static_cast<int64_t>(rng_.below(120));
      const auto amount = static_cast<int64_t>(rng_.below(7)) - 3;
      switch (rng_.below(5)) {
        case 0:
          session.exec(cat("DELETE FROM orders WHERE id = ", id));
          break;
        case 1:
          session.exec(cat("UPDATE orders SET note = 'hidden ", id, "' WHERE id = ", id));
          break;
        case 2:
          session.exec(cat("UPDATE orders SET amount = NULL, cust = cust + 1 WHERE id = ", id));
          break;
        case 3:
          session.exec(cat("UPDATE orders SET amount = ", amount, ", note = NULL WHERE id = ", id));
          break;
        default:
          session.exec(cat("DELETE FROM orders WHERE id = ", id));
          session.exec(cat("INSERT INTO orders VALUES (", id, ", 1, ", amount, ", 'n", id, "')"));
      }
    }
    session.exec("COMMIT");
  }

  Rng rng_{test_seed()};
};

TEST_P(TransformFilterTest, RowsThatCrossTheFilterComeAndGo) {
  const std::string path = file(kFiltered);
  const WeftResult copied = run_until_now(path);
  ASSERT_EQ(copied.code, 0) << copied.out;
  EXPECT_EQ(arrived(), passing());
  expect_at_target("SELECT count(*) FROM purchases", "25");
  source_->exec("UPDATE orders SET amount = 5 WHERE id = 1");
  source_->exec("UPDATE orders SET amount = -5 WHERE id = 50");
  source_->exec("UPDATE orders SET note = 'hidden' WHERE id = 49");
  source_->exec("UPDATE orders SET cust = 9 WHERE id = 2");
  source_->exec("UPDATE orders SET cust = 9, id = 148 WHERE id = 48");
  source_->exec("DELETE FROM orders WHERE id IN (3, 47)");
  source_->exec("INSERT INTO orders VALUES (60, 1, 1, NULL), (61, 1, NULL, 'x'), (62, 1, 0, 'y')");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  EXPECT_EQ(arrived(), passing());
  expect_at_target("SELECT id FROM purchases WHERE id IN (1, 2, 48, 49, 50, 60, 61, 62, 148) ORDER BY id", "1|60|148");
  expect_verified(path);
}

TEST_P(TransformFilterTest, BothSidesAgreeAfterKills) {
  const std::string path = file(kFiltered);
  auto session = source_->session();
  const std::vector<std::string> arguments = {"run", path};
  for (int round = 0; round < number_from("WEFT_KILLS", 4); ++round) {
    WeftProcess weft(dir_.path() / "weft.log", arguments);
    if (round % 2 == 0) {
      ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    }
    for (uint64_t i = 0; i < 20 + rng_.below(60); ++i) write(*session);
    EXPECT_TRUE(weft.running()) << weft.log_tail();
    weft.kill(SIGKILL);
  }
  {
    WeftProcess weft(dir_.path() / "weft.log", arguments);
    ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    for (int i = 0; i < 50; ++i) write(*session);
    const std::string wanted = passing();
    EXPECT_TRUE(wait_until(deadline_in(60s), [&] { return arrived() == wanted; })) << weft.log_tail();
  }
  expect_verified(path);
}

TEST_P(TransformFilterTest, ATableOfManyChunksOfWhichFewRowsPassIsCopied) {
  source_->exec(
      "INSERT INTO orders SELECT a.id * 2500 + b.id * 50 + c.id, 1, CASE WHEN a.id * 2500 + b.id * 50 + c.id IN (2552, "
      "90000) THEN 1 ELSE 0 END, 'x' FROM orders a, orders b, orders c WHERE a.id <= 40");
  const std::string path = file(kFiltered);
  const WeftResult copied = run_until_now(path);
  ASSERT_EQ(copied.code, 0) << copied.out;
  EXPECT_EQ(arrived(), passing());
  expect_at_target("SELECT count(*) FROM purchases WHERE id > 100", "2");
  expect_verified(path);
}

TEST_P(TransformFilterTest, AnotherFilterWaitsForTheTableToBeCopiedAgain) {
  const std::string path = file("  - filter: {orders: amount > 0}\n", ", schema_changes: evolve");
  ASSERT_EQ(run_until_now(path).code, 0);
  source_->exec("ALTER TABLE orders ADD COLUMN more BIGINT");
  source_->exec("INSERT INTO orders VALUES (60, 1, 1, NULL, 5)");
  EXPECT_EQ(run_until_now(path).code, 0) << "the shape has its second version";
  (void)file("  - filter: {orders: \"amount  >  0\"}\n");
  EXPECT_EQ(run_until_now(path).code, 0) << "the same condition, written otherwise";
  (void)file("  - filter: {orders: amount > 20}\n");
  const WeftResult refused = run_until_now(path);
  EXPECT_EQ(refused.code, 3) << refused.out;
  EXPECT_NE(refused.out.find("other steps (filter \"amount\" > 0) than now (filter \"amount\" > 20)"),
            std::string::npos)
      << refused.out;
  ASSERT_EQ(weft({"resume", path, "orders"}).code, 0);
  const WeftResult resumed = run_until_now(path);
  ASSERT_EQ(resumed.code, 0) << resumed.out;
  expect_at_target("SELECT count(*), min(amount) FROM orders", "5,21");
  const WeftResult again = run_until_now(path);
  EXPECT_EQ(again.code, 0) << again.out;
}

TEST_P(TransformFilterTest, AFilterIsRefusedWithItsReasonBeforeAnythingMoves) {
  for (const auto& [condition, code, word] :
       {std::tuple<const char*, int, const char*>{"amount > > 0", 2, "at character 10"},
        {"amout > 0", 3, "there is no column amout, nearest known word 'amount'"},
        {"amount > 'x'", 3, "is no number"},
        {"note LIKE 'a%' AND amount LIKE 'b%'", 3, "LIKE takes texts only"}}) {
    const std::string path = file(cat("  - filter: {orders: \"", condition, "\"}\n"));
    const WeftResult refused = run_until_now(path);
    EXPECT_EQ(refused.code, code) << refused.out;
    EXPECT_NE(refused.out.find(word), std::string::npos) << refused.out;
    EXPECT_EQ(weft({"check", path}).code, code);
  }
}

TEST_P(TransformFilterTest, ALogWithoutOldValuesIsRefusedWithTheStatementThatMendsIt) {
  if (GetParam() == SideKind::kSqlite) GTEST_SKIP() << "its triggers log full rows";
  const bool postgres = GetParam() == SideKind::kPostgres;
  source_->exec(postgres ? "ALTER TABLE orders REPLICA IDENTITY DEFAULT" : "SET GLOBAL binlog_row_image = 'MINIMAL'");
  const std::string mend =
      postgres ? "ALTER TABLE \"public\".\"orders\" REPLICA IDENTITY FULL" : "SET GLOBAL binlog_row_image = 'FULL'";
  const std::string path = file(kFiltered);
  for (const char* command : {"run", "check"}) {
    const WeftResult refused = weft({command, path});
    EXPECT_EQ(refused.code, 3) << refused.out;
    EXPECT_NE(refused.out.find(mend), std::string::npos) << refused.out;
  }
  source_->exec(mend);
  EXPECT_EQ(run_until_now(path).code, 0);
}

TEST_P(TransformFilterTest, EveryPartitionLogsOldValuesByItself) {
  if (GetParam() != SideKind::kPostgres) GTEST_SKIP() << "partitions of others have no settings of their own";
  source_->exec(
      "CREATE TABLE parts (id BIGINT NOT NULL PRIMARY KEY, n BIGINT) PARTITION BY RANGE (id); "
      "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100); "
      "ALTER TABLE parts REPLICA IDENTITY FULL; INSERT INTO parts VALUES (1, 1), (2, -1)");
  const std::string path = file("  - filter: {parts: n > 0}\n");
  const WeftResult refused = run_until_now(path);
  EXPECT_EQ(refused.code, 3) << refused.out;
  EXPECT_NE(refused.out.find("ALTER TABLE \"public\".\"parts_1\" REPLICA IDENTITY FULL"), std::string::npos)
      << refused.out;
  source_->exec("ALTER TABLE parts_1 REPLICA IDENTITY FULL");
  ASSERT_EQ(run_until_now(path).code, 0);
  source_->exec("UPDATE parts SET n = -n");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  expect_at_target("SELECT * FROM parts", "2,1");
}

TEST_P(TransformFilterTest, AnUpdateWithoutOldValuesStopsThePipelineByName) {
  if (GetParam() == SideKind::kSqlite) GTEST_SKIP() << "its triggers log full rows";
  const std::string path = file(kFiltered);
  ASSERT_EQ(run_until_now(path).code, 0);
  source_->exec("INSERT INTO orders VALUES (60, 1, 1, NULL)");
  if (GetParam() == SideKind::kPostgres) {
    source_->exec("ALTER TABLE orders REPLICA IDENTITY DEFAULT");
    source_->exec("UPDATE orders SET cust = 7 WHERE id = 50");
    source_->exec("ALTER TABLE orders REPLICA IDENTITY FULL");
  } else {
    auto session = source_->session();
    session->exec("SET SESSION binlog_row_image = 'MINIMAL'");
    session->exec("UPDATE orders SET cust = 7 WHERE id = 50");
  }
  const WeftResult stopped = run_until_now(path);
  EXPECT_EQ(stopped.code, 1) << stopped.out;
  EXPECT_NE(stopped.out.find("key (50) at position"), std::string::npos) << stopped.out;
  EXPECT_NE(stopped.out.find("can't tell"), std::string::npos) << stopped.out;
  expect_at_target("SELECT count(*) FROM purchases WHERE id = 60", "1");
  ASSERT_EQ(weft({"resume", path, "purchases"}).code, 0);
  const WeftResult resumed = run_until_now(path);
  EXPECT_EQ(resumed.code, 0) << resumed.out;
  EXPECT_EQ(arrived(), passing());
}

INSTANTIATE_TEST_SUITE_P(Sides, TransformFilterTest, ::testing::ValuesIn(kTransformed), [](const auto& of) {
  return side_name(of.param);
});

}  // namespace
}  // namespace weft::live
