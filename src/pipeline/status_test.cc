// SPDX-License-Identifier: Apache-2.0
#include "pipeline/status.h"

#include <gtest/gtest.h>

#include "sim/fake_clock.h"

namespace weft {
namespace {

using namespace std::chrono_literals;

class StatusBoardTest : public ::testing::Test {
 protected:
  double lag() { return board_.read().lag_seconds; }

  sim::FakeClock clock_;
  StatusBoard board_{clock_};
};

TEST_F(StatusBoardTest, LagGrowsWhileACapturedChangeIsNotApplied) {
  board_.captured(Sequence(1), clock_.wall_us());
  clock_.advance(7s);
  EXPECT_DOUBLE_EQ(lag(), 7);
  clock_.advance(5s);
  EXPECT_DOUBLE_EQ(lag(), 12);
}

TEST_F(StatusBoardTest, LagIsTheAgeOfTheOldestChangeThatIsLeft) {
  board_.captured(Sequence(2), clock_.wall_us());
  clock_.advance(4s);
  board_.captured(Sequence(5), clock_.wall_us());
  clock_.advance(1s);
  board_.applied(Sequence(1));
  EXPECT_DOUBLE_EQ(lag(), 5) << "2 is not applied";
  board_.applied(Sequence(2));
  EXPECT_DOUBLE_EQ(lag(), 1);
  board_.applied(Sequence(5));
  EXPECT_DOUBLE_EQ(lag(), 0);
}

TEST_F(StatusBoardTest, LagGrowsBetweenCyclesUntilTheNextBegins) {
  board_.lose_sight();
  clock_.advance(30s);
  EXPECT_DOUBLE_EQ(lag(), 30);
  board_.begin_cycle();
  EXPECT_DOUBLE_EQ(lag(), 0);
}

TEST_F(StatusBoardTest, LagIsNeverTooSmallWhenThereIsTooMuchToRemember) {
  for (uint64_t n = 1; n <= 10000; ++n) {
    board_.captured(Sequence(n), clock_.wall_us());
    clock_.advance(1ms);
  }
  board_.applied(Sequence(9999));
  EXPECT_GE(lag(), 0.001);
  board_.applied(Sequence(10000));
  EXPECT_DOUBLE_EQ(lag(), 0);
}

TEST_F(StatusBoardTest, StageThatStandsStillHasAReason) {
  board_.stage_moved("apply");
  clock_.advance(11s);
  EXPECT_EQ(board_.read().stages.at("apply").reason, "waiting for the target");
  board_.stage_moved("apply");
  EXPECT_EQ(board_.read().stages.at("apply").reason, "");
}

TEST_F(StatusBoardTest, StagesOfAnEarlierCycleAreForgotten) {
  board_.stage_moved("copy-0");
  board_.begin_cycle();
  EXPECT_TRUE(board_.read().stages.empty());
}

TEST_F(StatusBoardTest, DrainingShowsUntilItIsOver) {
  board_.enter(PipelineState::kDraining);
  board_.enter(PipelineState::kStreaming);
  EXPECT_EQ(board_.read().state, PipelineState::kDraining);
  board_.enter(PipelineState::kFinished);
  EXPECT_EQ(board_.read().state, PipelineState::kFinished);
}

}  // namespace
}  // namespace weft
