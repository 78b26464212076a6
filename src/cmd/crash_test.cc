// SPDX-License-Identifier: Apache-2.0
#include "cmd/crash.h"

#include <csignal>

#include <gtest/gtest.h>

#include "base/text.h"
#include "pipeline/crash_points.h"

namespace weft {
namespace {

TEST(CrashTest, WithoutTheVariableNothingIsCalled) {
  EXPECT_FALSE(*crash_points({}));
}

TEST(CrashTest, TheProcessDiesAtTheAskedPassing) {
  const std::string point(kCrashPoints.front());
  EXPECT_EXIT(
      {
        const auto crash = crash_points({{"WEFT_CRASH_AT", cat(point, ":3")}});
        (*crash)(point);
        (*crash)("another.point");
        (*crash)(point);
        std::fputs("twice\n", stderr);
        (*crash)(point);
      },
      testing::KilledBySignal(SIGKILL),
      "twice");
}

TEST(CrashTest, WhatIsNoPointIsRefused) {
  for (const char* text :
       {"", "nowhere", "nowhere:1", "commit.before:0", "commit.before:x", "commit.before:1x", "commit.before:"}) {
    EXPECT_FALSE(crash_points({{"WEFT_CRASH_AT", text}})) << text;
  }
}

}  // namespace
}  // namespace weft
