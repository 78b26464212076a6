// SPDX-License-Identifier: Apache-2.0
#include "postgres_rig.h"

#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* kValues =
    "{0}, {0} % 100000, {0} % 9999 + 0.25, 'delivered', timestamp '2026-01-01 12:00:00', {0} * 0.5, "
    "repeat('weft ', 28), {0} % 2";

// Where prepare() stood.
constexpr const char* kBaseSlot = "weft_base";

std::string values(const std::string& id) {
  return fmt::format(fmt::runtime(kValues), id);
}

support::PostgresOptions options(const std::string& wal_level) {
  return {.wal_level = wal_level,
          .shared_buffers_mb = 256,
          .settings = {"max_wal_size = 8GB", "checkpoint_timeout = 30min", "autovacuum = off"}};
}

}  // namespace

PostgresRig::PostgresRig(const Settings& settings)
    : settings_(settings), source_(options("logical")), target_(options("replica")) {
  source_.start();
  target_.start();
  source_.exec("CREATE DATABASE bench");
  auto sql = session();
  sql.exec(kPostgresTable);
  sql.exec(
      fmt::format("CREATE PROCEDURE one_by_one(first bigint, wanted bigint) LANGUAGE plpgsql AS $$ BEGIN FOR i IN "
                  "first..first + wanted - 1 LOOP INSERT INTO rows8 VALUES ({}); COMMIT; END LOOP; END $$",
                  values("i")));
  target_.exec("CREATE DATABASE base");
  set_durable(false);
}

void PostgresRig::prepare() {
  [[maybe_unused]] const auto first = run_weft("base", {"--snapshot", "no", "--until", "now", "--create-tables"});
  session().exec(fmt::format("SELECT pg_copy_logical_replication_slot('{}', '{}')", kWeftSlot, kBaseSlot));
}

void PostgresRig::rewind() {
  drop_slot(kWeftSlot);
  copy_slot(kWeftSlot);
}

void PostgresRig::copy_slot(const std::string& name) {
  session().exec(fmt::format("SELECT pg_copy_logical_replication_slot('{}', '{}')", kBaseSlot, name));
}

// Its last reader may still be leaving.
void PostgresRig::drop_slot(const std::string& name) {
  source_.exec(
      fmt::format("DO $$ BEGIN FOR i IN 1..1000 LOOP EXIT WHEN NOT EXISTS (SELECT FROM pg_replication_slots WHERE "
                  "slot_name = '{0}' AND active); PERFORM pg_sleep(0.01); END LOOP; PERFORM "
                  "pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{0}'; END $$",
                  name));
}

std::string PostgresRig::fresh_database() {
  const std::string name = "run" + std::to_string(++databases_);
  target_.exec("CREATE DATABASE " + name + " TEMPLATE base");
  target_.exec("CHECKPOINT");
  return name;
}

std::string PostgresRig::empty_database() {
  const std::string name = "run" + std::to_string(++databases_);
  target_.exec("CREATE DATABASE " + name);
  target_.exec("CHECKPOINT");
  return name;
}

void PostgresRig::drop(const std::string& database) {
  target_.exec("DROP DATABASE " + database + " WITH (FORCE)");
}

void PostgresRig::one_row_transactions(uint64_t first, uint64_t count) {
  session().exec(fmt::format("CALL one_by_one({}, {})", first, count));
}

void PostgresRig::one_transaction(uint64_t first, uint64_t count) {
  session().exec(
      fmt::format("INSERT INTO rows8 SELECT {} FROM generate_series({}, {}) i", values("i"), first, first + count - 1));
}

void PostgresRig::set_durable(bool durable) {
  for (support::PostgresServer* server : {&source_, &target_}) {
    server->exec(std::string("ALTER SYSTEM SET synchronous_commit = ") + (durable ? "on" : "off"));
    server->exec("SELECT pg_reload_conf()");
  }
}

std::vector<std::string> PostgresRig::weft_command(const std::string& database,
                                                   const std::vector<std::string>& more) const {
  std::vector<std::string> argv = {settings_.weft.string(),
                                   "run",
                                   "--from",
                                   source_.url("bench"),
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

Measured PostgresRig::run_weft(const std::string& database, const std::vector<std::string>& more) {
  return measure({.argv = weft_command(database, more), .output_file = log()}, 1h);
}

uint64_t PostgresRig::target_rows(const std::string& database) {
  auto sql = target_.connect(database);
  return std::strtoull(support::single_value(sql.query("SELECT count(*) FROM rows8")).c_str(), nullptr, 10);
}

}  // namespace weft::bench
