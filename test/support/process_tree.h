// SPDX-License-Identifier: Apache-2.0
// The children of a process, remembered so that a recycled pid is never taken for one of them.
//   auto backends = children_of(postmaster); kill(postmaster); wait_until(..., [&] { return none_alive(backends); });
// Plain values; any thread.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace weft::support {

struct ProcessMark {
  pid_t pid;
  std::string start_time;  // as /proc tells it; pid and start time together are unique
};

[[nodiscard]] std::vector<ProcessMark> children_of(pid_t parent);

// Zombies count as gone.
[[nodiscard]] bool none_alive(const std::vector<ProcessMark>& marks);

// Sends a signal to those still alive.
void kill_all(const std::vector<ProcessMark>& marks, int signal);

}  // namespace weft::support
