// SPDX-License-Identifier: Apache-2.0
// What `weft run` does when it is to stop and one side does not let it: it ends in time, says what for, and loses nothing.
#include <csignal>
#include <cstdlib>

#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrain = 20s;  // PipelineOptions::drain_deadline

class RunStopTest : public RunFixture {
 protected:
  // What weft says when it ends by SIGTERM, no later than it may.
  std::string stopped_with(WeftProcess& weft, int code) {
    weft.kill(SIGTERM);
    const auto ended = weft.wait_exit(deadline_in(kDrain + 5s));
    EXPECT_TRUE(ended) << weft.log_tail();
    EXPECT_EQ(ended ? ended->code : -1, code) << weft.log_tail();
    return weft.output();
  }

  bool lane_waits() {
    return rig_->becomes(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE 'weft%' AND "
        "wait_event_type = 'Lock'",
        "t",
        deadline_in(20s));
  }
};

TEST_F(RunStopTest, LockedTableEndsTheDrainInTimeWithExit1AndLosesNothing) {
  WeftProcess weft = streaming();
  auto stranger = rig_->target_session();
  stranger.exec("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  ASSERT_TRUE(lane_waits()) << weft.log_tail();
  const std::string words = stopped_with(weft, 1);
  EXPECT_TRUE(has(words, "1 changes of shop.t")) << words;
  EXPECT_TRUE(has(words, "is applied")) << words;
  stranger.exec("ROLLBACK");
  const auto next = run({"--until", "now"});
  EXPECT_EQ(next.code, 0) << next.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

// The same lock: what it does to status, and that nothing is left of it.
TEST_F(RunStopTest, LockedTableShowsInLagReasonAndHealth) {
  WeftProcess weft = streaming();
  auto stranger = rig_->target_session();
  stranger.exec("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  const auto lag = [&] { return std::atof(json_field(weft.status(), "lag_seconds").c_str()); };
  EXPECT_TRUE(support::wait_until(deadline_in(20s), [&] { return lag() > 5; })) << weft.status();
  const auto healthz = [&](int wanted) {
    return support::wait_until(deadline_in(20s), [&] {
      int code = 0;
      (void)weft.get("/healthz", &code);
      return code == wanted;
    });
  };
  EXPECT_TRUE(healthz(503));
  EXPECT_TRUE(has(weft.get("/healthz").value_or(""), "lane-")) << weft.get("/healthz").value_or("");
  EXPECT_TRUE(has(weft.get("/healthz").value_or(""), "changes of shop.t")) << weft.get("/healthz").value_or("");
  EXPECT_TRUE(has(weft.status(), "waiting for the target to apply")) << weft.status();
  EXPECT_GT(lag(), 8);
  stranger.exec("ROLLBACK");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  EXPECT_TRUE(support::wait_until(deadline_in(20s), [&] { return lag() == 0; })) << weft.status();
  EXPECT_TRUE(healthz(200));
  EXPECT_FALSE(has(weft.status(), "waiting for the target")) << weft.status();
}

TEST_F(RunStopTest, FrozenTargetEndsTheDrainInTimeWithExit1) {
  WeftProcess weft = streaming();
  auto sessions = rig_->target_session().query("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'weft%'");
  ASSERT_FALSE(sessions.empty());
  const auto all = [&](int signal) {
    for (const auto& row : sessions) ::kill(std::stoi(row[0].value_or("0")), signal);
  };
  all(SIGSTOP);
  source("INSERT INTO shop.t VALUES (3, 'three')");
  (void)stopped_with(weft, 1);
  all(SIGCONT);
  const auto next = run({"--until", "now"});
  EXPECT_EQ(next.code, 0) << next.out;
  EXPECT_EQ(rows(), "1,one|2,two|3,three");
}

// A reader of the copy waits for a lock at the source; nothing else is under way.
TEST_F(RunStopTest, LockAtTheSourceDoesNotKeepACopyFromStopping) {
  auto stranger = rig_->source_session();
  stranger.exec("LOCK TABLES t WRITE");
  WeftProcess weft = start();
  ASSERT_TRUE(support::wait_until(deadline_in(20s), [&] {
    return rig_->source->value(
               "SELECT count(*) FROM information_schema.processlist WHERE state LIKE '%lock%' AND "
               "user = 'weft'") != "0";
  })) << weft.log_tail();
  weft.kill(SIGTERM);
  EXPECT_TRUE(weft.wait_exit(deadline_in(kDrain + 5s))) << weft.log_tail();
}

TEST_F(RunStopTest, FrozenSourceDoesNotKeepADrainFromEnding) {
  WeftProcess weft = streaming();
  ::kill(rig_->source->pid(), SIGSTOP);
  (void)stopped_with(weft, 0);
  ::kill(rig_->source->pid(), SIGCONT);
}

}  // namespace
}  // namespace weft::live
