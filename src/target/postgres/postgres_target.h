// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL target: rows and progress in one transaction, progress as an insert-only chain in schema _weft.
//
//   TRY_ASSIGN(auto target, make_postgres_target({.url = "postgresql://app@warehouse/shop"}));
//   TRY_ASSIGN(const Opened opened, target->open({.pipeline = "shop", .source_id = id, .wait = 5s}));
//
// Commits are relaxed by default (synchronous_commit = off, as native subscriptions do): flushed() says what a crash of the
// server can't take back, and only that may be acknowledged to a source. Connects at open() (or peek, check), not before.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "target/target.h"

namespace weft::postgres {

struct PostgresTargetOptions {
  std::string url = {};
  bool durable_commits = false;    // each commit waits for the disk
  bool triggers = true;            // false: session_replication_role = replica; weft then answers for foreign keys
  bool keep_schema = false;        // tables keep the source's schema name (PostgreSQL sources)
  bool setup = true;               // whether check() may count on the `_weft` objects being made
  bool leave_out_columns = false;  // columns that a target table lacks are not written, instead of an error
  bool end_zombies = true;         // at a takeover, end the former holder's sessions where allowed
  Duration lease = std::chrono::seconds(10);
  std::stop_token stop = {};  // ends every wait
  Clock* clock = nullptr;     // real_clock() if null
};

// kConfig when the URL is none. Contacts nothing.
[[nodiscard]] Result<std::unique_ptr<Target>> make_postgres_target(PostgresTargetOptions options);

}  // namespace weft::postgres
