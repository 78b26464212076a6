// SPDX-License-Identifier: Apache-2.0
// Repair by kept keys (hard case 6): another server took over that lacks the last transactions of the target. The target has
// kept which rows its transactions of the last minutes changed, so the stream goes on from the newest of its positions that the
// server has, and only those rows are compared with the source. One thread, while a cycle opens.
#pragma once

#include <vector>

#include "pipeline/opening.h"

namespace weft {

// Puts the source behind a position of before, and the tables whose rows changed since then into the state in which they are
// mended. False: what was kept does not reach that far, or is not enough; every table has to be compared.
[[nodiscard]] Result<bool> mend_by_kept_keys(
    const PipelineOptions& options, Source& source, Target& target, Opened& opened, OpenSides& sides);

// Reads the keys of the tables that are being mended, into sides.kept. Where they are not there any more the table's state
// becomes that of one that is compared whole.
[[nodiscard]] Status read_kept_keys(Target& target, std::vector<TableStateRow>& states, OpenSides& sides);

}  // namespace weft
