// SPDX-License-Identifier: Apache-2.0
// What the steps of a pipeline (TableSchema::taken) mean for its start: tables must not meet under one name, and rows that are
// at the target must have come through the same steps as those that follow. Pure.
#pragma once

#include <vector>

#include "base/result.h"
#include "target/target.h"

namespace weft {

// kConfig: rows of two tables would become rows of one.
[[nodiscard]] Status refuse_same_names(const std::vector<SchemaRef>& catalogue);
[[nodiscard]] Status refuse_same_targets(const std::vector<TargetTableRef>& tables);

// kConfig: a table that is followed was copied through other steps than those it would go through now. `persisted`: as the target
// knows the tables.
[[nodiscard]] Status refuse_other_steps(const std::vector<SchemaRef>& persisted,
                                        const std::vector<SchemaRef>& catalogue,
                                        const std::vector<TableStateRow>& states);

}  // namespace weft
