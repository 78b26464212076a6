// SPDX-License-Identifier: Apache-2.0
#include "model/origin.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(OriginChain, HoldsWholeIdentitiesOnly) {
  EXPECT_TRUE(chain_has("a:1\nb:2", "b:2"));
  EXPECT_TRUE(chain_has("a:1\nb:2", "a:1"));
  EXPECT_FALSE(chain_has("a:1\nb:22", "b:2"));
  EXPECT_FALSE(chain_has("a:1\nb:2", "a:"));
  EXPECT_FALSE(chain_has("", "a:1"));
}

TEST(OriginChain, GrowsByEachDatabaseOnce) {
  EXPECT_EQ(chain_through("", "a"), "a");
  EXPECT_EQ(chain_through("a", "b"), "a\nb");
  EXPECT_EQ(chain_through("a\nb", "a"), "a\nb");
}

TEST(OriginChain, ARowsCounterIsNotPartOfIt) {
  EXPECT_EQ(chain_of_row("17\na\nb"), "a\nb");
  EXPECT_EQ(chain_of_row("17"), "");
  EXPECT_EQ(chain_of_row(""), "");
}

}  // namespace
}  // namespace weft
