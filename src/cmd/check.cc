// SPDX-License-Identifier: Apache-2.0
// weft check: everything that would stop a pipeline or surprise its user, each with the statement that mends it.
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "cmd/preflight.h"
#include "cmd/screen.h"

namespace weft {
namespace {

using Level = Finding::Level;

const char* word_of(Level level) {
  return level == Level::kError ? "error    " : level == Level::kWarning ? "warning  " : "ok       ";
}

// Further lines stand under the first.
std::string indented(const std::string& text, size_t indent) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += std::string(indent, ' ');
  }
  return out;
}

std::string without_tabs(std::string text) {
  std::erase(text, '\t');
  return text;
}

void print_side(const char* side,
                const std::string& url,
                const std::string& version,
                const std::vector<Finding>& findings) {
  std::printf("%s %s%s\n", side, url.c_str(), version.empty() ? "" : cat(" (", version, ")").c_str());
  for (const Level level : {Level::kError, Level::kWarning, Level::kOk}) {
    for (const Finding& finding : findings) {
      if (finding.level != level) continue;
      std::printf("  %s%s\n", word_of(level), indented(without_tabs(finding.what), 11).c_str());
      if (!finding.mend.empty()) std::printf("           -> %s\n", indented(finding.mend, 14).c_str());
    }
  }
}

size_t warnings_of(const Preflight& found) {
  size_t count = 0;
  for (const auto* side : {&found.source, &found.target}) {
    for (const Finding& finding : *side) count += finding.level == Level::kWarning ? 1 : 0;
  }
  return count;
}

}  // namespace

CommandSpec check_command() {
  CommandSpec command;
  command.name = "check";
  command.usage = "weft check FILE | --from URL --to URL [FLAGS]";
  command.example =
      "  weft check --from mysql://app:${PASSWORD}@10.0.0.5:3306/shop --to postgresql://app@10.0.0.9/shop\n";
  command.what =
      "Connects to both sides and lists everything that would stop a pipeline (exit code 3) or surprise its user "
      "(warnings, exit code 0), each with the statement that mends it. Changes nothing.";
  command.flags = pipeline_flags();
  return command;
}

int check_main(const Words& words) {
  const CommandSpec command = check_command();
  const Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  const Arguments& arguments = parsed.arguments;
  const Result<PipelineConfig> config = config_of(command, arguments);
  if (!config) return usage_error(config.error());
  const Result<Ends> ends = make_ends(*config, {});
  if (!ends) return usage_error(ends.error());
  configure_log({.level = LogLevel::kWarning});
  const Preflight found =
      preflight(*ends->source, *ends->target, real_clock(), {.create_tables = config->to.create_tables}, {});
  print_side("source", config->from.url.shown, found.info.version, found.source);
  print_side("target", config->to.url.shown, {}, found.target);
  const size_t errors = found.errors();
  const size_t warnings = warnings_of(found);
  std::printf("%s: %zu error%s, %zu warning%s\n",
              errors == 0 ? "ready" : "not ready",
              errors,
              errors == 1 ? "" : "s",
              warnings,
              warnings == 1 ? "" : "s");
  return errors == 0 ? kExitDone : kExitBeforeStart;
}

}  // namespace weft
