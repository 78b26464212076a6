// SPDX-License-Identifier: Apache-2.0
#include "verify/drill.h"

#include <utility>

namespace weft::verify {
namespace {

class Drill {
 public:
  Drill(const TablePair& pair, const std::function<bool(const Digest&)>& takes, const DrillLimits& limits)
      : pair_(pair), takes_(takes), limits_(limits) {}

  Status read(Side side, SideReader& reader, const KeyRange& range) {
    RowDigester digest(pair_, side);
    const auto on_row = [&](Row row) {
      const RowDigests digests = digest(row);
      return !takes_(digests.key) || add(side, row, digests);
    };
    return reader.scan(pair_.schema[static_cast<size_t>(side)], range, on_row, [&] { again_ = true; });
  }

  Drilled take() { return std::move(found_); }

  // A read began anew: what was counted is of no use.
  [[nodiscard]] bool again() const { return again_; }

 private:
  // False: enough.
  bool add(Side side, Row row, const RowDigests& digests) {
    if (found_.suspects.size() >= limits_.rows * 2) {
      found_.cut_off = true;
      return false;
    }
    if (pair_.keyless()) {
      Suspect& suspect = found_.suspects[digests.key];
      suspect.surplus += side == Side::kSource ? 1 : -1;
      if (suspect.surplus == 0) found_.suspects.erase(digests.key);
      return true;
    }
    const auto [at, fresh] = found_.suspects.try_emplace(digests.key);
    Suspect& suspect = at->second;
    if (!fresh && side == Side::kTarget && suspect.seen == digests.row) {
      found_.suspects.erase(at);
      return true;
    }
    suspect.seen = digests.row;
    suspect.key[static_cast<size_t>(side)] = key_of(*pair_.schema[static_cast<size_t>(side)], row);
    return true;
  }

  const TablePair& pair_;
  const std::function<bool(const Digest&)>& takes_;
  DrillLimits limits_;
  Drilled found_;
  bool again_ = false;
};

}  // namespace

Result<Drilled> drill(const TablePair& pair,
                      const Readers& readers,
                      const KeyRange ranges[2],
                      const std::function<bool(const Digest& key)>& takes,
                      const DrillLimits& limits) {
  constexpr int kTries = 3;
  for (int i = 1;; ++i) {
    Drill both(pair, takes, limits);
    TRY(both.read(Side::kSource, readers.of(Side::kSource), ranges[0]));
    TRY(both.read(Side::kTarget, readers.of(Side::kTarget), ranges[1]));
    if (!both.again() || i == kTries) return both.take();
  }
}

}  // namespace weft::verify
