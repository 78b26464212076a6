// SPDX-License-Identifier: Apache-2.0
#include "cmd/preflight.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace weft {
namespace {

using Level = Finding::Level;

bool may_come_yet(const Error& error) {
  return error.blame() == Blame::kTransient || error.code() == kUnreachable;
}

// How long, and whether at all, an answer is worth waiting for.
struct Patience {
  Clock& clock;
  const std::stop_token& stop;
  SteadyTime end;
  Duration retry;
};

// Asks until there is an answer, an error that time doesn't mend, or no time left.
template <class Ask>
auto ask_for_a_while(const Patience& patience, Ask&& ask) {
  while (true) {
    auto answer = ask();
    if (answer || !may_come_yet(answer.error()) || patience.stop.stop_requested()) return answer;
    if (patience.clock.now() + patience.retry > patience.end) return answer;
    patience.clock.sleep(patience.retry, patience.stop);
  }
}

Finding failed(const Error& error) {
  return {Level::kError, error.message(), {}};
}

void look_at_source(Source& source, const Patience& patience, const PreflightOptions& options, Preflight& found) {
  Result<SourceInfo> info = ask_for_a_while(patience, [&] { return source.connect(); });
  if (!info) {
    found.source.push_back(failed(info.error()));
    return;
  }
  found.info = std::move(info).value();
  found.source = source.check();
  Result<std::vector<SchemaRef>> tables = source.tables();
  if (!tables) {
    // Most of what keeps tables from being read is found by check(), too, and said better.
    const bool told = std::ranges::any_of(found.source, [&](const Finding& finding) {
      return finding.level == Level::kError && tables.error().message().starts_with(finding.what);
    });
    if (!told) found.source.push_back(failed(tables.error()));
    return;
  }
  found.tables = std::move(tables).value();
  if (found.tables.empty()) {
    found.source.push_back(
        {Level::kError, "no table is there to be replicated", "see --table and --exclude, and the grants of the user"});
  }
  if (const Status fits = source.refuse_steps(); !fits) {
    const Level level = options.steps_may_fit_yet ? Level::kWarning : Level::kError;
    found.source.push_back({level, fits.error().message(), {}, fits.error().table()});
  }
  // What such a table would need at the target is not what the steps want.
  std::erase_if(found.tables, [](const SchemaRef& table) { return !table->unfit().empty(); });
}

Status split_tables(Target& target,
                    const PreflightOptions& options,
                    Preflight& found,
                    std::vector<SchemaRef>& present) {
  for (const SchemaRef& table : found.tables) {
    TRY_ASSIGN(const bool exists, target.exists(*table));
    if (exists) {
      present.push_back(table);
      continue;
    }
    found.missing.push_back(table->name);
    if (!options.create_tables) continue;
    const Result<std::string> sql = target.create_table_sql(*table);
    if (sql) {
      found.target.push_back({Level::kOk, cat("table ", table->name.table, " will be created"), *sql});
    } else {
      found.target.push_back(failed(sql.error().with(cat("table ", table->name.table, " can't be created"))));
    }
  }
  return ok();
}

// Errors that are not the server's own become warnings.
void soften(std::vector<Finding>& findings, const std::vector<Finding>& of_server) {
  for (Finding& finding : findings) {
    const bool own = std::ranges::any_of(of_server, [&](const Finding& f) { return f.what == finding.what; });
    if (finding.level == Level::kError && !own) finding.level = Level::kWarning;
  }
}

}  // namespace

size_t Preflight::errors() const {
  const auto is_error = [](const Finding& finding) { return finding.level == Level::kError; };
  return static_cast<size_t>(std::ranges::count_if(source, is_error) + std::ranges::count_if(target, is_error));
}

Preflight preflight(
    Source& source, Target& target, Clock& clock, const PreflightOptions& options, const std::stop_token& stop) {
  Preflight found;
  const Patience patience{clock, stop, clock.now() + options.wait, options.retry};
  look_at_source(source, patience, options, found);
  // The question itself doesn't matter: its answer says that the target is there.
  const TableSchema any;
  const Result<bool> reached =
      ask_for_a_while(patience, [&] { return target.exists(found.tables.empty() ? any : *found.tables[0]); });
  if (!reached) {
    found.target.push_back(failed(reached.error()));
    return found;
  }
  std::vector<SchemaRef> present;
  if (const Status split = split_tables(target, options, found, present); !split) {
    found.target.push_back(failed(split.error()));
    return found;
  }
  std::vector<Finding> findings = target.check(options.create_tables ? present : found.tables);
  if (options.tables_may_change) soften(findings, target.check({}));
  for (Finding& finding : findings) found.target.push_back(std::move(finding));
  return found;
}

}  // namespace weft
