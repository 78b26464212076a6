// SPDX-License-Identifier: Apache-2.0
// What the commands share.
#include "cmd/commands.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/running.h"
#include "io/file.h"

namespace weft {

std::vector<FlagSpec> pipeline_flags() {
  return {
      {"--from",
       "URL",
       "from.url",
       "The source: mysql://user:pass@host:port/db. ${NAME} is read from the environment, file:/path in place of the "
       "password from a file."},
      {"--to", "URL", "to.url", "The target: postgresql://user@host/db, with all parameters of libpq."},
      {"--table",
       "PATTERN",
       "from.tables",
       "Only these tables: orders, app.orders, line_*. May be repeated. Without it: all.",
       true},
      {"--exclude", "PATTERN", "from.exclude", "Not these tables. May be repeated.", true},
      {"--snapshot",
       "yes|no|only",
       "from.snapshot",
       "Rows that are there already (yes). no: the target is trusted to equal the source at the first start's "
       "position."},
      {"--existing", "refuse|upsert|replace", "to.existing", "A first snapshot into tables that hold rows (refuse)."},
      {"--create-tables",
       "",
       "to.create_tables",
       "Make missing target tables from the source's schema: columns, NOT NULL, keys, unique indexes."},
      {"--setup",
       "auto|never",
       "setup",
       "Create what weft needs at both sides where it is missing and allowed (auto)."},
      {"--name",
       "NAME",
       "name",
       "The pipeline's name, the key of its progress (from the servers' identities and database names)."},
      {"--schema-changes",
       "fail|ignore|evolve|pause-table",
       "to.schema_changes",
       "When a table's shape changes at the source (fail)."},
      {"--on-bad-row", "stop|dead-letter", "to.on_bad_row", "When the target can't take a row (stop)."},
      {"--on-lost-position",
       "fail|resnapshot|repair",
       "from.on_lost_position",
       "When the source's log no longer reaches back far enough (fail)."},
      {"--origins", "auto|all|local", "origins", "Which changes are carried, by where they were made first (auto)."},
      {"--consistency",
       "atomic|keyed|immediate",
       "to.consistency",
       "What readers of the target see (atomic: whole source transactions)."},
      {"--journal",
       "memory|file:DIR",
       "journal",
       "Where changes wait for the target (memory). file:DIR?keep=SIZE&max=SIZE: on disk, so that the source may "
       "forget "
       "them and a target that goes back is served from there."},
      {"--lanes", "N", "to.lanes", "Parallel sessions at the target (auto)."},
      {"--memory", "SIZE", "memory", "Queues and buffers (64MiB)."},
      {"--state",
       "DIR",
       "state",
       "Spill, and running pipelines by name ($XDG_STATE_HOME/weft; without HOME /var/lib/weft)."},
  };
}

Parsed parse_or_help(const CommandSpec& command, const Words& words) {
  Result<Arguments> arguments = parse_arguments(command, words);
  if (!arguments) return {{}, usage_error(arguments.error(), log_format_of(words))};
  if (arguments->help) {
    std::fputs(help_text(command).c_str(), stdout);
    return {{}, kExitDone};
  }
  return {std::move(arguments).value(), std::nullopt};
}

LogFormat log_format_of(const Words& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool next = words[i] == "--log-format" && i + 1 < words.size() && words[i + 1] == "json";
    if (next || words[i] == "--log-format=json") return LogFormat::kJson;
  }
  return LogFormat::kText;
}

int usage_error(const Error& error, LogFormat format) {
  if (format == LogFormat::kText) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    return kExitUsage;
  }
  configure_log({.format = format});
  std::string_view text = error.message();
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    log_line(LogLevel::kError, text.substr(0, end), {{"exit_code", "2"}});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return kExitUsage;
}

Result<PipelineConfig> config_of(const CommandSpec& command, const Arguments& arguments) {
  ConfigInput input;
  input.flags = config_flags(command, arguments);
  if (!arguments.words.empty()) {
    input.file = arguments.words[0];
    const std::string shown = redact_url(input.file);
    if (input.file.find("://") != std::string::npos || shown != input.file) {
      return Error(
          Blame::kConfig,
          cat("weft ", command.name, ": '", shown, "' is an address, expected a FILE, or --from URL and --to URL"));
    }
    TRY_ASSIGN(input.text, read_file(input.file, 4u << 20));
  } else if (!arguments.has("--from") || !arguments.has("--to")) {
    return Error(Blame::kConfig,
                 cat("weft ",
                     command.name,
                     ": which pipeline? Give a FILE, or --from URL and --to URL; see weft ",
                     command.name,
                     " --help"));
  }
  return load_config(input, process_environment());
}

Result<PipelineConfig> named_config_of(const CommandSpec& command, const Arguments& arguments) {
  const std::string word = arguments.words.empty() ? std::string() : arguments.words[0];
  const bool looks_like_file = word.find('/') != std::string::npos || word.ends_with(".yaml") || word.ends_with(".yml");
  if (word.empty() || looks_like_file || file_rights(word)) return config_of(command, arguments);
  const Environment environment = process_environment();
  TRY_ASSIGN(const std::vector<RunningPipeline> running,
             running_pipelines(state_directory(arguments.value("--state"), environment)));
  for (const RunningPipeline& pipeline : running) {
    if (pipeline.name != word || pipeline.config.empty()) continue;
    if (pipeline.owner != ::geteuid()) {  // its references would have our secrets sent to its addresses
      return Error(Blame::kConfig,
                   cat("weft ",
                       command.name,
                       ": pipeline ",
                       word,
                       " is another user's: run this as that user, or give FILE, or --from URL and --to URL"));
    }
    ConfigInput input;
    input.file = cat("pipeline ", word);
    input.text = pipeline.config;
    input.flags = config_flags(command, arguments);
    Result<PipelineConfig> config = load_config(input, environment);
    if (config) config->name = word;
    return config;
  }
  return Error(Blame::kConfig,
               cat("weft ",
                   command.name,
                   ": there is no file ",
                   word,
                   ", and no pipeline of that name runs here; give its FILE, or --from URL and --to URL"));
}

}  // namespace weft
