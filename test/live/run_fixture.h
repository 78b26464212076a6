// SPDX-License-Identifier: Apache-2.0
// RunFixture: one small table on both sides, shop.t (id INT PRIMARY KEY, v VARCHAR(40)) with rows 1 and 2, and words for
// what tests of `weft run` do. Each test has servers of its own.
#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "live/rig.h"

namespace weft::live {

using support::deadline_in;

class RunFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (auto why = missing(Engine::kMariaDb)) GTEST_SKIP() << *why;
    begin({});
  }

  void begin(const SourceOptions& options, Engine engine = Engine::kMariaDb) {
    rig_.reset();
    rig_.emplace(engine, options);
    source(
        "CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40));"
        "INSERT INTO t VALUES (1, 'one'), (2, 'two')");
    target("CREATE TABLE t (id integer PRIMARY KEY, v varchar(40))");
  }

  void source(const std::string& sql) { rig_->source->exec(sql); }

  void target(const std::string& sql) { rig_->target_session().exec(sql); }

  // Rows of t at the target: "1,one|2,two".
  std::string rows(const std::string& table = "t") { return rig_->at_target("SELECT * FROM " + table + " ORDER BY 1"); }

  WeftResult run(const std::vector<std::string>& more = {}) { return rig_->run(more); }

  WeftProcess start(const std::vector<std::string>& more = {}) { return {rig_->log(), rig_->run_arguments(more)}; }

  // Starts and waits until it streams.
  WeftProcess streaming(const std::vector<std::string>& more = {}) {
    WeftProcess weft = start(more);
    EXPECT_TRUE(weft.wait_consistent(deadline_in(std::chrono::seconds(60)))) << weft.log_tail();
    return weft;
  }

  // Whether t at the target comes to hold `wanted`.
  bool becomes(const std::string& wanted,
               const std::string& table = "t",
               std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    return rig_->becomes(
        "SELECT coalesce(string_agg(x, '|'), '') FROM (SELECT t::text AS x FROM " + table + " t ORDER BY 1) s",
        wanted,
        deadline_in(limit));
  }

  // The source keeps nothing of what it has logged so far.
  void purge() {
    source("FLUSH BINARY LOGS");
    // A dump that has just ended holds its file for a moment.
    auto session = rig_->source_session();
    EXPECT_TRUE(support::wait_until(deadline_in(std::chrono::seconds(30)), [&] {
      session.exec(cat("PURGE BINARY LOGS TO '", *session.query("SHOW BINARY LOGS").back()[0], "'"));
      return session.query("SHOW BINARY LOGS").size() == 1;
    }));
  }

  std::optional<Rig> rig_;
};

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace weft::live
