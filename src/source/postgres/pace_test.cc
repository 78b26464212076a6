// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/pace.h"

#include <gtest/gtest.h>

namespace weft::postgres {
namespace {

using namespace std::chrono_literals;

TEST(PaceTest, IsBusyAfterAWhileOfManyMessagesAndUntilOneOfFew) {
  Pace pace;
  SteadyTime now = SteadyTime{} + 1h;
  EXPECT_FALSE(pace.busy(now));
  for (int i = 0; i < 10; ++i) {
    pace.took(Pace::kBusyMessages / 10);
    now = now + Pace::kWhile / 10;
    EXPECT_EQ(pace.busy(now), i == 9) << i;
  }
  pace.took(Pace::kBusyMessages - 1);
  EXPECT_TRUE(pace.busy(now + Pace::kWhile / 2));
  EXPECT_FALSE(pace.busy(now + Pace::kWhile));
}

TEST(PaceTest, AThousandTransactionsASecondAreNotBusy) {
  Pace pace;
  SteadyTime now = SteadyTime{} + 1h;
  for (int i = 0; i < 1000; ++i) {
    pace.took(3);
    now = now + 1ms;
    EXPECT_FALSE(pace.busy(now));
  }
}

TEST(PaceTest, ManyMessagesAfterASilenceAreNotBusy) {
  Pace pace;
  SteadyTime now = SteadyTime{} + 1h;
  EXPECT_FALSE(pace.busy(now));
  pace.took(Pace::kBusyMessages * 10);
  EXPECT_FALSE(pace.busy(now + 1s));
}

}  // namespace
}  // namespace weft::postgres
