// SPDX-License-Identifier: Apache-2.0
#include "cmd/adapters.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"
#include "engine/mysql/options.h"
#include "source/mysql/mysql_source.h"
#include "source/postgres/postgres_source.h"
#include "source/postgres/slot.h"
#include "source/sqlite/sqlite_source.h"
#include "target/mysql/mysql_target.h"
#include "target/postgres/administration.h"
#include "target/postgres/postgres_target.h"
#include "target/sqlite/sqlite_target.h"
#include "transform/transformed_source.h"

namespace weft {
namespace {

constexpr std::array<std::string_view, 2> kMysql = {"mysql", "mariadb"};
constexpr std::array<std::string_view, 2> kPostgres = {"postgresql", "postgres"};
constexpr std::array<std::string_view, 1> kSqlite = {"sqlite"};
// Schemes that addresses of later versions have.
constexpr std::array<std::string_view, 11> kLater = {
    "webhook-http", "webhook-https", "spanner", "vitess", "odbc", "airbyte", "file", "s3", "gs", "hdfs", "cockroachdb"};

template <size_t N>
bool has(const std::array<std::string_view, N>& schemes, std::string_view scheme) {
  return std::ranges::find(schemes, scheme) != schemes.end();
}

// Why there is no adapter for this scheme on this side.
Error no_adapter(std::string_view key, const SecretUrl& url, const std::string& built_in) {
  const std::string scheme = url.scheme();
  const bool known = has(kLater, scheme) || has(kMysql, scheme) || has(kPostgres, scheme) || has(kSqlite, scheme);
  if (known)
    return Error(Blame::kConfig, cat(key, ": not available in this version: ", scheme, "; available: ", built_in));
  std::vector<std::string> schemes;
  for (const auto& name : kMysql) schemes.emplace_back(name);
  for (const auto& name : kPostgres) schemes.emplace_back(name);
  for (const auto& name : kSqlite) schemes.emplace_back(name);
  for (const auto& name : kLater) schemes.emplace_back(name);
  return Error(Blame::kConfig,
               cat(key,
                   ": unknown kind of address '",
                   scheme.substr(0, 40),
                   ":', expected ",
                   built_in,
                   nearest_hint(scheme, schemes)));
}

}  // namespace

std::string sources_built_in() {
  return "mysql:// or mariadb:// (MySQL, MariaDB), postgresql:// or postgres:// (PostgreSQL), "
         "sqlite:///path (SQLite)";
}

std::string targets_built_in() {
  return "mysql:// or mariadb:// (MySQL, MariaDB), postgresql:// or postgres:// (PostgreSQL), sqlite:///path (SQLite)";
}

namespace {

Result<mysql::MySqlTargetOptions> mysql_target_options(const PipelineConfig& config, const std::stop_token& stop) {
  Result<mysql::Options> server = mysql::parse_url(config.to.url.value);
  if (!server) return std::move(server).error().with("to.url");
  return mysql::MySqlTargetOptions{.server = std::move(server).value(),
                                   .triggers = config.to.triggers,
                                   .setup = config.setup,
                                   .leave_out_columns = config.to.schema_changes == "ignore",
                                   .stop = stop};
}

Result<std::unique_ptr<Source>> plain_source(const PipelineConfig& config, const std::stop_token& stop) {
  if (has(kMysql, config.from.url.scheme())) {
    Result<mysql::Options> server = mysql::parse_url(config.from.url.value);
    if (!server) return std::move(server).error().with("from.url");
    if (server->several() && config.name.empty()) {
      return Error(Blame::kConfig,
                   "from.url: several hosts need --name NAME (in a file, name:): a pipeline is named after its server, "
                   "and when another of them takes over the name has to stay");
    }
    server->stop = stop;
    auto source = mysql::make_mysql_source(
        {.server = std::move(server).value(), .tables = config.from.tables, .exclude = config.from.exclude});
    if (!source) return std::move(source).error().with("from");
    return source;
  }
  if (has(kPostgres, config.from.url.scheme())) {
    // A named pipeline has a slot of its own, so that several may follow one database.
    const std::string slot = config.name.empty() ? std::string() : postgres::slot_name(config.name);
    auto source = postgres::make_postgres_source({.url = config.from.url.value,
                                                  .tables = config.from.tables,
                                                  .exclude = config.from.exclude,
                                                  .slot = slot,
                                                  .setup = config.setup,
                                                  .stop = stop});
    if (!source) return std::move(source).error().with("from.url");
    return source;
  }
  if (has(kSqlite, config.from.url.scheme())) {
    // Several pipelines may follow one database: what each has not acknowledged is kept.
    auto source = sqlite::make_sqlite_source({.url = config.from.url.value,
                                              .tables = config.from.tables,
                                              .exclude = config.from.exclude,
                                              .reader = config.name,
                                              .setup = config.setup,
                                              .stop = stop});
    if (!source) return std::move(source).error().with("from.url");
    return source;
  }
  return no_adapter("from.url", config.from.url, sources_built_in());
}

std::unique_ptr<Source> with_steps(const PipelineConfig& config, std::unique_ptr<Source> source) {
  if (config.transform.empty()) return source;
  return transform::make_transformed_source(std::move(source), config.transform);
}

}  // namespace

Result<std::unique_ptr<Source>> make_source(const PipelineConfig& config, const std::stop_token& stop) {
  TRY_ASSIGN(std::unique_ptr<Source> source, plain_source(config, stop));
  return with_steps(config, std::move(source));
}

Result<std::unique_ptr<Target>> make_target(const PipelineConfig& config, const std::stop_token& stop) {
  if (has(kMysql, config.to.url.scheme())) {
    TRY_ASSIGN(mysql::MySqlTargetOptions options, mysql_target_options(config, stop));
    auto target = mysql::make_mysql_target(std::move(options));
    if (!target) return std::move(target).error().with("to.url");
    return target;
  }
  if (has(kPostgres, config.to.url.scheme())) {
    auto target = postgres::make_postgres_target({.url = config.to.url.value,
                                                  .triggers = config.to.triggers,
                                                  .setup = config.setup,
                                                  .leave_out_columns = config.to.schema_changes == "ignore",
                                                  .stop = stop});
    if (!target) return std::move(target).error().with("to.url");
    return target;
  }
  if (has(kSqlite, config.to.url.scheme())) {
    auto target = sqlite::make_sqlite_target({.url = config.to.url.value,
                                              .setup = config.setup,
                                              .leave_out_columns = config.to.schema_changes == "ignore",
                                              .stop = stop});
    if (!target) return std::move(target).error().with("to.url");
    return target;
  }
  return no_adapter("to.url", config.to.url, targets_built_in());
}

namespace {

Result<std::unique_ptr<Source>> make_reader(std::string_view key,
                                            const SecretUrl& url,
                                            const std::vector<std::string>& tables,
                                            const std::vector<std::string>& exclude,
                                            const std::stop_token& stop) {
  if (has(kMysql, url.scheme())) {
    Result<mysql::Options> server = mysql::parse_url(url.value);
    if (!server) return std::move(server).error().with(key);
    server->stop = stop;
    return mysql::make_mysql_source(
        {.server = std::move(server).value(), .tables = tables, .exclude = exclude, .only_reads = true});
  }
  if (has(kPostgres, url.scheme())) {
    auto reader = postgres::make_postgres_source(
        {.url = url.value, .tables = tables, .exclude = exclude, .setup = false, .stop = stop, .only_reads = true});
    if (!reader) return std::move(reader).error().with(key);
    return reader;
  }
  if (has(kSqlite, url.scheme())) {
    auto reader = sqlite::make_sqlite_source(
        {.url = url.value, .tables = tables, .exclude = exclude, .setup = false, .only_reads = true, .stop = stop});
    if (!reader) return std::move(reader).error().with(key);
    return reader;
  }
  return no_adapter(key, url, sources_built_in());
}

}  // namespace

Result<std::unique_ptr<Source>> make_source_reader(const PipelineConfig& config, const std::stop_token& stop) {
  TRY_ASSIGN(std::unique_ptr<Source> reader,
             make_reader("from.url", config.from.url, config.from.tables, config.from.exclude, stop));
  return with_steps(config, std::move(reader));
}

Result<std::unique_ptr<Source>> make_target_reader(const PipelineConfig& config,
                                                   const std::vector<std::string>& tables,
                                                   const std::stop_token& stop) {
  return make_reader("to.url", config.to.url, tables, {}, stop);
}

Result<Ends> make_ends(const PipelineConfig& config, const std::stop_token& stop) {
  auto source = make_source(config, stop);
  auto target = make_target(config, stop);
  if (source && target) return Ends{std::move(source).value(), std::move(target).value()};
  if (source) return std::move(target).error();
  if (target) return std::move(source).error();
  return Error(Blame::kConfig, cat(source.error().message(), "\n", target.error().message()));
}

Result<std::string> setup_sql(const PipelineConfig& config) {
  if (has(kMysql, config.to.url.scheme())) return mysql::mysql_setup_sql();
  if (has(kPostgres, config.to.url.scheme())) return postgres::postgres_setup_sql(config.to.url.value);
  if (has(kSqlite, config.to.url.scheme())) return sqlite::sqlite_setup_sql();
  return no_adapter("to.url", config.to.url, targets_built_in());
}

Status set_up(const PipelineConfig& config) {
  if (has(kMysql, config.to.url.scheme())) {
    TRY_ASSIGN(const mysql::MySqlTargetOptions target, mysql_target_options(config, {}));
    return mysql::mysql_setup(target);
  }
  if (has(kPostgres, config.to.url.scheme())) return postgres::postgres_setup({.url = config.to.url.value});
  if (has(kSqlite, config.to.url.scheme())) return sqlite::sqlite_setup({.url = config.to.url.value});
  return no_adapter("to.url", config.to.url, targets_built_in());
}

Result<std::vector<std::string>> tear_down(const PipelineConfig& config, const TeardownOptions& options) {
  if (has(kMysql, config.to.url.scheme())) {
    TRY_ASSIGN(const mysql::MySqlTargetOptions target, mysql_target_options(config, {}));
    return mysql::mysql_teardown(
        target,
        {.pipeline = options.pipeline, .cutover = options.cutover, .dry_run = options.dry_run, .wait = options.wait});
  }
  if (has(kPostgres, config.to.url.scheme())) {
    return postgres::postgres_teardown(
        {.url = config.to.url.value},
        {.pipeline = options.pipeline, .cutover = options.cutover, .dry_run = options.dry_run, .wait = options.wait});
  }
  if (has(kSqlite, config.to.url.scheme())) {
    return sqlite::sqlite_teardown(
        {.url = config.to.url.value},
        {.pipeline = options.pipeline, .cutover = options.cutover, .dry_run = options.dry_run, .wait = options.wait});
  }
  return no_adapter("to.url", config.to.url, targets_built_in());
}

Result<std::string> pipeline_name(const PipelineConfig& config) {
  if (!config.name.empty()) return config.name;
  TRY_ASSIGN(const auto source, make_source(config, {}));
  Result<SourceInfo> info = source->connect();
  if (!info) return info.error().with("the pipeline's name comes from the source; give --name to do without it");
  return info->identity;
}

}  // namespace weft
