// SPDX-License-Identifier: Apache-2.0
// What targets of every engine refuse in the same words, and how they compare names. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"
#include "target/target.h"

namespace weft {

// As MySQL and SQLite compare names of columns, for ASCII.
[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b);

// "table shop.orders is missing ...": the errors among findings in one message, none if there are none.
[[nodiscard]] Status errors_of(const std::vector<Finding>& findings);

// What a commit means whose compare-and-set from `from` found `now`: kEpochLost or kProgressMoved.
[[nodiscard]] Error progress_moved(const std::string& pipeline,
                                   const Progress& from,
                                   const std::optional<Progress>& now);

// Progress of another source is refused, unless any may be. `where`: the target, in words.
[[nodiscard]] Status check_source(const std::optional<Progress>& now,
                                  const OpenRequest& request,
                                  std::string_view where);

// The operation that a letter was kept with; `box`: the table that it lies in.
[[nodiscard]] Result<Op> letter_op(std::string_view text, std::string_view box);

}  // namespace weft
