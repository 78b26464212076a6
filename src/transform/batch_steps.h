// SPDX-License-Identifier: Apache-2.0
// A batch taken through the steps: the same transactions at the same positions, with the changes that go on, as they go on.
//
//   Batch out = take_through(std::move(batch), plans, arena);
//
// What the steps leave alone is not copied: rows of which all columns go on are views of the batch that came. One thread, the
// one that owns `plans` and `arena`.
#pragma once

#include "base/slab.h"
#include "model/transaction.h"
#include "transform/plans.h"

namespace weft::transform {

[[nodiscard]] Batch take_through(Batch batch, Plans& plans, Arena& arena);

}  // namespace weft::transform
