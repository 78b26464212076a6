// SPDX-License-Identifier: Apache-2.0
// Replays dead letters at a target. The letters of one row are one chain: what they make of the row in the end is put there,
// and they leave the box, in one target transaction. Chains go by age, again and again while any is applied (one may need what
// another frees); then the rows of a table that stand in each other's way go together. Beside a process that runs the pipeline,
// or without one: nothing is taken over. A letter behind one of its row that was not chosen waits on.
//
//   TRY_ASSIGN(const ReplayReport report, replay_letters(target, "shop", {}, tell));
//
// One thread; the target is this call's alone.
#pragma once

#include <functional>
#include <string>

#include "target/target.h"

namespace weft {

struct ReplayReport {
  uint64_t applied = 0;  // letters
  uint64_t failed = 0;   // the target still can't take them
  uint64_t waiting = 0;  // behind one that was not chosen
};

// Called with each letter that stays, by its number and table, and why.
using ReplayTell = std::function<void(uint64_t id, const std::string& table, const Error& why)>;

[[nodiscard]] Result<ReplayReport> replay_letters(Target& target,
                                                  const std::string& pipeline,
                                                  const DeadLetterChoice& choice,
                                                  const ReplayTell& tell);

}  // namespace weft
