// SPDX-License-Identifier: Apache-2.0
// Table states as an opening sees them, before anything runs: where they begin, what people asked of them, and what sends a
// table back to be copied again. One thread.
#pragma once

#include <vector>

#include "pipeline/opening.h"

namespace weft {

// Error code (kTransient): someone paused the pipeline; it waits.
inline constexpr std::string_view kPausedByHand = "paused-by-hand";

// Null if there is none of that name.
[[nodiscard]] SchemaRef find_schema(const std::vector<SchemaRef>& schemas, const TableName& name);

// A shape that is taken up anew, as the version behind the one that the target knows: what is kept under the highest number is
// the current one.
[[nodiscard]] SchemaRef next_version(const SchemaRef& now, const std::vector<SchemaRef>& persisted);

[[nodiscard]] TableStateRow first_state(const SchemaRef& schema, bool snapshot);
// The copy goes over rows that are there. Without a key none can be told from another: all go first.
void over_rows(const TableSchema& schema, Earlier earlier, TableStateRow& row);

// The step that goes with a table's being copied anew: what waits of its rows is superseded.
[[nodiscard]] DeadLetterStep forget_letters(const TableName& table, OpenSides& sides);

// Progress moves to sides.progress with what the group holds. REQUIRES: group.from is what is committed.
[[nodiscard]] Status write_states(Target& target, Group group, OpenSides& sides);

// Rows that a view showed may be of transactions that were lost when another server took over; the stream will never take
// them back. What was copied of such a table is forgotten, and copied anew (hard case 6).
[[nodiscard]] Status forget_views_of_others(Target& target, const SourceInfo& info, Opened& opened, OpenSides& sides);

// What weft pause and weft resume asked for, tables with too many dead letters, and children of tables that are set aside (hard case 12). A resumed table is
// copied again over its rows; one that does not fit stays where it is and says why.
[[nodiscard]] Status take_up_wishes(const PipelineOptions& options, Target& target, Opened& opened, OpenSides& sides);

}  // namespace weft
