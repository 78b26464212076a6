// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"

#include <gtest/gtest.h>

#include "pipeline/cycle.h"
#include "pipeline/fakes.h"
#include "sim/fake_clock.h"

namespace weft {
namespace {

using namespace std::chrono_literals;

struct Bench {
  explicit Bench(Duration drain) {
    options.name = "p";
    options.snapshot = SnapshotMode::kNo;
    options.lanes = 1;
    options.drain_deadline = drain;
    options.abandon = [this] { stop.request_stop(); };
  }

  std::stop_source stop;
  PipelineOptions options;
  FakeSource source;
  FakeTarget target{stop.get_token()};
  StatusBoard board{real_clock()};
};

TEST(PipelineDrain, EndsInTimeAndNamesWhatALaneStillWaitsFor) {
  Bench bench(20ms);
  bench.target.hang_in_prepare();
  Pipeline pipeline(bench.options, bench.source, bench.target, real_clock(), bench.board);
  pipeline.start();
  bench.target.wait_until_hanging();
  pipeline.request_stop();
  const Outcome outcome = pipeline.wait();
  ASSERT_FALSE(outcome.status);
  EXPECT_EQ(outcome.status.error().code(), kNotDrained);
  EXPECT_NE(outcome.status.error().message().find("lane-0 (1 changes of shop.t)"), std::string::npos)
      << outcome.status.error().message();
  EXPECT_EQ(bench.target.committed(), 1u) << "progress stays where it was";
}

TEST(PipelineDrain, EndsInTimeWhenATargetHangsWhileItIsOpened) {
  Bench bench(20ms);
  bench.target.hang_in_open();
  Pipeline pipeline(bench.options, bench.source, bench.target, real_clock(), bench.board);
  pipeline.start();
  bench.target.wait_until_hanging();
  pipeline.request_stop();
  const Outcome outcome = pipeline.wait();
  ASSERT_FALSE(outcome.status);
  EXPECT_EQ(outcome.status.error().code(), kNotDrained);
}

TEST(PipelineDrain, IsCleanWhenWhatIsUnderWayIsAppliedInTime) {
  Bench bench(60s);
  bench.target.hang_in_prepare();
  Pipeline pipeline(bench.options, bench.source, bench.target, real_clock(), bench.board);
  pipeline.start();
  bench.target.wait_until_hanging();
  pipeline.request_stop();
  bench.target.go_on();
  const Outcome outcome = pipeline.wait();
  EXPECT_TRUE(outcome.status) << outcome.status.error().message();
  EXPECT_EQ(bench.target.committed(), 2u);
}

TEST(SupervisorTest, WaitsForAServerForAWhileAtTheStartAndForEverAfterwards) {
  sim::FakeClock clock;
  const PipelineOptions options;
  Supervisor supervisor(options, clock);
  const Status down = Error(Blame::kTransient, "starting up", std::string(kUnreachable));
  clock.advance(options.start_deadline + 1s);
  EXPECT_EQ(supervisor.after(down, false, false).kind, NextMove::Kind::kRetry) << "it went while the run was opened";
  clock.advance(options.start_deadline + 1s);
  EXPECT_EQ(supervisor.after(down, false, false).kind, NextMove::Kind::kEnd);
  EXPECT_EQ(supervisor.after(down, true, false).kind, NextMove::Kind::kRetry) << "both sides had answered";
}

TEST(SupervisorTest, AStopWhereOnlyANewCycleWasDueIsClean) {
  const Status again = Error(Blame::kTransient, "a table has a new shape", std::string(kLookAgain));
  const Status broken = Error(Blame::kTransient, "the connection is lost");
  EXPECT_TRUE(Supervisor::outcome(again, true));
  EXPECT_FALSE(Supervisor::outcome(again, false));
  EXPECT_FALSE(Supervisor::outcome(broken, true)) << "what was under way is not applied";
}

}  // namespace
}  // namespace weft
