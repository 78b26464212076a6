// SPDX-License-Identifier: Apache-2.0
// Rng: a small seeded generator (splitmix64); the same seed gives the same sequence everywhere. Not for secrets.
// One owner, one thread.
#pragma once

#include <cstdint>

namespace weft {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t below(uint64_t bound) { return next() % bound; }

  // True `numerator` times in `denominator`.
  bool chance(uint64_t numerator, uint64_t denominator) { return below(denominator) < numerator; }

 private:
  uint64_t state_;
};

// A seed from the system's entropy, for server ids and jitter.
[[nodiscard]] uint64_t random_seed();

}  // namespace weft
