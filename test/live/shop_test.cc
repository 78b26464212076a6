// SPDX-License-Identifier: Apache-2.0
// The tools of the live tests prove themselves without weft: the workload keeps what it promises on both engines, also
// over a crash of its server, and the comparison sees a changed cell, a missing row and a duplicate too many.
#include "live/shop.h"

#include "base/text.h"
#include "live/compare.h"
#include "live/rig.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;

std::string literal(const std::optional<std::string>& cell, bool bytes) {
  if (!cell) return "NULL";
  if (bytes) return "'\\x" + *cell + "'";
  std::string out = "'";
  for (const char c : *cell) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

// The simplest replication there is: everything, once, while nothing moves.
void copy_shop(support::MysqlConnection& source, support::PostgresConnection& target) {
  for (const std::string& table : shop_tables()) {
    std::string from;
    std::vector<bool> bytes;
    for (const CanonicalColumn& c : columns_of(source, "shop", table)) {
      bytes.push_back(c.source_type.ends_with("blob"));
      from += cat(from.empty() ? "" : ", ", bytes.back() ? cat("HEX(`", c.name, "`)") : cat("`", c.name, "`"));
    }
    std::string values;
    for (const support::Row& row : source.query(cat("SELECT ", from, " FROM ", table))) {
      values += values.empty() ? "(" : ",(";
      for (size_t i = 0; i < row.size(); ++i) values += cat(i == 0 ? "" : ",", literal(row[i], bytes[i]));
      values += ")";
    }
    target.exec(cat("INSERT INTO ", table, " VALUES ", values));
  }
}

class ShopTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    rig_.emplace(GetParam());
    target_.emplace(rig_->target_session());
    create_shop_target(*target_);
    shop_.emplace(*rig_->source, ShopOptions{.seed = test_seed(), .transactions_per_second = 0, .bulk_rows = 3000});
    shop_->create();
  }

  Comparison compared() {
    auto source = rig_->source_session();
    return compare_tables(source, *target_, "shop", shop_tables());
  }

  std::optional<Rig> rig_;
  std::optional<support::PostgresConnection> target_;
  std::optional<Shop> shop_;
};

TEST_P(ShopTest, KeepsItsInvariantsOverACrashAndACopyComparesEqual) {
  shop_->start();
  ASSERT_TRUE(support::wait_until(deadline_in(60s), [&] { return shop_->committed() > 500; })) << shop_->trouble();
  rig_->source->crash();
  rig_->source->start();
  const uint64_t before = shop_->committed();
  ASSERT_TRUE(support::wait_until(deadline_in(60s), [&] { return shop_->committed() > before + 500; }))
      << shop_->trouble();
  shop_->stop();
  EXPECT_EQ(shop_->trouble(), "");
  auto source = rig_->source_session();
  copy_shop(source, *target_);
  EXPECT_EQ(rig_->at_target(shop_breaches_sql()), "");
  const Comparison result = compared();
  EXPECT_EQ(result.differences, 0u) << result.text();
  EXPECT_GT(result.rows, 8000u);
}

TEST_P(ShopTest, ComparisonSeesAChangedCellAMissingRowAndADuplicate) {
  auto source = rig_->source_session();
  copy_shop(source, *target_);
  EXPECT_EQ(compared().differences, 0u) << compared().text();
  target_->exec(
      "UPDATE accounts SET balance = balance + 1 WHERE id = 7; DELETE FROM stock WHERE id = 9;"
      "INSERT INTO events SELECT * FROM events LIMIT 1");
  const Comparison result = compared();
  EXPECT_EQ(result.differences, 3u) << result.text();
  EXPECT_NE(result.text().find("table accounts: (id='7') column balance bigint"), std::string::npos) << result.text();
  EXPECT_NE(result.text().find("the target lacks (id='9')"), std::string::npos) << result.text();
  EXPECT_NE(rig_->at_target(shop_breaches_sql()), "");
}

INSTANTIATE_TEST_SUITE_P(Sources, ShopTest, ::testing::Values(Engine::kMariaDb, Engine::kMySql), [](const auto& of) {
  return engine_name(of.param);
});

}  // namespace
}  // namespace weft::live
