// SPDX-License-Identifier: Apache-2.0
// Names and columns between a source and a target: rows that are there, changes behind them, restarts, DDL, and what does not fit.
#include <gtest/gtest.h>

#include "base/text.h"
#include "live/transform_fixture.h"

namespace weft::live {
namespace {

constexpr const char* kShaped =
    "  - rename: {orders: purchases, orders.cust: customer}\n"
    "  - columns: {customers: {drop: [ssn]}, purchases: {keep: [id, customer, amount]}}\n";

TEST_P(TransformTest, NamesAndColumnsGoOnAsTheStepsSay) {
  const std::string path = file(kShaped);
  const WeftResult copied = run_until_now(path);
  ASSERT_EQ(copied.code, 0) << copied.out;
  expect_at_target("SELECT * FROM customers ORDER BY id", "1,ann|2,bob");
  expect_at_target("SELECT count(*), sum(amount), min(customer) FROM purchases", "50,25,1");
  source_->exec("UPDATE customers SET ssn = '999' WHERE id = 1");
  source_->exec("UPDATE orders SET id = 100, cust = 2 WHERE id = 50");
  source_->exec("DELETE FROM orders WHERE id <= 48");
  source_->exec("INSERT INTO customers VALUES (3, 'cid', '789')");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  expect_at_target("SELECT * FROM customers ORDER BY id", "1,ann|2,bob|3,cid");
  expect_at_target("SELECT id, customer, amount FROM purchases ORDER BY id", "49,1,24|100,2,25");
  const WeftResult verified = weft({"verify", path});
  EXPECT_EQ(verified.code, 0) << verified.out;
  target_->exec("DELETE FROM purchases WHERE id = 49");
  EXPECT_EQ(weft({"verify", path}).code, 4);
}

TEST_P(TransformTest, DdlOfADroppedColumnIsNothingAndOfOthersGoesThroughTheSteps) {
  const std::string path = file(kShaped, ", schema_changes: evolve");
  ASSERT_EQ(run_until_now(path).code, 0);
  if (GetParam() != SideKind::kSqlite) {  // which lets no column go that a trigger names
    source_->exec("ALTER TABLE orders DROP COLUMN note");
  }
  source_->exec("ALTER TABLE customers ADD COLUMN city VARCHAR(20)");
  source_->exec("ALTER TABLE orders ADD COLUMN secret VARCHAR(20)");
  source_->exec("INSERT INTO customers (id, name, ssn, city) VALUES (4, 'dan', '1', 'Rome')");
  source_->exec("INSERT INTO orders (id, cust, amount, secret) VALUES (200, 1, 7, 'hidden')");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  expect_at_target("SELECT id, name, city FROM customers WHERE id > 1 ORDER BY id", "2,bob,NULL|4,dan,Rome");
  expect_at_target("SELECT * FROM purchases WHERE id = 200", "200,1,7");
}

TEST_P(TransformTest, ANameThatIsNotThereIsRefusedBeforeAnythingMoves) {
  for (const auto& [steps, word] :
       {std::pair<const char*, const char*>{"  - columns: {customers: {drop: [snn]}}\n", "nearest known word 'ssn'"},
        {"  - rename: {ordrs: x}\n", "nearest known word 'orders'"},
        {"  - columns: {orders: {drop: [id]}}\n", "leaves out id"},
        {"  - rename: {orders: x, customers: x}\n", "would both be"}}) {
    const WeftResult refused = run_until_now(file(steps));
    EXPECT_EQ(refused.code, 3) << refused.out;
    EXPECT_NE(refused.out.find(word), std::string::npos) << refused.out;
    const WeftResult checked = weft({"check", file(steps)});
    EXPECT_EQ(checked.code, 3) << checked.out;
    EXPECT_NE(checked.out.find(word), std::string::npos) << checked.out;
  }
  EXPECT_EQ(run_until_now(file(kShaped)).code, 0) << "nothing of the refused starts is left";
}

TEST_P(TransformTest, ARenameAtTheSourceStopsWhereTheStepsNoLongerFit) {
  const std::string path = file("  - columns: {customers: {drop: [ssn]}}\n");
  ASSERT_EQ(run_until_now(path).code, 0);
  source_->exec("INSERT INTO customers VALUES (3, 'cid', '789')");
  // All that SQLite logged since the last look is one transaction.
  if (GetParam() == SideKind::kSqlite) {
    ASSERT_EQ(run_until_now(path).code, 0);
  }
  source_->exec("ALTER TABLE customers RENAME COLUMN ssn TO secret");
  source_->exec("INSERT INTO customers VALUES (4, 'dan', '000')");
  const WeftResult stopped = run_until_now(path);
  EXPECT_EQ(stopped.code, GetParam() == SideKind::kSqlite ? 3 : 1) << stopped.out;
  EXPECT_NE(stopped.out.find("column ssn"), std::string::npos) << stopped.out;
  EXPECT_NE(stopped.out.find("change the steps in the same way"), std::string::npos) << stopped.out;
  expect_at_target("SELECT * FROM customers ORDER BY id", "1,ann|2,bob|3,cid");
  const std::string mended = file("  - columns: {customers: {drop: [secret]}}\n");
  const WeftResult other = run_until_now(mended);
  EXPECT_EQ(other.code, 3) << other.out;
  EXPECT_NE(other.out.find("weft resume FILE"), std::string::npos) << other.out;
  ASSERT_EQ(weft({"resume", mended, "customers"}).code, 0);
  const WeftResult resumed = run_until_now(mended);
  ASSERT_EQ(resumed.code, 0) << resumed.out;
  expect_at_target("SELECT * FROM customers ORDER BY id", "1,ann|2,bob|3,cid|4,dan");
}

TEST_P(TransformTest, ATableGoesIntoTheSchemaThatARenameNames) {
  if (GetParam() == SideKind::kSqlite) GTEST_SKIP() << "it has no schemas";
  target_->exec("CREATE SCHEMA sales");
  target_->exec(
      "CREATE TABLE sales.purchases (id BIGSERIAL PRIMARY KEY, cust BIGINT, amount BIGINT, note VARCHAR(200))");
  const std::string path = file("  - rename: {orders: sales.purchases, customers: sales.customers}\n");
  const WeftResult copied = run_until_now(path);
  ASSERT_EQ(copied.code, 0) << copied.out;
  source_->exec("DELETE FROM orders WHERE id > 10");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  expect_at_target("SELECT count(*), max(id) FROM sales.purchases", "10,10");
  expect_at_target("SELECT name FROM sales.customers ORDER BY id", "ann|bob");
  const WeftResult verified = weft({"verify", path});
  EXPECT_EQ(verified.code, 0) << verified.out;
  const WeftResult torn_down = weft({"teardown", path, "--cutover"});
  EXPECT_EQ(torn_down.code, 0) << torn_down.out;
  expect_at_target("SELECT nextval('sales.purchases_id_seq')", "11");
}

TEST_P(TransformTest, KeysThatActFollowTheNewNames) {
  const std::string path = file(
      "  - rename: {tops: parents, tops.id: nr, subs: children, subs.top: parent}\n"
      "  - columns: {children: {drop: [extra]}}\n");
  source_->exec("CREATE TABLE tops (id BIGINT NOT NULL PRIMARY KEY, v BIGINT)");
  source_->exec(
      "CREATE TABLE subs (extra BIGINT, id BIGINT NOT NULL PRIMARY KEY, top BIGINT, CONSTRAINT fk FOREIGN KEY (top) "
      "REFERENCES tops (id) ON DELETE CASCADE)");
  source_->exec("INSERT INTO tops VALUES (1, 1), (2, 2)");
  source_->exec("INSERT INTO subs VALUES (0, 1, 1), (0, 2, 1), (0, 3, 2)");
  const WeftResult copied = run_until_now(path);
  ASSERT_EQ(copied.code, 0) << copied.out;
  auto session = source_->session();
  if (GetParam() == SideKind::kSqlite) session->exec("PRAGMA foreign_keys = ON");
  session->exec("DELETE FROM tops WHERE id = 1");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  expect_at_target("SELECT id, parent FROM children ORDER BY id", "3,2");
  expect_at_target("SELECT nr FROM parents ORDER BY nr", "2");
}

TEST_P(TransformTest, ThroughAJournalOnDiskToo) {
  const std::string path =
      file(cat(kShaped, "journal: 'file:", (dir_.path() / "journal").string(), "'\n"), ", schema_changes: evolve");
  ASSERT_EQ(run_until_now(path).code, 0);
  source_->exec("ALTER TABLE orders ADD COLUMN secret VARCHAR(20)");
  source_->exec("ALTER TABLE customers ADD COLUMN city VARCHAR(20)");
  source_->exec("INSERT INTO orders (id, cust, amount, secret) VALUES (200, 1, 7, 'hidden')");
  source_->exec("INSERT INTO customers (id, name, ssn, city) VALUES (4, 'dan', '1', 'Rome')");
  const WeftResult followed = run_until_now(path);
  ASSERT_EQ(followed.code, 0) << followed.out;
  expect_at_target("SELECT * FROM purchases WHERE id = 200", "200,1,7");
  expect_at_target("SELECT id, name, city FROM customers WHERE id = 4", "4,dan,Rome");
}

INSTANTIATE_TEST_SUITE_P(Sides, TransformTest, ::testing::ValuesIn(kTransformed), [](const auto& of) {
  return side_name(of.param);
});

}  // namespace
}  // namespace weft::live
