// SPDX-License-Identifier: Apache-2.0
// weft setup: makes what a pipeline needs at the target before its first start, or prints the SQL for an administrator.
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/adapters.h"
#include "cmd/commands.h"
#include "cmd/preflight.h"

namespace weft {
namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "weft setup: %s\n", error.message().c_str());
  return kExitBeforeStart;
}

// Tables that --create-tables asks for.
Status make_tables(Ends& ends, bool dry_run) {
  const Preflight found = preflight(*ends.source, *ends.target, real_clock(), {.create_tables = true}, {});
  for (const SchemaRef& table : found.tables) {
    if (std::ranges::find(found.missing, table->name) == found.missing.end()) continue;
    TRY_ASSIGN(const std::string sql, ends.target->create_table_sql(*table));
    if (!dry_run) TRY(ends.target->create_table(*table));
    std::printf("%s;\n", sql.c_str());
  }
  for (const auto& finding : found.source) {
    if (finding.level == Finding::Level::kError && found.tables.empty()) return Error(Blame::kConfig, finding.what);
  }
  return ok();
}

}  // namespace

CommandSpec setup_command() {
  CommandSpec command;
  command.name = "setup";
  command.usage = "weft setup FILE | --from URL --to URL [--dry-run]";
  command.example =
      "  weft setup shop.yaml\n"
      "  weft setup --dry-run --from mysql://db1/shop --to postgresql://app@10.0.0.9/shop | psql -h 10.0.0.9 shop\n";
  command.what =
      "Makes the objects of schema _weft at the target, where weft keeps its progress, and with --create-tables the "
      "missing tables; prints the SQL. At a PostgreSQL source it makes the publication and the replication slot, in an "
      "SQLite source the tables and triggers that note its changes. "
      "Nothing has to be made at "
      "MySQL and MariaDB: weft check lists the grants that are needed there. weft run does the same by itself where it "
      "is allowed to.";
  command.flags = pipeline_flags();
  command.flags.push_back({"--dry-run",
                           "",
                           "",
                           "Only print the SQL, with the grants for the address's role, for an administrator to run."});
  return command;
}

int setup_main(const Words& words) {
  const CommandSpec command = setup_command();
  const Parsed parsed = parse_or_help(command, words);
  if (parsed.code) return *parsed.code;
  const Result<PipelineConfig> config = config_of(command, parsed.arguments);
  if (!config) return usage_error(config.error());
  Result<Ends> ends = make_ends(*config, {});
  if (!ends) return usage_error(ends.error());
  configure_log({.level = LogLevel::kWarning});
  const bool dry_run = parsed.arguments.has("--dry-run");
  const Result<std::string> sql = setup_sql(*config);
  if (!sql) return usage_error(sql.error());
  if (!dry_run) {
    if (const Status done = set_up(*config); !done) return failed(done.error());
  }
  const auto at_source = ends->source->set_up(dry_run);
  if (!at_source) return failed(at_source.error());
  if (!at_source->empty()) std::printf("-- at the source\n");
  for (const std::string& statement : *at_source) std::printf("%s;\n", statement.c_str());
  if (!at_source->empty() && dry_run) std::printf("-- at the target\n");
  std::fputs(dry_run ? sql->c_str() : "the objects of schema _weft are there\n", stdout);
  if (config->to.create_tables) {
    if (const Status made = make_tables(*ends, dry_run); !made) return failed(made.error());
  }
  return kExitDone;
}

}  // namespace weft
