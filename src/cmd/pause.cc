// SPDX-License-Identifier: Apache-2.0
// weft pause, weft resume: what they ask for is written beside the tables' states at the target. A running process takes it
// up within about a second, one that is started later at its start.
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"

namespace weft {
namespace {

constexpr Duration kTakenUpWithin = std::chrono::seconds(5);
constexpr Duration kPoll = std::chrono::milliseconds(100);

CommandSpec asking_command(const std::string& name) {
  CommandSpec command;
  command.name = name;
  command.usage = cat("weft ", name, " FILE|NAME [TABLE...] | --from URL --to URL [TABLE...]");
  command.flags = pipeline_flags();
  command.words_max = 1000;
  return command;
}

struct Asked {
  bool taken_up = false;
  std::vector<std::string> answers;  // a line per table
};

bool concerns(const TableStateRow& row, const std::vector<std::string>& tables) {
  return std::ranges::any_of(tables,
                             [&](const std::string& t) { return t == row.table.table || t == row.table.text(); });
}

// Until no table waits any more, or for as long as a running process may take.
Result<Asked> wait_for(Target& target,
                       const std::string& name,
                       const std::vector<std::string>& tables,
                       std::string_view what) {
  Clock& clock = real_clock();
  const SteadyTime limit = clock.now() + kTakenUpWithin;
  while (true) {
    TRY_ASSIGN(const std::optional<Opened> stored, target.peek(name));
    Asked asked{true, {}};
    for (const TableStateRow& row : stored ? stored->tables : std::vector<TableStateRow>()) {
      if (!concerns(row, tables)) continue;
      asked.taken_up = asked.taken_up && row.reason != what;
      asked.answers.push_back(
          cat(row.table.text(), ": ", to_string(row.state), row.reason.empty() ? "" : ", ", row.reason));
    }
    if (asked.taken_up || clock.now() >= limit) return asked;
    clock.sleep(kPoll, {});
  }
}

Status ask(const PipelineConfig& config, const std::vector<std::string>& tables, std::string_view what) {
  TRY_ASSIGN(const std::string name, pipeline_name(config));
  TRY_ASSIGN(const auto target, make_target(config, {}));
  TRY(target->ask(name, tables, what));
  if (tables.empty()) {
    std::printf("pipeline %s: %s\n", name.c_str(), std::string(what).c_str());
    return ok();
  }
  TRY_ASSIGN(const Asked asked, wait_for(*target, name, tables, what));
  for (const std::string& line : asked.answers) std::printf("%s\n", line.c_str());
  if (!asked.taken_up) std::printf("no process has taken it up yet; the next start does\n");
  return ok();
}

int asking_main(const CommandSpec& command, const Words& words, std::string_view what) {
  Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  // With addresses given, every word is a table.
  std::vector<std::string> tables = parsed.arguments.words;
  parsed.arguments.words.clear();
  if (!parsed.arguments.has("--from") && !tables.empty()) {
    parsed.arguments.words.push_back(tables.front());
    tables.erase(tables.begin());
  }
  const Result<PipelineConfig> config = named_config_of(command, parsed.arguments);
  if (!config) return usage_error(config.error());
  if (const Result<Ends> ends = make_ends(*config, {}); !ends) return usage_error(ends.error());
  configure_log({.level = LogLevel::kWarning});
  if (const Status done = ask(*config, tables, what); !done) {
    std::fprintf(stderr, "weft %s: %s\n", command.name.c_str(), done.error().message().c_str());
    return kExitBeforeStart;
  }
  return kExitDone;
}

}  // namespace

CommandSpec pause_command() {
  CommandSpec command = asking_command("pause");
  command.example = "  weft pause shop.yaml orders\n";
  command.what =
      "Sets tables aside: their changes are passed over and counted while the others go on, and so are those of tables "
      "whose foreign keys lead to them. Without a table the whole pipeline waits where it stands.";
  return command;
}

CommandSpec resume_command() {
  CommandSpec command = asking_command("resume");
  command.example = "  weft resume shop.yaml orders\n";
  command.what =
      "Takes up tables that were paused, by hand or by --schema-changes pause-table: each is copied again over the "
      "rows "
      "that are there, what the source no longer has is removed, and then it follows again. A table that does not fit "
      "stays paused and says why. Without a table the whole pipeline goes on where it stood.";
  return command;
}

int pause_main(const Words& words) {
  return asking_main(pause_command(), words, kAskedToPause);
}

int resume_main(const Words& words) {
  return asking_main(resume_command(), words, kAskedToResume);
}

}  // namespace weft
