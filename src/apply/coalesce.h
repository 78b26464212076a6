// SPDX-License-Identifier: Apache-2.0
// One net effect per key over a run of items; see plan.h for what coalescing keeps.
#pragma once

#include <vector>

#include "apply/plan.h"

namespace weft {

void coalesce(const std::vector<ApplyItem>& items, Plan& plan, bool merge_masks);

// The tables in an order where foreign-key parents come before children (cycles broken anywhere).
[[nodiscard]] std::vector<size_t> parents_first(const std::vector<TargetTableRef>& tables);

}  // namespace weft
