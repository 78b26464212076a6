// SPDX-License-Identifier: Apache-2.0
// The commands of the binary: each takes the words after its name and gives the exit code (kExit...).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "cmd/arguments.h"
#include "control/config.h"

namespace weft {

inline constexpr int kExitDone = 0;         // also after a clean drain
inline constexpr int kExitFailed = 1;       // after the first change had moved
inline constexpr int kExitUsage = 2;        // command line or configuration: nothing was contacted
inline constexpr int kExitBeforeStart = 3;  // found before the first change moved
inline constexpr int kExitDifferent = 4;    // verify: differences were found
inline constexpr int kExitTaken = 5;        // another process runs this pipeline

using Words = std::vector<std::string>;

[[nodiscard]] int run_main(const Words& words);
[[nodiscard]] int check_main(const Words& words);
[[nodiscard]] int setup_main(const Words& words);
[[nodiscard]] int teardown_main(const Words& words);
[[nodiscard]] int verify_main(const Words& words);
[[nodiscard]] int status_main(const Words& words);
[[nodiscard]] int pause_main(const Words& words);
[[nodiscard]] int resume_main(const Words& words);
[[nodiscard]] int dead_letters_main(const Words& words);
[[nodiscard]] int journal_main(const Words& words);
[[nodiscard]] int demo_main(const Words& words);
[[nodiscard]] int help_main(const Words& words);
[[nodiscard]] int completion_main(const Words& words);
[[nodiscard]] int version_main(const Words& words);

[[nodiscard]] CommandSpec run_command();
[[nodiscard]] CommandSpec check_command();
[[nodiscard]] CommandSpec setup_command();
[[nodiscard]] CommandSpec teardown_command();
[[nodiscard]] CommandSpec verify_command();
[[nodiscard]] CommandSpec status_command();
[[nodiscard]] CommandSpec pause_command();
[[nodiscard]] CommandSpec resume_command();
[[nodiscard]] CommandSpec dead_letters_command();
[[nodiscard]] CommandSpec journal_command();
[[nodiscard]] CommandSpec demo_command();
[[nodiscard]] CommandSpec help_command();
[[nodiscard]] CommandSpec completion_command();
[[nodiscard]] CommandSpec version_command();

struct Command {
  std::string_view name;
  int (*run)(const Words& words);
  CommandSpec (*spec)();
  std::string_view what;
};

// All of this binary (command_table.cc). Help, man pages and completions are made from it.
[[nodiscard]] std::span<const Command> commands();
[[nodiscard]] const Command* find_command(std::string_view name);  // nullptr: there is none
// What `weft --help` prints.
[[nodiscard]] std::string overview_text();

// The flags that say which pipeline (those of section `from`, `to` and the top of a pipeline file).
[[nodiscard]] std::vector<FlagSpec> pipeline_flags();

// The words after the command's name, or the exit code where that is all there is to do: an error was printed, or --help.
struct Parsed {
  Arguments arguments;
  std::optional<int> code;
};

[[nodiscard]] Parsed parse_or_help(const CommandSpec& command, const Words& words);

// What --log-format says, before anything else is known to be right.
[[nodiscard]] LogFormat log_format_of(const Words& words);
// Prints a configuration or command line error; kExitUsage.
[[nodiscard]] int usage_error(const Error& error, LogFormat format = LogFormat::kText);

// Reads FILE and flags into a configuration. Errors are usage errors.
[[nodiscard]] Result<PipelineConfig> config_of(const CommandSpec& command, const Arguments& arguments);
// The same for commands that also take the NAME of a pipeline that runs on this machine in place of FILE.
[[nodiscard]] Result<PipelineConfig> named_config_of(const CommandSpec& command, const Arguments& arguments);

// "0.1.0", and with the commit.
[[nodiscard]] std::string version_text();
[[nodiscard]] std::string version_number();

}  // namespace weft
