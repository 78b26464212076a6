// SPDX-License-Identifier: Apache-2.0
// Kills weft, the source server and the target server under load, again and again, and proves at the end that each
// source transaction took effect exactly once, and on the way that every read of the target was consistent.
//   WEFT_KILLS=200   how many kills of weft (30); a tenth of that many crashes of each server comes on top
//   WEFT_SEED=n      repeats a run's choices; WEFT_KEEP_TMP=1 keeps the directories
#include <cstdio>

#include "base/rng.h"
#include "base/text.h"
#include "live/compare.h"
#include "live/rig.h"
#include "live/shop.h"
#include "live/shop_proof.h"
#include "live/watcher.h"
#include "pipeline/crash_points.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;

class KillLoopTest : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) {
      std::printf("skipped: %s\n", why->c_str());
      GTEST_SKIP() << *why;
    }
    seed_ = test_seed();
    rng_.emplace(seed_);
    rig_.emplace(GetParam());
    auto target = rig_->target_session();
    create_shop_target(target);
    shop_.emplace(*rig_->source, ShopOptions{.seed = seed_});
    shop_->create();
    watcher_.emplace(rig_->to());
  }

  // One life of weft: killed at a named point, or at a random moment of its start or after it. What ends it otherwise
  // is a failure.
  void live_and_die(int kill) {
    std::vector<std::string> env;
    std::string how = "at a moment";
    const bool at_point = rng_->chance(1, 2);
    if (at_point) {
      std::string_view point = kCrashPoints[rng_->below(kCrashPoints.size())];
      while (watcher_->consistent() && point.starts_with("chunk"))
        point = kCrashPoints[rng_->below(kCrashPoints.size())];
      how = cat(point, ":", 1 + rng_->below(point.starts_with("chunk") ? 4 : 20));
      env.push_back("WEFT_CRASH_AT=" + how);
    }
    WeftProcess weft(rig_->log(), arguments(), env);
    std::optional<support::ExitStatus> ended;
    if (at_point) {
      ended = lived(weft, deadline_in(10s));
      if (ended && ended->signal == SIGKILL) ++points_hit_;
    } else if (rng_->chance(1, 3)) {
      ended = lived(weft, deadline_in(std::chrono::milliseconds(10 + rng_->below(1000))));
    } else {
      (void)support::wait_until(deadline_in(15s), [&] { return !weft.running() || is_under_way(weft); });
      ended = lived(weft, deadline_in(std::chrono::milliseconds(rng_->below(2500))));
    }
    if (!ended) {
      weft.kill(SIGKILL);
      ended = weft.wait_exit(deadline_in(10s));
    }
    ASSERT_TRUE(ended) << "weft survives SIGKILL";
    ASSERT_EQ(ended->signal, SIGKILL) << "kill " << kill << " (" << how << ") ended by itself: " << ended->text()
                                      << "\n"
                                      << weft.log_tail();
  }

  std::vector<std::string> flags() const {
    std::vector<std::string> flags;
    if (on_disk_) flags = {"--journal", cat("file:", (rig_->dir.path() / "journal").string())};
    if (rough_) flags.insert(flags.end(), {"--on-bad-row", "dead-letter", "--schema-changes", "evolve"});
    return flags;
  }

  std::vector<std::string> arguments() const { return rig_->run_arguments(flags()); }

  // Tables that no invariant speaks of refuse some of their rows from now on, one of them without a key.
  void refuse_some_rows() {
    rig_->target_session().exec(
        "ALTER TABLE pairs ADD CONSTRAINT picky CHECK (v % 7 <> 3); ALTER TABLE loose ADD CONSTRAINT picky CHECK (a % "
        "5 "
        "<> 1); ALTER TABLE events ADD CONSTRAINT picky CHECK (at <> 13)");
  }

  void change_a_shape(int number) {
    rig_->source->exec(cat("ALTER TABLE shop.loose ADD extra", number, " INT NOT NULL DEFAULT ", number));
    if (number % 2 == 0) rig_->source->exec(cat("ALTER TABLE shop.loose MODIFY b VARCHAR(", 50 + number, ")"));
  }

  // What the target refused is all that it lacks.
  void take_all_rows() {
    rig_->target_session().exec(
        "ALTER TABLE pairs DROP CONSTRAINT picky; ALTER TABLE loose DROP CONSTRAINT picky; ALTER TABLE events DROP "
        "CONSTRAINT picky");
    std::printf("%s dead letters at the end\n", rig_->at_target("SELECT count(*) FROM _weft.dead_letter").c_str());
    const WeftResult replayed =
        run_weft({"dead-letters", "replay", "--from", rig_->from(), "--to", rig_->to()}, deadline_in(120s));
    EXPECT_EQ(replayed.code, 0) << replayed.out;
  }

  static bool is_under_way(WeftProcess& weft) {
    const std::string state = weft.state();
    return state == "snapshotting" || state == "streaming";
  }

  // Waits for its end, and tells the watcher when the target becomes consistent.
  std::optional<support::ExitStatus> lived(WeftProcess& weft, support::Deadline deadline) {
    std::optional<support::ExitStatus> ended;
    (void)support::wait_until(deadline, [&] {
      if (!watcher_->consistent() && !weft.http_address().empty()) note_consistency(weft);
      ended = weft.wait_exit(deadline_in(0ms));
      return ended.has_value();
    });
    return ended;
  }

  void note_consistency(WeftProcess& weft) {
    if (!weft.consistent()) return;
    audited_from_ = audit_end(*rig_);
    watcher_->expect_consistent();
  }

  // A server dies and comes back under a running weft, which must go on by itself.
  void crash_server(bool source) {
    WeftProcess weft(rig_->log(), arguments());
    (void)support::wait_until(deadline_in(15s), [&] { return !weft.running() || is_under_way(weft); });
    ASSERT_FALSE(lived(weft, deadline_in(std::chrono::milliseconds(rng_->below(1500))))) << weft.log_tail();
    if (source) {
      rig_->source->crash();
      rig_->source->start();
    } else {
      rig_->target.crash();
      rig_->target.start();
    }
    const std::string head = rig_->source->value("SELECT n FROM shop.ledger_head");
    EXPECT_TRUE(caught_up_to(weft, head))
        << (source ? "source" : "target") << " crashed; not caught up to ledger " << head << "\n"
        << weft.log_tail() << "\n"
        << weft.status();
    if (HasFailure()) return;
    weft.crash();
    // What the next crash of the target may take back, or not.
    rig_->target.exec(cat("ALTER DATABASE shop SET synchronous_commit = ", rng_->chance(1, 2) ? "off" : "on"));
  }

  bool caught_up_to(WeftProcess& weft, const std::string& head) {
    return ledger_reaches(*rig_, weft, head, [&] {
      if (!watcher_->consistent()) note_consistency(weft);
    });
  }

  void expect_equal_and_audited() {
    auto source = rig_->source_session();
    auto target = rig_->target_session();
    const Comparison result = compare_tables(source, target, "shop", shop_tables());
    EXPECT_EQ(result.differences, 0u) << result.text();
    EXPECT_EQ(audit_breaches(*rig_, audited_from_), "");
    std::printf(
        "%s: %llu source transactions, %llu consistent reads, %llu rows and %llu cells equal, %s audited changes, "
        "%d deaths at named points\n",
        engine_name(GetParam()).c_str(),
        static_cast<unsigned long long>(shop_->committed()),
        static_cast<unsigned long long>(watcher_->reads()),
        static_cast<unsigned long long>(result.rows),
        static_cast<unsigned long long>(result.cells),
        rig_->at_target(cat("SELECT count(*) FROM audit WHERE at > ", audited_from_)).c_str(),
        points_hit_);
  }

  // Kills weft and crashes servers under load, then proves that both sides are equal.
  void play(int kills);

  bool on_disk_ = false;  // the journal
  bool rough_ = false;    // bad rows and changes of shape in the load
  uint64_t seed_ = 0;
  std::optional<Rng> rng_;
  std::optional<Rig> rig_;
  std::optional<Shop> shop_;
  std::optional<Watcher> watcher_;
  std::string audited_from_ = "0";
  int points_hit_ = 0;
};

