// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/recent_keys.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "target/bookkeeping/memory_port.h"
#include "target/bookkeeping/objects.h"

namespace weft::bookkeeping {
namespace {

class RecentKeysTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(ensure_objects(port_, true, "here")); }

  static Progress at(uint64_t version) {
    Progress p;
    p.version = version;
    p.position = Position(cat("0-1-", version));
    return p;
  }

  MemoryPort port_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
};

TEST_F(RecentKeysTest, hard_case_06_what_recent_transactions_changed_is_kept_by_version) {
  const std::string bytes("0:\0\xff", 4);
  for (uint64_t version = 2; version <= 5; ++version)
    ASSERT_TRUE(keep_keys(port_, "shop", at(version), cat(bytes, version)));
  ASSERT_TRUE(keep_keys(port_, "other", at(9), "other's"));
  const auto versions = read_kept_versions(port_, "shop");
  ASSERT_TRUE(versions && versions->size() == 4u);
  EXPECT_EQ(versions->front().version, 2u);
  EXPECT_EQ(versions->front().position.text(), "0-1-2");
  ASSERT_TRUE(keep_keys_beside(port_, "shop", "beside"));
  EXPECT_EQ(*read_kept_since(port_, "shop", 4), (std::vector<std::string>{cat(bytes, 5), "beside"}));
  ASSERT_TRUE(drop_kept(port_, "shop"));
  EXPECT_TRUE(read_kept_versions(port_, "shop")->empty());
  ASSERT_TRUE(keep_keys_beside(port_, "shop", "beside"));
  EXPECT_TRUE(read_kept_since(port_, "shop", 0)->empty()) << "who keeps nothing has no use for it";
  EXPECT_EQ(read_kept_versions(port_, "other")->size(), 1u);
}

TEST_F(RecentKeysTest, hard_case_06_what_is_kept_stays_within_its_limit_and_without_a_gap) {
  const std::string large(kKeptKeysLimit / 4, 'k');
  for (uint64_t version = 250; version <= 256; ++version) ASSERT_TRUE(keep_keys(port_, "shop", at(version), large));
  const auto versions = read_kept_versions(port_, "shop");
  ASSERT_TRUE(versions && versions->size() == 3u) << versions->size();
  EXPECT_EQ(versions->back().version, 256u);
  ASSERT_TRUE(port_.run("UPDATE _weft_recent_keys SET kept_us = 0 WHERE version < 256", {}));
  ASSERT_TRUE(keep_keys(port_, "shop", at(512), "k"));
  EXPECT_EQ(read_kept_versions(port_, "shop")->front().version, 256u) << "ten minutes have passed for the others";
}

}  // namespace
}  // namespace weft::bookkeeping
