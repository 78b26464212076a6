// SPDX-License-Identifier: Apache-2.0
// Rates of faults per seed.
#include "sim/faults.h"

namespace weft::sim {
namespace {

struct Profile {
  std::string_view name;
  uint32_t rate_max;  // per million opportunities; opportunities differ in number by kind
};

constexpr std::array<Profile, kFaultCount> kProfiles = {{
    {"source-unreachable", 300'000}, {"stream-breaks", 20'000},
    {"stream-stalls", 50'000},       {"source-restarts", 4'000},
    {"source-fails-over", 1'500},    {"log-purged", 2'000},
    {"reader-fails", 60'000},        {"lock-wait-times-out", 300'000},
    {"target-unreachable", 200'000}, {"statement-fails", 20'000},
    {"disk-full", 20'000},           {"commit-answer-lost", 60'000},
    {"commit-lost", 60'000},         {"commit-late", 60'000},
    {"target-restarts", 6'000},      {"target-fails-over", 2'000},
    {"slow-rollback", 500'000},      {"crash", 12'000},
    {"crash-at-point", 12'000},      {"split-brain", 4'000},
    {"clean-stop", 4'000},           {"wall-jumps", 10'000},
}};

}  // namespace

std::string_view to_string(Fault fault) {
  return kProfiles[static_cast<size_t>(fault)].name;
}

void Faults::draw_rates() {
  rates_.fill(0);
  const uint64_t enabled_of_8 = rng_.below(9);
  for (size_t f = 0; f < kFaultCount; ++f) {
    const bool enabled = rng_.below(8) < enabled_of_8;
    const auto rate = static_cast<uint32_t>(rng_.below(kProfiles[f].rate_max) + 1);
    if (enabled) rates_[f] = rate;
  }
}

bool Faults::hit(Fault fault) {
  const auto f = static_cast<size_t>(fault);
  if (forced_[f] > 0) {
    --forced_[f];
    ++counts_[f];
    return true;
  }
  if (rates_[f] == 0 || rng_.below(1'000'000) >= rates_[f]) return false;
  ++counts_[f];
  return true;
}

}  // namespace weft::sim
