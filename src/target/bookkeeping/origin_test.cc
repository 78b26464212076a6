// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/origin.h"

#include <gtest/gtest.h>

#include "model/origin.h"
#include "target/bookkeeping/dialect.h"
#include "target/bookkeeping/memory_port.h"
#include "target/bookkeeping/objects.h"

namespace weft::bookkeeping {
namespace {

class OriginRowTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(ensure_objects(port_, true, "here")); }

  MemoryPort port_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
};

TEST_F(OriginRowTest, hard_case_19_the_row_that_tells_an_origin_is_the_sessions_own_and_changes_each_time) {
  OriginRow first(Dialect::kSqlite, "shop", 0);
  OriginRow second(Dialect::kSqlite, "shop", 1);
  EXPECT_FALSE(first.any());
  first.say("mysql:a:shop");
  second.say("mysql:b:shop");
  for (OriginRow* row : {&first, &second, &first}) ASSERT_TRUE(port_.run(row->sql(), row->next()));
  const auto chain = [this] {
    const auto rows = port_.rows("SELECT chain FROM _weft_origin ORDER BY lane", {});
    EXPECT_TRUE(rows && rows->size() == 2u);
    return text_of((*rows)[0], 0);
  };
  const std::string before = chain();
  EXPECT_EQ(chain_of_row(before), "mysql:a:shop");
  ASSERT_TRUE(port_.run(first.sql(), first.next()));
  EXPECT_NE(chain(), before);
}

}  // namespace
}  // namespace weft::bookkeeping
