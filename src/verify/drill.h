// SPDX-License-Identifier: Apache-2.0
// The second look: rows of ranges or buckets whose sums differ, one by one. What is the same on both sides cancels out; what is
// left are suspects, to be looked at again (settle.h). Memory is bounded by the number of suspects that are kept at once.
// One thread.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "verify/scan.h"

namespace weft::verify {

// A row that differed when it was read.
struct Suspect {
  std::optional<OwnedRow> key[2];  // by Side: its key where the row was seen; none without a key
  int64_t surplus = 0;             // without a key: how many more the source has
  Digest seen;                     // of the row first seen
};

using Suspects = std::unordered_map<Digest, Suspect, DigestHash>;  // by the digest of the key

struct DrillLimits {
  size_t rows = 100000;  // rows of the source that are held at once, and suspects
};

struct Drilled {
  Suspects suspects;
  bool cut_off = false;  // there are more than the limit allows for
};

// Rows of both ranges whose digests `takes` says yes to. REQUIRES: about limits.rows of them at the source at most.
[[nodiscard]] Result<Drilled> drill(const TablePair& pair,
                                    const Readers& readers,
                                    const KeyRange ranges[2],
                                    const std::function<bool(const Digest& key)>& takes,
                                    const DrillLimits& limits);

}  // namespace weft::verify
