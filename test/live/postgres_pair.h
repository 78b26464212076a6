// SPDX-License-Identifier: Apache-2.0
// PostgresPair: a PostgreSQL source with logical decoding, a PostgreSQL target, each with an empty database `shop`, and a
// directory for what weft writes.
//
//   PostgresPair pair; pair.on_both("CREATE TABLE t (id int PRIMARY KEY)");
//   WeftProcess weft(pair.log(), pair.run_arguments()); ... EXPECT_TRUE(pair.equal());
//
// Owns all of it; kept on disk with WEFT_KEEP_TMP=1. One thread.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "live/weft_process.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace weft::live {

// Drops the replication slots of the session's database as soon as nobody holds them; false if someone still does after
// a while.
[[nodiscard]] bool drop_slots(support::PostgresConnection& session);

struct PostgresPairOptions {
  support::PostgresOptions source = {.wal_level = "logical"};
  support::PostgresOptions target = {};
};

struct PostgresPair {
  explicit PostgresPair(PostgresPairOptions options = {});

  // A new session each.
  [[nodiscard]] support::PostgresConnection source_session() const { return source.connect("shop"); }

  [[nodiscard]] support::PostgresConnection target_session() const { return target.connect("shop"); }

  [[nodiscard]] std::filesystem::path log() const { return dir.path() / "weft.log"; }

  [[nodiscard]] std::string from() const { return source.url("shop"); }

  [[nodiscard]] std::string to() const { return target.url("shop"); }

  // "run --from URL --to URL" and what is given.
  [[nodiscard]] std::vector<std::string> run_arguments(const std::vector<std::string>& more = {}) const;
  // Runs that command to its end.
  [[nodiscard]] WeftResult run(const std::vector<std::string>& more = {}) const;

  void on_both(const std::string& sql) const;

  // What a side answers, as support::text_of() says it.
  [[nodiscard]] std::string at_source(const std::string& sql) const {
    return support::text_of(source_session().query(sql));
  }

  [[nodiscard]] std::string at_target(const std::string& sql) const {
    return support::text_of(target_session().query(sql));
  }

  // Whether the statement comes to say `value` before the deadline.
  [[nodiscard]] bool source_says(const std::string& sql, const std::string& value, support::Deadline deadline) const;
  [[nodiscard]] bool target_says(const std::string& sql, const std::string& value, support::Deadline deadline) const;

  // Commits a row of table `marks` at the source and waits until the target has it: all that was committed before is
  // there then. REQUIRES: weft was consistent; marks (id bigserial PRIMARY KEY) is on both sides.
  [[nodiscard]] bool settled(support::Deadline deadline) const;

  // Whether each table of the source's schema `public` holds the same rows at the target, as the servers print them.
  [[nodiscard]] ::testing::AssertionResult equal() const;

  support::TempDir dir;
  support::PostgresServer source;  // started
  support::PostgresServer target;  // started
};

}  // namespace weft::live
