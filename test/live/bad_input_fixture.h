// SPDX-License-Identifier: Apache-2.0
// BadInputTest: what tests of bad input share. Each shows three things: words that name the thing and the next step, the exit
// code (or that weft waits), and that nothing is lost: once it is mended the same command goes on and both sides are equal.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "live/compare.h"
#include "live/run_fixture.h"
#include "live/small_disk.h"

namespace weft::live {

class BadInputTest : public RunFixture {
 protected:
  // The last line that weft itself wrote: it says where, why and what to do.
  static std::string last_line(const std::string& out) {
    const size_t at = out.rfind("weft run: ");
    return at == std::string::npos ? std::string() : out.substr(at, out.find('\n', at) - at);
  }

  static void expect_words(const std::string& out, int code, int wanted, std::initializer_list<const char*> words) {
    EXPECT_EQ(code, wanted) << out;
    for (const char* word : words) EXPECT_TRUE(has(last_line(out), word)) << "no \"" << word << "\" in: " << out;
    EXPECT_FALSE(has(out, "secret")) << out;
  }

  static void expect_end(const WeftResult& result, int code, std::initializer_list<const char*> words) {
    expect_words(result.out, result.code, code, words);
  }

  static void expect_end(WeftProcess& weft, int code, std::initializer_list<const char*> words) {
    const auto ended = weft.wait_exit(deadline_in(std::chrono::seconds(60)));
    ASSERT_TRUE(ended) << "still running: " << weft.log_tail();
    EXPECT_EQ(ended->signal, 0) << weft.log_tail();
    expect_words(weft.output(), ended->code, code, words);
  }

  // A stream that waits for something: it says for what, and lives.
  static void expect_waits(WeftProcess& weft, const std::string& words) {
    EXPECT_TRUE(support::wait_until(deadline_in(std::chrono::seconds(60)), [&] { return has(weft.status(), words); }))
        << weft.status() << weft.log_tail();
    EXPECT_TRUE(weft.running()) << weft.log_tail();
  }

  // The same command, after what was bad is mended.
  void expect_goes_on(const std::vector<std::string>& tables = {"t"}, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--until", "now"});
    const WeftResult result = run(more);
    EXPECT_EQ(result.code, 0) << result.out;
    expect_equal(tables);
  }

  void expect_equal(const std::vector<std::string>& tables = {"t"}) {
    auto from = rig_->source_session();
    auto to = rig_->target_session();
    const Comparison result = compare_tables(from, to, "shop", tables);
    EXPECT_EQ(result.differences, 0u) << result.text();
  }

  // A run with one address replaced.
  [[nodiscard]] WeftResult run_from(const std::string& url) const {
    return run_weft({"run", "--from", url, "--to", rig_->to(), "--until", "now"},
                    deadline_in(std::chrono::seconds(60)));
  }

  [[nodiscard]] WeftResult run_to(const std::string& url) const {
    return run_weft({"run", "--from", rig_->from(), "--to", url, "--until", "now"},
                    deadline_in(std::chrono::seconds(60)));
  }
};

}  // namespace weft::live
