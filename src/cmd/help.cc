// SPDX-License-Identifier: Apache-2.0
// weft help, weft completion: what a person, man and a shell want to know of the commands.
#include <cstdio>

#include "base/nearest.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/manual.h"

namespace weft {
namespace {

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return kExitDone;
}

}  // namespace

CommandSpec help_command() {
  CommandSpec command;
  command.name = "help";
  command.usage = "weft help [COMMAND] [--man]";
  command.example = "  weft help run\n  weft help run --man | man -l -\n";
  command.what = "Prints the help of COMMAND, or the list of commands.";
  command.flags = {{"--man", "", "", "As a man page."}};
  return command;
}

int help_main(const Words& words) {
  const Parsed parsed = parse_or_help(help_command(), words);
  if (parsed.code) return *parsed.code;
  const bool man = parsed.arguments.has("--man");
  if (parsed.arguments.words.empty()) return print(man ? man_page(commands()) : overview_text());
  const std::string& name = parsed.arguments.words[0];
  const Command* command = find_command(name);
  if (command != nullptr) return print(man ? man_page(*command) : help_text(command->spec()));
  std::vector<std::string> known;
  for (const Command& each : commands()) known.emplace_back(each.name);
  return usage_error(Error(
      Blame::kConfig,
      cat("weft help: unknown command '", name, "', expected one of ", joined(known), nearest_hint(name, known))));
}

CommandSpec completion_command() {
  CommandSpec command;
  command.name = "completion";
  command.usage = "weft completion bash|zsh|fish";
  command.example =
      "  weft completion bash > ~/.local/share/bash-completion/completions/weft\n"
      "  weft completion fish > ~/.config/fish/completions/weft.fish\n";
  command.what = "Prints a script that lets the Tab key complete commands, flags and their values.";
  return command;
}

int completion_main(const Words& words) {
  const Parsed parsed = parse_or_help(completion_command(), words);
  if (parsed.code) return *parsed.code;
  const std::string shell = parsed.arguments.words.empty() ? "" : parsed.arguments.words[0];
  if (shell == "bash") return print(completion_script(Shell::kBash, commands()));
  if (shell == "zsh") return print(completion_script(Shell::kZsh, commands()));
  if (shell == "fish") return print(completion_script(Shell::kFish, commands()));
  return usage_error(
      Error(Blame::kConfig, cat("weft completion: which shell is '", shell, "'? Expected bash, zsh or fish")));
}

}  // namespace weft
