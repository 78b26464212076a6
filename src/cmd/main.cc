// SPDX-License-Identifier: Apache-2.0
// weft COMMAND ...: finds the command. Secrets leave argv before anything else happens.
#include <cstdio>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "control/nearest.h"
#include "control/secrets.h"
#include "io/signals.h"

namespace {

constexpr const char* kLater[] = {"start", "airbyte", "reverse", "runs"};

int unknown_command(const std::string& name) {
  std::vector<std::string> known;
  for (const weft::Command& command : weft::commands()) known.emplace_back(command.name);
  for (const char* later : kLater) {
    if (name != later) continue;
    std::fprintf(
        stderr, "weft %s: not available in this version; available: %s\n", name.c_str(), weft::joined(known).c_str());
    return weft::kExitUsage;
  }
  const std::string shown = weft::redact_url(name);
  std::fprintf(stderr,
               "weft: unknown command '%s', expected one of %s%s; see weft --help\n",
               shown.c_str(),
               weft::joined(known).c_str(),
               weft::nearest_hint(name, known).c_str());
  return weft::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  weft::scrub_arguments(argc, argv);
  weft::keep_freed_memory();
  weft::ignore_broken_pipes();
  if (words.empty()) {
    std::fputs(weft::overview_text().c_str(), stderr);
    return weft::kExitUsage;
  }
  const weft::Words rest(words.begin() + 1, words.end());
  if (const weft::Command* command = weft::find_command(words[0])) return command->run(rest);
  if (words[0] == "--help" || words[0] == "-h") return weft::help_main(rest);
  if (words[0] == "--version") return weft::version_main(rest);
  return unknown_command(words[0]);
}
