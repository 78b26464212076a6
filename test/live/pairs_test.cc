// SPDX-License-Identifier: Apache-2.0
// Any source with any target: rows that are there, changes behind them, kill -9 in between, and both sides equal in the end.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"
#include "live/rig.h"
#include "live/side.h"
#include "live/weft_process.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;
using support::wait_until;

constexpr int64_t kKeys = 400;

class PairsTest : public ::testing::TestWithParam<SidePair> {
 protected:
  void SetUp() override {
    for (const SideKind kind : {std::get<0>(GetParam()), std::get<1>(GetParam())}) {
      if (auto why = Side::unavailable(kind)) GTEST_SKIP() << *why;
    }
    source_ = Side::make(std::get<0>(GetParam()));
    target_ = Side::make(std::get<1>(GetParam()));
    for (const Side* side : {source_.get(), target_.get()}) {
      side->exec("CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(40))");
      side->exec(
          "CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT NOT NULL REFERENCES parents (id), "
          "v VARCHAR(200), n BIGINT)");
      side->exec("CREATE TABLE words (word VARCHAR(40) NOT NULL PRIMARY KEY, n BIGINT)");
    }
    for (int64_t id = 1; id <= 20; ++id) source_->exec(cat("INSERT INTO parents VALUES (", id, ", 'p", id, "')"));
    auto session = source_->session();
    for (int64_t id = 1; id <= 200; ++id) write(*session);
  }

  // One transaction of a few statements, each of which is right whatever is there.
  void write(SideSession& session) {
    session.exec("BEGIN");
    for (uint64_t i = 0; i < 1 + rng_.below(4); ++i) {
      const auto id = static_cast<int64_t>(rng_.below(kKeys));
      const auto parent = static_cast<int64_t>(1 + rng_.below(20));
      switch (rng_.below(6)) {
        case 0:
          session.exec(cat("DELETE FROM children WHERE id = ", id));
          break;
        case 1:
          session.exec(cat("UPDATE children SET v = NULL, n = n + 1 WHERE id = ", id));
          break;
        case 2:
          session.exec(cat("DELETE FROM words WHERE word = 'w", id % 50, "'"));
          session.exec(cat("INSERT INTO words VALUES ('w", id % 50, "', ", rng_.below(1000), ")"));
          break;
        case 3:
          session.exec(cat("UPDATE parents SET name = 'q", id, "' WHERE id = ", parent));
          break;
        default:
          session.exec(cat("DELETE FROM children WHERE id = ", id));
          session.exec(
              cat("INSERT INTO children VALUES (", id, ", ", parent, ", 'text ", rng_.below(100000), "', ", id, ")"));
      }
    }
    session.exec("COMMIT");
  }

  static std::string all(const Side& side) {
    return cat(side.text("SELECT * FROM parents ORDER BY id"),
               "\n",
               side.text("SELECT * FROM children ORDER BY id"),
               "\n",
               side.text("SELECT * FROM words ORDER BY word"));
  }

  support::TempDir dir_;
  std::unique_ptr<Side> source_;
  std::unique_ptr<Side> target_;
  Rng rng_{test_seed()};
};

TEST_P(PairsTest, BothSidesAreEqualAfterKills) {
  const std::vector<std::string> arguments = {
      "run", "--from", source_->url(), "--to", target_->url(), "--name", "pair"};
  auto session = source_->session();
  for (int round = 0; round < number_from("WEFT_KILLS", 6); ++round) {
    WeftProcess weft(dir_.path() / "weft.log", arguments);
    if (round % 3 == 0) {
      ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
    }
    for (uint64_t i = 0; i < 20 + rng_.below(60); ++i) write(*session);
    EXPECT_TRUE(weft.running()) << weft.log_tail();
    weft.kill(SIGKILL);
  }
  WeftProcess weft(dir_.path() / "weft.log", arguments);
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  for (int i = 0; i < 50; ++i) write(*session);
  const std::string wanted = all(*source_);
  EXPECT_TRUE(wait_until(deadline_in(60s), [&] { return all(*target_) == wanted; })) << wanted << "\n---\n"
                                                                                     << all(*target_) << "\n"
                                                                                     << weft.log_tail();
}

INSTANTIATE_TEST_SUITE_P(All,
                         PairsTest,
                         ::testing::Combine(::testing::ValuesIn(kAllSides), ::testing::ValuesIn(kAllSides)),
                         [](const auto& of) {
                           return side_name(std::get<0>(of.param)) + "To" + side_name(std::get<1>(of.param));
                         });

}  // namespace
}  // namespace weft::live
