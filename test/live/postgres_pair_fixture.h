// SPDX-License-Identifier: Apache-2.0
// PostgresPairFixture: a PostgresPair per test, with table t (id int PRIMARY KEY, v text) of rows 1 and 2 at the source
// and the table of marks, and words for what tests of PostgreSQL to PostgreSQL do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "live/postgres_pair.h"

namespace weft::live {

using support::deadline_in;

class PostgresPairFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (auto why = support::PostgresServer::unavailable()) GTEST_SKIP() << *why;
    begin({});
  }

  void begin(PostgresPairOptions options) {
    pair_.reset();
    pair_.emplace(std::move(options));
    both("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE marks (id bigserial PRIMARY KEY)");
    source("INSERT INTO t VALUES (1, 'one'), (2, 'two')");
  }

  void both(const std::string& sql) { pair_->on_both(sql); }

  void source(const std::string& sql) { pair_->source_session().exec(sql); }

  void target(const std::string& sql) { pair_->target_session().exec(sql); }

  // Rows at the target: "1,one|2,two".
  std::string rows(const std::string& table = "t") {
    return pair_->at_target("SELECT * FROM " + table + " ORDER BY 1");
  }

  WeftResult run(const std::vector<std::string>& more = {}) { return pair_->run(more); }

  // To the end of what is there now.
  WeftResult run_until_now(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--until", "now"});
    return pair_->run(more);
  }

  WeftProcess start(const std::vector<std::string>& more = {}, std::vector<std::string> env = {}) {
    return {pair_->log(), pair_->run_arguments(more), std::move(env)};
  }

  // Starts and waits until the target is consistent.
  WeftProcess streaming(const std::vector<std::string>& more = {}) {
    WeftProcess weft = start(more);
    EXPECT_TRUE(weft.wait_consistent(deadline_in(std::chrono::seconds(60)))) << weft.log_tail();
    return weft;
  }

  // Whether all that the source holds now arrives, and nothing else.
  ::testing::AssertionResult becomes_equal(WeftProcess& weft,
                                           std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    if (!pair_->settled(deadline_in(limit))) {
      return ::testing::AssertionFailure() << "it has not arrived: " << weft.status() << "\n" << weft.log_tail();
    }
    auto result = pair_->equal();
    if (!result) result << "\n" << weft.log_tail();
    return result;
  }

  std::optional<PostgresPair> pair_;
};

inline bool says(const WeftResult& result, const std::string& part) {
  return result.out.find(part) != std::string::npos;
}

}  // namespace weft::live
