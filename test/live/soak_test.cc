// SPDX-License-Identifier: Apache-2.0
// A day in ten minutes: load, and in random order whatever else may happen to a pipeline. Both sides are equal in the end, each
// source transaction has taken effect exactly once, and nothing has grown.
//   WEFT_SOAK=1             the full length, ten minutes (20 s)
//   WEFT_SOAK_SECONDS=n     another length
//   WEFT_SEED=n             repeats a run's choices; WEFT_KEEP_TMP=1 keeps the directories
#include "live/soak.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "live/soak_events.h"

namespace weft::live {
namespace {

using support::deadline_in;

std::chrono::seconds length() {
  const bool full = std::getenv("WEFT_SOAK") != nullptr;
  return std::chrono::seconds(number_from("WEFT_SOAK_SECONDS", full ? 600 : 20));
}

// Like cards: every kind comes up once before any comes up again.
class Deck {
 public:
  explicit Deck(Rng& rng) : rng_(rng) {}

  const SoakEvent& draw() {
    if (left_.empty()) left_ = soak_events();
    std::swap(left_[rng_.below(left_.size())], left_.back());
    drawn_ = left_.back();
    left_.pop_back();
    return drawn_;
  }

 private:
  Rng& rng_;
  std::vector<SoakEvent> left_;
  SoakEvent drawn_{};
};

void play_for(Soak& soak, std::chrono::seconds length) {
  const auto end = deadline_in(length);
  Deck deck(soak.rng());
  while (deadline_in(std::chrono::seconds(0)) < end) soak.play(deck.draw());
}

TEST(SoakTest, ADayOfMisfortunesEndsEqualAndNothingGrows) {
  if (auto why = missing(Engine::kMariaDb)) {
    std::printf("skipped: %s\n", why->c_str());
    GTEST_SKIP() << *why;
  }
  Soak soak(test_seed());
  try {
    soak.begin();
    play_for(soak, length());
    soak.finish();
    const Comparison result = soak.compare();
    std::printf("%s\n%s\n", soak.text().c_str(), result.text().c_str());
    soak.require(result.differences == 0, result.text());
    soak.expect_exactly_once();
    soak.expect_no_growth();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what() << "\n" << soak.story();
  }
}

}  // namespace
}  // namespace weft::live
