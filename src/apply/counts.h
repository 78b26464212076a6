// SPDX-License-Identifier: Apache-2.0
// I10: a change that hit no row, or more than it should, is never silent. Pure but for a line in the log.
#pragma once

#include <string_view>

#include "apply/plan.h"

namespace weft {

inline constexpr std::string_view kCountMismatch =
    "count-mismatch";  // kData: a batch touched other rows than it should

struct RowCounts {
  uint64_t missed = 0;       // rows that deletes did not find
  uint64_t key_actions = 0;  // rows that foreign-key actions changed
};

// Compares what the batches of a plan touched with what they should have. With rows one by one a deletion that finds nothing
// is counted and told; everything else is an error.
[[nodiscard]] Result<RowCounts> check_counts(const Plan& plan, const PrepareReport& report, ApplyMode mode);

}  // namespace weft
