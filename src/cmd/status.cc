// SPDX-License-Identifier: Apache-2.0
// weft status: asks the running process of this machine, or reads the target's own record when none runs.
#include <atomic>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "cmd/screen.h"
#include "cmd/status_text.h"
#include "control/running.h"
#include "control/status_json.h"
#include "io/file.h"
#include "io/http_client.h"
#include "io/signals.h"

namespace weft {
namespace {

constexpr Duration kAnswerTime = std::chrono::seconds(5);
constexpr Duration kWatchEvery = std::chrono::seconds(1);

// The token that the process wants. Its user may not make another user, least of all root, send it a file of theirs.
Result<std::string> token_of(const RunningPipeline& pipeline) {
  if (pipeline.token_file.empty()) return std::string();
  if (pipeline.owner != ::geteuid()) {
    TRY_ASSIGN(const FileRights rights, file_rights(pipeline.token_file));
    if (rights.owner != pipeline.owner) {
      return Error(Blame::kConfig,
                   cat("process ",
                       pipeline.pid,
                       " wants the token in ",
                       pipeline.token_file,
                       ", which is not a file of its user's; run this as that user"));
    }
  }
  TRY_ASSIGN(std::string token, read_file(pipeline.token_file, 64u << 10));
  token.resize(token.find_last_not_of(" \t\r\n") + 1);
  return token;
}

Result<std::string> ask(const RunningPipeline& pipeline) {
  if (pipeline.http == "off") {
    return Error(
        Blame::kConfig,
        cat("process ", pipeline.pid, " runs without --http; give its FILE, or --from and --to, to read the target"));
  }
  TRY_ASSIGN(const HttpAddress bound, parse_http_address(pipeline.http));
  HttpAddress address = bound;
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  TRY_ASSIGN(const std::string token, token_of(pipeline));
  TRY_ASSIGN(const HttpResponse answer, http_get(address, "/status", token, kAnswerTime));
  if (answer.status != 200) return Error(Blame::kTransient, cat("process ", pipeline.pid, " answered ", answer.status));
  return answer.body.substr(0, answer.body.find_last_not_of('\n') + 1);
}

// What the target keeps of a pipeline that no process here runs.
PipelineStatus stored_status(const std::string& name, const Opened& stored, int64_t now_us) {
  PipelineStatus status;
  status.name = name;
  status.state = PipelineState::kPaused;
  status.reason = "no process of this machine runs it";
  status.target_state = "stopped";
  if (stored.progress) {
    status.position = stored.progress->position.text();
    status.sequence = stored.progress->sequence.value();
    status.since_us = stored.progress->source_time_us;
    if (status.since_us != 0) status.lag_seconds = static_cast<double>(now_us - status.since_us) / 1e6;
  }
  for (const TableStateRow& row : stored.tables) {
    TableStatus& table = status.tables[row.table.text()];
    table.state = row.state;
    table.reason = row.reason;
    table.rows_done = row.rows;
    table.rows_estimated = row.rows;
  }
  for (const HeldTable& held : stored.held) status.tables[held.table].dead_letters = held.letters;
  return status;
}

Result<std::string> read_target(const PipelineConfig& config, const std::string& name) {
  TRY_ASSIGN(const auto target, make_target(config, {}));
  TRY_ASSIGN(const std::optional<Opened> stored, target->peek(name));
  if (!stored) return Error(Blame::kConfig, cat("pipeline ", name, " never ran into ", config.to.url.shown));
  return status_json(stored_status(name, *stored, real_clock().wall_us()));
}

// Whose status is wanted.
struct Wanted {
  std::string name;                      // of a running pipeline; empty with all or config
  std::optional<PipelineConfig> config;  // to be found by its addresses, or read at the target
  std::string state;                     // directory
};

bool is_this(const RunningPipeline& running, const PipelineConfig& config) {
  if (running.to != config.to.url.shown) return false;
  return config.name.empty() ? running.from == config.from.url.shown : running.name == config.name;
}

Error no_such_name(const Wanted& wanted, const std::vector<RunningPipeline>& running) {
  std::vector<std::string> names;
  for (const RunningPipeline& pipeline : running) names.push_back(pipeline.name);
  return Error(Blame::kConfig,
               cat("no pipeline ",
                   wanted.name,
                   " runs here (",
                   wanted.state,
                   "); ",
                   names.empty() ? "none does" : "there are: ",
                   joined(names),
                   nearest_hint(wanted.name, names),
                   "; give its FILE, or --from and --to, to read the target"));
}

// By its process, however its addresses were written there, or by what the target keeps.
Result<std::string> status_of(const PipelineConfig& config, const std::vector<RunningPipeline>& running) {
  for (const RunningPipeline& pipeline : running) {
    if (!is_this(pipeline, config)) continue;
    if (Result<std::string> answer = ask(pipeline); answer) return answer;
  }
  TRY_ASSIGN(const std::string name, pipeline_name(config));
  for (const RunningPipeline& pipeline : running) {
    if (pipeline.name != name) continue;
    if (Result<std::string> answer = ask(pipeline); answer) return answer;
  }
  return read_target(config, name);
}

// One JSON text per pipeline.
Result<std::vector<std::string>> statuses(const Wanted& wanted) {
  std::vector<std::string> found;
  TRY_ASSIGN(const std::vector<RunningPipeline> running, running_pipelines(wanted.state));
  if (wanted.config) {
    TRY_ASSIGN(found.emplace_back(), status_of(*wanted.config, running));
    return found;
  }
  for (const RunningPipeline& pipeline : running) {
    if (!wanted.name.empty() && pipeline.name != wanted.name) continue;
    TRY_ASSIGN(found.emplace_back(), ask(pipeline));
  }
  if (found.empty() && !wanted.name.empty()) return no_such_name(wanted, running);
  return found;
}

Result<std::vector<std::string>> lines_of(const std::vector<std::string>& found, bool json) {
  if (json) return found;
  std::vector<std::string> lines;
  for (const std::string& text : found) {
    TRY_ASSIGN(const PipelineStatus status, parse_status(text));
    for (std::string& line : status_lines(status)) lines.push_back(std::move(line));
  }
  if (found.empty()) lines.emplace_back("no pipeline runs on this machine");
  return lines;
}

int show(const Wanted& wanted, bool json, Screen& screen, bool in_place) {
  const auto found = statuses(wanted);
  if (!found) {
    std::fprintf(stderr, "weft status: %s\n", found.error().message().c_str());
    return kExitBeforeStart;
  }
  const auto lines = lines_of(*found, json);
  if (!lines) {
    std::fprintf(stderr, "weft status: %s\n", lines.error().message().c_str());
    return kExitBeforeStart;
  }
  if (in_place) {
    screen.draw(*lines);
  } else {
    for (const std::string& line : *lines) screen.print(STDOUT_FILENO, line);
  }
  return kExitDone;
}

int watch(const Wanted& wanted, bool json) {
  std::stop_source stop;
  const StopSignals signals([&](int) { stop.request_stop(); });
  Screen screen(STDOUT_FILENO);
  while (!stop.stop_requested()) {
    const int code = show(wanted, json, screen, screen.terminal() && !json);
    if (code != kExitDone) return code;
    real_clock().sleep(kWatchEvery, stop.get_token());
  }
  return kExitDone;
}

bool is_file(const std::string& path) {
  struct stat found {};

  return ::stat(path.c_str(), &found) == 0 && !S_ISDIR(found.st_mode);
}

Result<Wanted> wanted_of(const CommandSpec& command, const Arguments& arguments) {
  Wanted wanted;
  wanted.state = state_directory(arguments.value("--state"), process_environment());
  const std::string word = arguments.words.empty() ? "" : arguments.words[0];
  const bool looks_like_file = word.find('/') != std::string::npos || word.ends_with(".yaml") || word.ends_with(".yml");
  if (arguments.has("--from") || arguments.has("--to") || looks_like_file || (!word.empty() && is_file(word))) {
    TRY_ASSIGN(wanted.config, config_of(command, arguments));
    if (!wanted.config->state.empty()) wanted.state = wanted.config->state;
  } else {
    wanted.name = word.empty() ? arguments.value("--name") : word;
  }
  return wanted;
}

}  // namespace

CommandSpec status_command() {
  CommandSpec command;
  command.name = "status";
  command.usage = "weft status [NAME | FILE | --from URL --to URL [--name NAME]]";
  command.example = "  weft status shop\n  weft status shop.yaml --json\n";
  command.what =
      "States and lag, per table and per target. NAME is a pipeline that runs on this machine; without arguments, all "
      "of "
      "them. With FILE or addresses it works without a running process too: it reads what the target keeps.";
  for (FlagSpec& flag : pipeline_flags()) {
    if (flag.name == "--from" || flag.name == "--to" || flag.name == "--name" || flag.name == "--state")
      command.flags.push_back(std::move(flag));
  }
  command.flags.push_back({"--json", "", "", "One line of JSON per pipeline, as /status gives."});
  command.flags.push_back({"--watch", "", "", "Again every second."});
  return command;
}

int status_main(const Words& words) {
  const CommandSpec command = status_command();
  const Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  const Arguments& arguments = parsed.arguments;
  const Result<Wanted> wanted = wanted_of(command, arguments);
  if (!wanted) return usage_error(wanted.error());
  if (wanted->config) {
    if (const Result<Ends> ends = make_ends(*wanted->config, {}); !ends) return usage_error(ends.error());
  }
  configure_log({.level = LogLevel::kWarning});
  if (arguments.has("--watch")) return watch(*wanted, arguments.has("--json"));
  Screen screen(STDOUT_FILENO);
  return show(*wanted, arguments.has("--json"), screen, false);
}

}  // namespace weft
