// SPDX-License-Identifier: Apache-2.0
#include "control/running.h"

#include <algorithm>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft {
namespace {

class RunningTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/weft-running-XXXXXX";
    ASSERT_NE(::mkdtemp(path), nullptr);
    state_ = path;
  }

  void TearDown() override {
    const auto names = list_directory(state_ + "/run");
    for (const std::string& name : *names) ::unlink((state_ + "/run/" + name).c_str());
    ::rmdir((state_ + "/run").c_str());
    ::rmdir(state_.c_str());
  }

  std::string state_;
};

const RunningPipeline kShop = {"mysql:3f2a/..:shop",
                               4711,
                               "127.0.0.1:8420",
                               "",
                               "mysql://app:***@db1/shop",
                               "postgresql://w/shop",
                               "from: {url: x}\n",
                               ::geteuid()};

TEST_F(RunningTest, APipelineIsFoundWhileItRuns) {
  EXPECT_TRUE(running_pipelines(state_)->empty());
  {
    const Result<RunFile> file = RunFile::create(state_, kShop);
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(*running_pipelines(state_), std::vector<RunningPipeline>{kShop});
  }
  EXPECT_TRUE(running_pipelines(state_)->empty());
}

TEST_F(RunningTest, LeftOversOfDeadProcessesAreIgnored) {
  ASSERT_TRUE(make_private_directory(state_ + "/run"));
  ASSERT_TRUE(write_file(state_ + "/run/shop.1.json",
                         R"({"name":"shop","pid":1,"http":"","token_file":"","from":"","to":""})"));
  EXPECT_TRUE(running_pipelines(state_)->empty());
}

TEST_F(RunningTest, LeftOversOfAPipelineGoWithItsNextStart) {
  ASSERT_TRUE(make_private_directory(state_ + "/run"));
  const std::string dead = R"({"name":"shop","pid":1,"http":"","token_file":"","from":"","to":""})";
  for (const char* name : {"shop.1.json", "shop.2.json", "shopping.3.json"})
    ASSERT_TRUE(write_file(cat(state_, "/run/", name), dead));
  RunningPipeline pipeline = kShop;
  pipeline.name = "shop";
  pipeline.pid = 4;
  const Result<RunFile> living = RunFile::create(state_, pipeline);
  pipeline.pid = 5;
  const Result<RunFile> second = RunFile::create(state_, pipeline);
  ASSERT_TRUE(living && second);
  std::vector<std::string> names = *list_directory(state_ + "/run");
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"shop.4.json", "shop.5.json", "shopping.3.json"}));
}

// Who could put a file there could have a token sent to a port of theirs.
TEST_F(RunningTest, hard_case_33_ADirectoryThatOthersCanWriteIsRefused) {
  const Result<RunFile> file = RunFile::create(state_, kShop);
  ASSERT_TRUE(file);
  for (const std::string& loose : {state_, state_ + "/run"}) {
    ::chmod(loose.c_str(), 0777);
    EXPECT_FALSE(running_pipelines(state_)) << loose;
    RunningPipeline other = kShop;
    other.pid = 1;
    EXPECT_FALSE(RunFile::create(state_, other)) << loose;
    ::chmod(loose.c_str(), 0700);
  }
  EXPECT_EQ(running_pipelines(state_)->size(), 1u);
}

TEST(StateDirectoryTest, FollowsTheEnvironment) {
  EXPECT_EQ(state_directory("/x", {{"HOME", "/home/a"}}), "/x");
  EXPECT_EQ(state_directory("", {{"HOME", "/home/a"}, {"XDG_STATE_HOME", "/s"}}), "/s/weft");
  EXPECT_EQ(state_directory("", {{"HOME", "/home/a"}, {"XDG_STATE_HOME", ""}}), "/home/a/.local/state/weft");
  EXPECT_EQ(state_directory("", {}), "/var/lib/weft");
}

}  // namespace
}  // namespace weft
