// SPDX-License-Identifier: Apache-2.0
// An SQLite database as a Target: one writer, progress in the same transaction as the rows. docs/targets/sqlite.md.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "target/target.h"

namespace weft::sqlite {

struct SqliteTargetOptions {
  std::string url = {};
  bool setup = true;               // whether check() may count on the `_weft_*` tables being made
  bool leave_out_columns = false;  // columns that a target table lacks are not written, instead of an error
  Duration lease = std::chrono::seconds(10);
  std::stop_token stop = {};  // ends every wait
  Clock* clock = nullptr;     // real_clock() if null
};

// kConfig: the URL is wrong. Opens nothing yet.
[[nodiscard]] Result<std::unique_ptr<Target>> make_sqlite_target(SqliteTargetOptions options);

// What `weft setup` makes, as SQL, and the making.
[[nodiscard]] std::string sqlite_setup_sql();
[[nodiscard]] Status sqlite_setup(const SqliteTargetOptions& options);

struct SqliteTeardown {
  std::string pipeline;
  bool cutover = false;
  bool dry_run = false;
  Duration wait{};  // how long to wait for another process to go
};

// What `weft teardown` does, as statements. Code kPipelineTaken.
[[nodiscard]] Result<std::vector<std::string>> sqlite_teardown(const SqliteTargetOptions& options,
                                                               const SqliteTeardown& request);

}  // namespace weft::sqlite
