// SPDX-License-Identifier: Apache-2.0
// Fixed seeds, among them every one that once found a bug; determinism; the world's own honesty.
#include <algorithm>

#include <gtest/gtest.h>

#include "base/log.h"
#include "sim/driver.h"

namespace weft::sim {
namespace {

class Quiet : public ::testing::Environment {
 public:
  void SetUp() override { configure_log({LogFormat::kText, LogLevel::kError}); }
};

const auto* const kQuietLog = ::testing::AddGlobalTestEnvironment(new Quiet);

TEST(Sim, SeedsThatOnceFoundABugPass) {
  ASSERT_NE(kQuietLog, nullptr);
  for (const uint64_t seed :
       {10,  15,  27,   35,   38,   62,   66,   79,   84,   86,   101,  192,  194,  228,   236,   283,  291, 292,
        339, 404, 1360, 2529, 3018, 3141, 3749, 4920, 5354, 5561, 6425, 6746, 5004, 16733, 26391, 7513, 9095}) {
    const auto as_then = [](Plan& plan) {  // nothing was poisoned when they were found
      plan.target.poisoned = plan.workload.poison = false;
      plan.pipeline.on_bad_row = BadRow::kStop;
    };
    const Verdict verdict = simulate({seed, false, as_then, {}});
    EXPECT_TRUE(verdict.ok) << "seed " << seed << ": " << verdict.violation;
  }
}

// With a target that refuses some rows.
TEST(Sim, SeedsThatOnceFoundABugInDeadLettersPass) {
  for (const uint64_t seed : {65,  127, 162, 223, 231,  235,  252,  352,  360,  378,  455,
                              515, 637, 764, 911, 1387, 1652, 1774, 1969, 2103, 2701, 5387}) {
    EXPECT_TRUE(draw_plan(seed).target.poisoned) << "seed " << seed << " plays something else by now";
    const Verdict verdict = simulate({seed, false, {}, {}});
    EXPECT_TRUE(verdict.ok) << "seed " << seed << ": " << verdict.violation;
  }
}

// The keys by which a table was to be mended are gone before it is: the whole of it is compared.
TEST(Sim, hard_case_06_ASeedThatLostTheKeysOfARepairPasses) {
  constexpr uint64_t kSeed = 6040;
  ASSERT_EQ(draw_plan(kSeed).pipeline.on_lost_position, LostPosition::kRepair) << "it plays something else by now";
  const Verdict verdict = simulate({kSeed, false, {}, {}});
  EXPECT_TRUE(verdict.ok) << verdict.violation;
}

TEST(Sim, TheSameSeedGivesTheSameBytes) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const Verdict first = simulate({seed, true, {}, {}});
    const Verdict second = simulate({seed, true, {}, {}});
    EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
    EXPECT_FALSE(first.trace.empty());
  }
}

// That every seed passes is the claim of sim_seeds; here they are played until each fault was seen.
TEST(Sim, EveryKindOfFaultStrikes) {
  std::array<uint64_t, kFaultCount> struck{};
  const auto all = [&] { return std::all_of(struck.begin(), struck.end(), [](uint64_t n) { return n > 0; }); };
  for (uint64_t seed = 1; seed <= 500 && !all(); ++seed) {
    const Verdict verdict = simulate({seed, false, {}, {}});
    EXPECT_TRUE(verdict.ok) << "seed " << seed << ": " << verdict.violation;
    for (size_t f = 0; f < kFaultCount; ++f) struck[f] += verdict.faults[f];
  }
  for (size_t f = 0; f < kFaultCount; ++f) EXPECT_GT(struck[f], 0u) << to_string(static_cast<Fault>(f));
}

TEST(Sim, WithoutFaultsEveryProcessEndsAsItWasTold) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const auto unbounded = [](Plan& plan) { plan.pipeline.until = Until::kForever; };
    const Verdict verdict = simulate({seed, false, unbounded, [](Faults& faults) { faults.stop(); }});
    EXPECT_TRUE(verdict.ok) << "seed " << seed << ": " << verdict.violation;
    EXPECT_FALSE(verdict.stopped_for_good);
    EXPECT_EQ(verdict.processes, 1u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weft::sim
