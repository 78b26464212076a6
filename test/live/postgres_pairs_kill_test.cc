// SPDX-License-Identifier: Apache-2.0
// PostgreSQL to PostgreSQL: weft, the source server and the target server die under load, and each source transaction
// takes effect exactly once; from the first moment of consistency on every read of the target shows whole transactions.
//   WEFT_KILLS=100   how many kills at random moments (15); WEFT_SEED=n repeats a run's choices
#include <algorithm>
#include <cstdio>

#include "base/rng.h"
#include "live/postgres_pair_fixture.h"
#include "live/rig.h"
#include "live/transfers.h"
#include "live/watcher.h"
#include "pipeline/crash_points.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class PostgresPairsKill : public PostgresPairFixture {
 protected:
  void SetUp() override {
    PostgresPairFixture::SetUp();
    if (IsSkipped()) return;
    const uint64_t seed = test_seed();
    rng_.emplace(seed);
    transfers_.emplace(*pair_, seed);
    watcher_.emplace(pair_->to(), Transfers::breaches_sql());
    transfers_->start();
  }

  // Lets it live until it dies by itself or the time is over, and then kills it; true if it died by itself. The watcher
  // is told when the target becomes consistent.
  bool live_and_die(WeftProcess& weft, std::chrono::milliseconds limit, const std::string& how) {
    const bool ended = support::wait_until(deadline_in(limit), [&] {
      note_consistency(weft);
      return !weft.running();
    });
    if (!ended) weft.kill(SIGKILL);
    const auto status = weft.wait_exit(deadline_in(10s));
    EXPECT_TRUE(status && status->signal == SIGKILL)
        << how << ": " << (status ? status->text() : "survives SIGKILL") << "\n"
        << weft.log_tail();
    EXPECT_EQ(watcher_->breach(), "") << how;
    return ended;
  }

  void note_consistency(WeftProcess& weft) {
    if (!watcher_->consistent() && weft.consistent()) watcher_->expect_consistent();
  }

  static bool is_under_way(WeftProcess& weft) {
    const std::string state = weft.state();
    return state == "snapshotting" || state == "streaming";
  }

  // Whether moves that are made from now on arrive.
  bool follows() {
    const std::string sql = "SELECT coalesce(max(no), 0) FROM ledger WHERE writer = 1";
    const auto made = std::stoull(pair_->at_source(sql));
    return support::wait_until(deadline_in(90s), [&] { return std::stoull(pair_->at_target(sql)) > made; });
  }

  // A server that dies and comes back under a running weft, which goes on by itself.
  void crash_again_and_again(support::PostgresServer& server) {
    WeftProcess weft = streaming();
    note_consistency(weft);
    for (int crash = 0; crash < 3 && !HasFailure(); ++crash) {
      EXPECT_TRUE(follows()) << weft.status() << weft.log_tail();
      server.crash();
      server.start();
    }
    EXPECT_TRUE(follows()) << weft.status() << weft.log_tail();
    weft.crash();
    conclude();
  }

  // No more load: both sides come to be equal, and no read showed anything but whole transactions.
  void conclude(const std::vector<std::string>& flags = {}) {
    transfers_->stop();
    EXPECT_EQ(transfers_->trouble(), "");
    if (HasFailure()) return;
    {
      WeftProcess weft = streaming(flags);
      note_consistency(weft);
      EXPECT_TRUE(becomes_equal(weft));
      weft.crash();
    }
    const WeftResult last = run_until_now(flags);
    EXPECT_EQ(last.code, 0) << last.out;
    watcher_->stop();
    EXPECT_EQ(watcher_->breach(), "");
    EXPECT_EQ(pair_->at_target(Transfers::breaches_sql()), "");
    EXPECT_TRUE(pair_->equal());
    std::printf("%llu source transactions, %llu consistent reads\n",
                static_cast<unsigned long long>(transfers_->committed()),
                static_cast<unsigned long long>(watcher_->reads()));
  }

  std::optional<Rng> rng_;
  std::optional<Transfers> transfers_;
  std::optional<Watcher> watcher_;
};

TEST_F(PostgresPairsKill, EachTransactionTakesEffectOnceWheneverWeftDies) {
  const int kills = number_from("WEFT_KILLS", 15);
  for (int kill = 1; kill <= kills && !HasFailure(); ++kill) {
    WeftProcess weft = start();
    // Or at any moment of its start.
    if (rng_->chance(2, 3))
      (void)support::wait_until(deadline_in(15s), [&] { return !weft.running() || is_under_way(weft); });
    live_and_die(weft, std::chrono::milliseconds(10 + rng_->below(2000)), cat("kill ", kill));
  }
  conclude();
}

TEST_F(PostgresPairsKill, EachTransactionTakesEffectOnceAtWhateverPointWeftDies) {
  const std::vector<std::string> flags = {"--journal", cat("file:", (pair_->dir.path() / "journal").string())};
  int hit = 0;
  std::vector<std::string_view> points(kCrashPoints.begin(), kCrashPoints.end());
  std::erase(points, "schema.after");  // no shape changes here
  // Those of a copy come first, while there is something to copy.
  std::ranges::stable_partition(points, [](std::string_view point) { return point.starts_with("chunk"); });
  for (const std::string_view point : points) {
    if (HasFailure()) break;
    const std::string how = cat(point, ":", 1 + rng_->below(point.starts_with("chunk") ? 2 : 10));
    WeftProcess weft = start(flags, {"WEFT_CRASH_AT=" + how});
    hit += live_and_die(weft, 8s, how) ? 1 : 0;
  }
  std::printf("%d deaths at %zu points\n", hit, points.size());
  conclude(flags);
}

TEST_F(PostgresPairsKill, EachTransactionTakesEffectOnceWhenTheSourceServerDies) {
  crash_again_and_again(pair_->source);
}

TEST_F(PostgresPairsKill, EachTransactionTakesEffectOnceWhenTheTargetServerDies) {
  crash_again_and_again(pair_->target);
}

}  // namespace
}  // namespace weft::live
