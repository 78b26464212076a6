// SPDX-License-Identifier: Apache-2.0
#include "live/rig.h"

#include <cstdio>
#include <cstdlib>

#include "base/rng.h"
#include "support/mariadb_server.h"
#include "support/mysql_server.h"

namespace weft::live {

using namespace std::chrono_literals;

std::string engine_name(Engine engine) {
  return engine == Engine::kMariaDb ? "MariaDb" : "MySql";
}

void PrintTo(Engine engine, std::ostream* out) {
  *out << engine_name(engine);
}

std::optional<std::string> missing(Engine engine) {
  if (auto reason = support::PostgresServer::unavailable()) return reason;
  return engine == Engine::kMariaDb ? support::MariaDbServer::unavailable() : support::MySqlServer::unavailable();
}

std::unique_ptr<support::BinlogServer> make_source(Engine engine, const SourceOptions& options) {
  if (engine == Engine::kMySql) {
    return std::make_unique<support::MySqlServer>(support::MySqlOptions{.row_image = options.row_image,
                                                                        .row_metadata = options.row_metadata,
                                                                        .partial_json = options.partial_json,
                                                                        .extra_args = options.extra});
  }
  return std::make_unique<support::MariaDbServer>(support::MariaDbOptions{
      .row_image = options.row_image, .row_metadata = options.row_metadata, .extra_args = options.extra});
}

Rig::Rig(Engine engine, const SourceOptions& options, support::PostgresOptions target_options)
    : source(make_source(engine, options)), target(std::move(target_options)) {
  source->start();
  // Copying a table without a key needs it on MySQL, which has no snapshot that names its position.
  if (engine == Engine::kMySql) source->exec("GRANT LOCK TABLES ON *.* TO weft@'%'");
  target.start();
  target.exec("CREATE DATABASE shop");
}

std::vector<std::string> Rig::run_arguments(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"run", "--from", from(), "--to", to()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

WeftResult Rig::run(const std::vector<std::string>& more, std::vector<std::string> env) const {
  env.push_back("XDG_STATE_HOME=" + (dir.path() / "state").string());
  return run_weft(run_arguments(more), support::deadline_in(120s), std::move(env));
}

std::string Rig::at_target(const std::string& sql) const {
  return support::text_of(target_session().query(sql));
}

bool Rig::becomes(const std::string& sql, const std::string& value, support::Deadline deadline) const {
  auto session = target_session();
  return support::wait_until(deadline, [&] {
    const auto rows = session.query(sql);
    return rows.size() == 1 && rows[0][0].value_or("NULL") == value;
  });
}

uint64_t test_seed() {
  const char* given = std::getenv("WEFT_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : random_seed() % 1000000000;
  std::printf("WEFT_SEED=%llu repeats this run's choices\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

int number_from(const char* variable, int standard) {
  const char* given = std::getenv(variable);
  const int number = given != nullptr ? std::atoi(given) : 0;
  return number > 0 ? number : standard;
}

}  // namespace weft::live
