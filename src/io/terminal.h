// SPDX-License-Identifier: Apache-2.0
// What a terminal is and how wide it is. Any thread.
#pragma once

#include <cstddef>

namespace weft {

struct TerminalSize {
  size_t columns = 80;
  size_t rows = 24;
};

[[nodiscard]] bool is_terminal(int fd);
[[nodiscard]] TerminalSize terminal_size(int fd);  // 80x24 where it can't be told

}  // namespace weft
