// SPDX-License-Identifier: Apache-2.0
// weft teardown: the end of a pipeline. What is kept of it at the target goes, and the target becomes an ordinary database.
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "control/plan.h"

namespace weft {
namespace {

int failed(const Error& error) {
  const bool taken = error.code() == kPipelineTaken;
  std::fprintf(
      stderr, "weft teardown: %s%s\n", taken ? "another process runs this pipeline: " : "", error.message().c_str());
  return taken ? kExitTaken : kExitBeforeStart;
}

}  // namespace

CommandSpec teardown_command() {
  CommandSpec command;
  command.name = "teardown";
  command.usage = "weft teardown FILE | --from URL --to URL [--cutover] [--dry-run]";
  command.example =
      "  weft teardown shop.yaml --dry-run\n"
      "  weft run shop.yaml --until now && weft teardown shop.yaml --cutover\n";
  command.what =
      "Removes what is kept of the pipeline in schema _weft at the target, and with the last pipeline the schema "
      "itself; "
      "prints the SQL. Tables and rows stay. Refused (exit code 5) while another process runs the pipeline, and (3) "
      "while it has dead letters. At a PostgreSQL source the replication slot and the publication go. Nothing has to "
      "be removed at MySQL "
      "and MariaDB; the directory of a file journal is "
      "left where it is.";
  command.flags = pipeline_flags();
  command.flags.push_back(
      {"--cutover",
       "",
       "",
       "First move the sequences behind the tables' columns past the data, so that applications can "
       "insert there; refused while a table is not complete."});
  command.flags.push_back({"--dry-run", "", "", "Only print the SQL."});
  return command;
}

int teardown_main(const Words& words) {
  const CommandSpec command = teardown_command();
  const Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  const Result<PipelineConfig> config = config_of(command, parsed.arguments);
  if (!config) return usage_error(config.error());
  const Result<Ends> ends = make_ends(*config, {});
  if (!ends) return usage_error(ends.error());
  configure_log({.level = LogLevel::kWarning});
  const Result<std::string> name = pipeline_name(*config);
  if (!name) return failed(name.error());
  const auto statements = tear_down(*config,
                                    {.pipeline = *name,
                                     .cutover = parsed.arguments.has("--cutover"),
                                     .dry_run = parsed.arguments.has("--dry-run"),
                                     .wait = pipeline_options(*config).takeover_wait});
  if (!statements) return failed(statements.error());
  for (const std::string& statement : *statements) std::printf("%s;\n", statement.c_str());
  const auto at_source = ends->source->tear_down(parsed.arguments.has("--dry-run"));
  if (!at_source) return failed(at_source.error());
  if (!at_source->empty()) std::printf("-- at the source\n");
  for (const std::string& statement : *at_source) std::printf("%s;\n", statement.c_str());
  if (statements->empty())
    std::printf("nothing of pipeline %s is kept at %s\n", name->c_str(), config->to.url.shown.c_str());
  return kExitDone;
}

}  // namespace weft
