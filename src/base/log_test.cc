// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <vector>

#include <gtest/gtest.h>

namespace weft {
namespace {

class LogTest : public testing::Test {
 protected:
  void configure(LogFormat format, LogLevel level = LogLevel::kInfo) {
    configure_log({format, level, [this](std::string_view line) { lines_.emplace_back(line); }});
  }

  void TearDown() override {
    log_pipeline({});
    configure_log({});
  }

  // The last line without its time.
  std::string last() {
    EXPECT_FALSE(lines_.empty());
    if (lines_.empty()) return {};
    const std::string& line = lines_.back();
    const size_t at = line.find(line[0] == '{' ? "\"level\"" : "Z ");
    return at == std::string::npos ? line : line.substr(line[0] == '{' ? at : at + 2);
  }

  std::vector<std::string> lines_;
};

TEST_F(LogTest, TextIsForPeople) {
  configure(LogFormat::kText);
  log_line(LogLevel::kWarning, "a \"word\"", {{"table", "t"}});
  EXPECT_EQ(last(), "warning a \"word\"");
}

TEST_F(LogTest, JsonHasTimeLevelMessageAndFields) {
  configure(LogFormat::kJson);
  log_pipeline("shop");
  log_line(LogLevel::kError, "no", {{"table", "shop.t"}, {"side", "target"}});
  EXPECT_EQ(last(), R"("level":"error","message":"no","pipeline":"shop","table":"shop.t","side":"target"})");
  EXPECT_TRUE(lines_.back().starts_with("{\"time\":\"20"));
}

TEST_F(LogTest, AnyMessageIsOneLineOfValidJson) {
  configure(LogFormat::kJson);
  log_info("two\nlines, \"quotes\", \\, %v {} \xff, \x01");
  EXPECT_EQ(last(),
            R"("level":"info","message":"two\u000alines, \"quotes\", \\, %v {} )"
            "\xef\xbf\xbd"
            R"(, \u0001"})");
}

TEST_F(LogTest, WhatIsBelowTheLevelIsNotSaid) {
  configure(LogFormat::kText, LogLevel::kWarning);
  log_info("quiet");
  EXPECT_TRUE(lines_.empty());
  log_warning("loud");
  EXPECT_EQ(lines_.size(), 1u);
}

}  // namespace
}  // namespace weft
