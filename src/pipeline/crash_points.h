// SPDX-License-Identifier: Apache-2.0
// Named points on the path of a change where a test may kill the process (PipelineOptions::at_point).
#pragma once

#include <array>
#include <string_view>

namespace weft {

inline constexpr std::array<std::string_view, 17> kCrashPoints = {"append.before",
                                                                  "append.after",
                                                                  "sync.before",
                                                                  "sync.after",
                                                                  "apply.before",
                                                                  "apply.after",
                                                                  "commit.before",
                                                                  "commit.after",
                                                                  "progress.before",
                                                                  "progress.after",
                                                                  "acknowledge.before",
                                                                  "acknowledge.after",
                                                                  "chunk_read.before",
                                                                  "chunk_read.after",
                                                                  "chunk_done.before",
                                                                  "chunk_done.after",
                                                                  "schema.after"};

}  // namespace weft
