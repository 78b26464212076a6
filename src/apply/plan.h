// SPDX-License-Identifier: Apache-2.0
// Turns a ticket's items into table batches: coalesced (one net effect per key, tables in foreign-key order), or in source
// order. Pure; the rows of the plan live in the items' bytes and in the plan's arena.
//
// Coalescing keeps: the state after the plan is the state after the items in order, for every key (masks of partial updates
// merge). It does not keep: intermediate states, so unique values that wander between rows may fail here on a legal history;
// the caller then asks for a more careful mode, which can't.
#pragma once

#include <vector>

#include "apply/ticket.h"
#include "base/slab.h"

namespace weft {

struct PlannedBatch {
  TableBatch batch;
  bool exact = true;  // the number of rows touched must equal the number of rows given
};

struct Plan {
  explicit Plan(size_t slab_bytes = 64u << 10) : arena(slab_bytes) {}

  std::vector<PlannedBatch> batches;
  Arena arena;                 // merged rows
  std::vector<SlabRef> slabs;  // of the arena
};

// Whether repeated changes of one key may be merged: not for keyless tables and not where triggers would see the difference.
[[nodiscard]] bool coalescible(const TargetTable& table);

// `merge_masks` is the guard of hard case 2; only the simulator takes it out.
void plan_items(const std::vector<ApplyItem>& items, ApplyMode mode, Plan& plan, bool merge_masks = true);

}  // namespace weft
