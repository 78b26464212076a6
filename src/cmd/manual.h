// SPDX-License-Identifier: Apache-2.0
// Man pages and completions, made from the tables that --help is made from. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cmd/commands.h"

namespace weft {

// weft(1): the commands, exit codes, files.
[[nodiscard]] std::string man_page(std::span<const Command> commands);
// weft-run(1)
[[nodiscard]] std::string man_page(const Command& command);

enum class Shell { kBash, kZsh, kFish };

[[nodiscard]] std::string completion_script(Shell shell, std::span<const Command> commands);

}  // namespace weft
