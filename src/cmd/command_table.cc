// SPDX-License-Identifier: Apache-2.0
// The commands: one row each, from which the command line, help, man pages and completions are made.
#include <algorithm>

#include "base/text.h"
#include "cmd/commands.h"

namespace weft {
namespace {

constexpr Command kCommands[] = {
    {"run", weft::run_main, weft::run_command, "the pipeline: copies what is there, then follows"},
    {"check", weft::check_main, weft::check_command, "what would stop or surprise, with the statement that mends it"},
    {"setup", weft::setup_main, weft::setup_command, "makes what weft needs at the target, or prints its SQL"},
    {"teardown", weft::teardown_main, weft::teardown_command, "removes what weft keeps at the target"},
    {"verify", weft::verify_main, weft::verify_command, "compares both sides row by row, and repairs what differs"},
    {"status", weft::status_main, weft::status_command, "states and lag, per table and per target"},
    {"pause", weft::pause_main, weft::pause_command, "sets tables aside, or lets the pipeline wait"},
    {"resume", weft::resume_main, weft::resume_command, "takes them up again, copied over what is there"},
    {"dead-letters",
     weft::dead_letters_main,
     weft::dead_letters_command,
     "changes that the target could not take: list, show, replay, discard"},
    {"journal", weft::journal_main, weft::journal_command, "what a file journal holds: journal inspect DIR"},
    {"demo", weft::demo_main, weft::demo_command, "a demonstration that proves itself"},
    {"help", weft::help_main, weft::help_command, "a command's help, or its man page"},
    {"completion", weft::completion_main, weft::completion_command, "words for the Tab key of bash, zsh or fish"},
    {"version", weft::version_main, weft::version_command, "version, commit, engines built in"},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  return found == std::end(kCommands) ? nullptr : &*found;
}

std::string overview_text() {
  std::string out =
      "  weft run --from mysql://app:secret@10.0.0.5:3306/shop --to postgresql://app@10.0.0.9/shop\n\n"
      "Keeps data in step between databases, in order, with the effect of exactly once.\n\n"
      "usage: weft COMMAND ...\n\n";
  for (const Command& command : kCommands) {
    out += cat("  ", command.name, std::string(14 - command.name.size(), ' '), command.what, "\n");
  }
  return out + "\nweft COMMAND --help says more.\n";
}

}  // namespace weft
