// SPDX-License-Identifier: Apache-2.0
#include "io/signals.h"

#include <atomic>
#include <csignal>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/wait.h"

namespace weft {
namespace {

bool comes(const std::atomic<int>& value, int wanted) {
  return support::wait_until(
      support::deadline_in(std::chrono::seconds(5)), [&] { return value == wanted; }, std::chrono::milliseconds(1));
}

TEST(StopSignalsTest, TheFirstSignalIsACall) {
  EXPECT_EXIT(
      {
        std::atomic<int> got = 0;
        StopSignals signals([&](int signal) { got = signal; });
        ::kill(::getpid(), SIGTERM);
        ::_exit(comes(got, SIGTERM) ? 0 : 9);
      },
      testing::ExitedWithCode(0),
      "");
}

TEST(StopSignalsTest, TheSecondSignalEndsAtOnceWithOne) {
  EXPECT_EXIT(
      {
        std::atomic<int> got = 0;
        StopSignals signals([&](int signal) { got = signal; });
        ::kill(::getpid(), SIGINT);
        if (!comes(got, SIGINT)) ::_exit(9);
        ::kill(::getpid(), SIGTERM);
        while (true) ::pause();
      },
      testing::ExitedWithCode(1),
      "stopped at once by a second signal");
}

TEST(StopSignalsTest, ASignalOnTheWayOutDoesNotChangeTheExitCode) {
  EXPECT_EXIT(
      {
        {
          StopSignals signals([](int) {});
        }
        ::kill(::getpid(), SIGTERM);
        ::_exit(7);
      },
      testing::ExitedWithCode(7),
      "");
}

TEST(StopSignalsTest, ABrokenPipeIsAnError) {
  ignore_broken_pipes();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  ::close(ends[1]);
}

}  // namespace
}  // namespace weft