void KillLoopTest::play(int kills) {
  if (rough_) refuse_some_rows();
  shop_->start();
  const int every = 10;
  for (int kill = 1; kill <= kills && !HasFailure(); ++kill) {
    if (rough_ && watcher_->consistent()) change_a_shape(kill);
    live_and_die(kill);
    if (kill % every == 0 && !HasFailure()) crash_server(true);
    if (kill % every == 5 && !HasFailure()) crash_server(false);
    if (!watcher_->breach().empty()) ADD_FAILURE() << "after kill " << kill << ": " << watcher_->breach();
  }
  shop_->stop();
  EXPECT_EQ(shop_->trouble(), "");
  if (HasFailure()) return;
  {
    // Streaming at least once before the end, so that the invariants were asked for.
    WeftProcess weft(rig_->log(), arguments());
    ASSERT_TRUE(weft.wait_consistent(deadline_in(120s))) << weft.log_tail() << weft.status();
    if (!watcher_->consistent()) note_consistency(weft);
    weft.crash();
  }
  std::vector<std::string> until_now = flags();
  until_now.insert(until_now.end(), {"--until", "now"});
  const WeftResult last = rig_->run(until_now);
  ASSERT_EQ(last.code, 0) << last.out;
  if (rough_) take_all_rows();
  watcher_->stop();
  EXPECT_EQ(watcher_->breach(), "");
  EXPECT_EQ(rig_->at_target(shop_breaches_sql()), "");
  expect_equal_and_audited();
}

TEST_P(KillLoopTest, EachTransactionTakesEffectExactlyOnceWhateverDies) {
  play(number_from("WEFT_KILLS", 30));
}

TEST_P(KillLoopTest, EachTransactionTakesEffectExactlyOnceWithAJournalOnDisk) {
  on_disk_ = true;
  play(std::max(number_from("WEFT_KILLS", 30) / 3, 5));
}

TEST_P(KillLoopTest, EachTransactionTakesEffectExactlyOnceWithBadRowsAndChangesOfShape) {
  rough_ = true;
  play(std::max(number_from("WEFT_KILLS", 30) / 3, 5));
}

INSTANTIATE_TEST_SUITE_P(Sources,
                         KillLoopTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& of) { return engine_name(of.param); });

}  // namespace
}  // namespace weft::live
