// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include <fmt/format.h>

#include "base/clock.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* kTable =
    "CREATE TABLE rows8 (id BIGINT NOT NULL PRIMARY KEY, customer INT NOT NULL, amount DECIMAL(12,2) NOT NULL, "
    "state VARCHAR(12) NOT NULL, created DATETIME NOT NULL, score DOUBLE, note VARCHAR(200), flag TINYINT NOT NULL)";

constexpr const char* kProcedure =
    "CREATE PROCEDURE one_by_one(first BIGINT, rows_wanted BIGINT) BEGIN DECLARE i BIGINT DEFAULT first; "
    "WHILE i < first + rows_wanted DO INSERT INTO rows8 VALUES ({}); SET i = i + 1; END WHILE; END";

// The last number of a GTID "0-1-4711".
double sequence_of(const std::string& gtid) {
  const auto dash = gtid.rfind('-');
  return dash == std::string::npos ? 0 : std::strtod(gtid.c_str() + dash + 1, nullptr);
}

}  // namespace

support::MariaDbOptions bench_server_options() {
  return {
      .innodb_flush_log_at_trx_commit = 2,
      .sync_binlog = 0,
      .buffer_pool_mb = 512,
      .redo_log_mb = 512,
      .extra_args = {"--max-binlog-size=1073741824", "--max-allowed-packet=64M", "--binlog-annotate-row-events=OFF"}};
}

std::string row_values(const std::string& id) {
  return fmt::format(
      "{0}, {0} % 100000, {0} % 9999 + 0.25, 'delivered', '2026-01-01 12:00:00', {0} * 0.5, "
      "REPEAT('weft ', 28), {0} % 2",
      id);
}

void create_tables(support::MariaDbServer& server) {
  server.exec("CREATE DATABASE bench; USE bench");
  server.exec(kTable);
  server.exec(fmt::format(fmt::runtime(kProcedure), row_values("i")));
}

void one_row_transactions(support::MariaDbServer& server, uint64_t first, uint64_t count) {
  server.exec(fmt::format("CALL one_by_one({}, {})", first, count));
}

void one_transaction(support::MariaDbServer& server, uint64_t first, uint64_t count) {
  server.exec(
      fmt::format("INSERT INTO rows8 SELECT {} FROM seq_{}_to_{}", row_values("seq"), first, first + count - 1));
}

std::string source_position(support::MariaDbServer& server) {
  return server.value("SELECT @@gtid_binlog_pos");
}

Rig::Rig(const Settings& settings)
    : settings_(settings),
      source_(bench_server_options()),
      target_({.shared_buffers_mb = 256, .settings = {"max_wal_size = 4GB", "checkpoint_timeout = 30min"}}) {
  source_.start();
  target_.start();
  create_tables(source_);
  target_.exec("CREATE DATABASE base");
}

void Rig::prepare() {
  [[maybe_unused]] const auto first = run_weft("base", {"--snapshot", "no", "--until", "now", "--create-tables"});
}

std::string Rig::fresh_database() {
  const std::string name = "run" + std::to_string(++databases_);
  target_.exec("CREATE DATABASE " + name + " TEMPLATE base");
  target_.exec("CHECKPOINT");
  return name;
}

std::string Rig::empty_database() {
  const std::string name = "run" + std::to_string(++databases_);
  target_.exec("CREATE DATABASE " + name);
  target_.exec("CHECKPOINT");
  return name;
}

void Rig::drop(const std::string& database) {
  target_.exec("DROP DATABASE " + database + " WITH (FORCE)");
}

void Rig::set_durability(Durability durability) {
  target_.exec(std::string("ALTER SYSTEM SET synchronous_commit = ") +
               (durability == Durability::kDurable ? "on" : "off"));
  target_.exec("SELECT pg_reload_conf()");
}

std::vector<std::string> Rig::weft_command(const std::string& database, const std::vector<std::string>& more) const {
  std::vector<std::string> argv = {settings_.weft.string(),
                                   "run",
                                   "--from",
                                   source_.url("bench", "weft"),
                                   "--to",
                                   target_.url(database),
                                   "--name",
                                   "bench",
                                   "--http",
                                   "off",
                                   "--no-progress",
                                   "--state",
                                   (dir_.path() / "state").string()};
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

Measured Rig::run_weft(const std::string& database, const std::vector<std::string>& more) {
  return measure({.argv = weft_command(database, more), .output_file = log()}, 1h);
}

uint64_t Rig::target_rows(const std::string& database) {
  auto session = target_.connect(database);
  return std::strtoull(support::single_value(session.query("SELECT count(*) FROM rows8")).c_str(), nullptr, 10);
}

Replica::Replica(Rig& rig)
    : rig_(rig), server_([] {
        auto options = bench_server_options();
        options.binlog = false;
        return options;
      }()) {
  server_.start();
  create_tables(server_);
}

void Replica::reset(const std::string& gtid) {
  server_.exec("STOP SLAVE");
  server_.exec("RESET SLAVE ALL");
  server_.exec("TRUNCATE TABLE rows8");
  server_.exec("SET GLOBAL gtid_slave_pos = '" + gtid + "'");
  server_.exec(
      fmt::format("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'weft', "
                  "MASTER_PASSWORD = 'secret', MASTER_USE_GTID = slave_pos",
                  rig_.source().port()));
}

Replica::Caught Replica::catch_up(std::chrono::seconds limit) {
  Clock& clock = real_clock();
  const std::string head = source_position(rig_.source());
  const auto place = [&] { return server_.value("SELECT @@gtid_slave_pos"); };
  const double from = sequence_of(place());
  const double cpu = cpu_seconds_of(server_.pid());
  const SteadyTime began = clock.now();
  server_.exec("START SLAVE");
  std::string now;
  while ((now = place()) != head && clock.now() - began < limit) clock.sleep(5ms, {});
  Caught caught;
  caught.seconds = static_cast<double>((clock.now() - began).count()) / 1e9;
  caught.cpu_seconds = cpu_seconds_of(server_.pid()) - cpu;
  caught.transactions = sequence_of(now) - from;
  if (caught.transactions <= 0) throw std::runtime_error("the replica stands still: " + server_.log_file().string());
  return caught;
}

void Replica::set_threads(int threads) {
  server_.exec("STOP SLAVE");
  server_.exec(fmt::format("SET GLOBAL slave_parallel_threads = {}", threads));
}

void Replica::set_durability(Durability durability) {
  server_.exec(
      fmt::format("SET GLOBAL innodb_flush_log_at_trx_commit = {}", durability == Durability::kDurable ? 1 : 2));
}

}  // namespace weft::bench
