// SPDX-License-Identifier: Apache-2.0
// What one change of the stream means for a table that is being copied: pure decisions, apart from the Merge that holds the
// state. See merge.h for the rules.
#pragma once

#include "model/transaction.h"
#include "snapshot/merge.h"

namespace weft {

// The key that the row has after the change: new values over old ones.
[[nodiscard]] OwnedRow key_after(const RowChange& change);
// Whether every value of the new image is known.
[[nodiscard]] bool full_after(const RowChange& change);

// `loose`: the target may be ahead of the stream, or weft can't tell whether the row is there.
[[nodiscard]] Verdict judge_change(const RowChange& change, Presence present, bool loose);

}  // namespace weft
