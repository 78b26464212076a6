// SPDX-License-Identifier: Apache-2.0
// Rig: a source server of either kind, a PostgreSQL target with a database, and a directory for what weft writes.
//
//   if (auto why = missing(engine)) GTEST_SKIP() << *why;
//   Rig rig(engine); rig.source->exec("CREATE TABLE shop.t ..."); WeftProcess weft(rig.log(), rig.run_arguments());
//
// Owns all of it; kept on disk with WEFT_KEEP_TMP=1. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "live/weft_process.h"
#include "support/binlog_server.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace weft::live {

enum class Engine { kMariaDb, kMySql };

[[nodiscard]] std::string engine_name(Engine engine);
void PrintTo(Engine engine, std::ostream* out);

// Why this engine cannot be tested here, or nothing.
[[nodiscard]] std::optional<std::string> missing(Engine engine);

struct SourceOptions {
  std::string row_image = "FULL";
  std::string row_metadata = "FULL";
  bool partial_json = false;            // MySQL only
  std::vector<std::string> extra = {};  // arguments of the server
};

[[nodiscard]] std::unique_ptr<support::BinlogServer> make_source(Engine engine, const SourceOptions& options = {});

struct Rig {
  explicit Rig(Engine engine, const SourceOptions& options = {}, support::PostgresOptions target_options = {});

  // A new session each.
  [[nodiscard]] support::MysqlConnection source_session() const { return source->connect("shop"); }

  [[nodiscard]] support::PostgresConnection target_session() const { return target.connect("shop"); }

  [[nodiscard]] std::filesystem::path log() const { return dir.path() / "weft.log"; }

  [[nodiscard]] std::string from() const { return source->url("shop", "weft"); }

  [[nodiscard]] std::string to() const { return target.url("shop"); }

  // "run --from URL --to URL" and what is given.
  [[nodiscard]] std::vector<std::string> run_arguments(const std::vector<std::string>& more = {}) const;
  // Runs that command to its end.
  [[nodiscard]] WeftResult run(const std::vector<std::string>& more, std::vector<std::string> env = {}) const;
  // What the target holds, as one text ("1,a|2,b"), rows in the order of the statement.
  [[nodiscard]] std::string at_target(const std::string& sql) const;
  // Whether the statement's only cell becomes `value` at the target before the deadline.
  [[nodiscard]] bool becomes(const std::string& sql, const std::string& value, support::Deadline deadline) const;

  support::TempDir dir;
  std::unique_ptr<support::BinlogServer> source;  // started, without databases
  support::PostgresServer target;                 // started, with the empty database `shop`
};

// $WEFT_SEED or a random one, printed once per call with the test's name.
[[nodiscard]] uint64_t test_seed();
// A positive number from the environment.
[[nodiscard]] int number_from(const char* variable, int standard);

}  // namespace weft::live
