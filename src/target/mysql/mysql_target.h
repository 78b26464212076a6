// SPDX-License-Identifier: Apache-2.0
// A MySQL or MariaDB database as a Target. docs/targets/mysql.md.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/mysql/options.h"
#include "target/target.h"

namespace weft::mysql {

struct MySqlTargetOptions {
  Options server;
  bool triggers = true;            // that the target's triggers fire is all right; they can't be switched off there
  bool setup = true;               // whether check() may count on the `_weft_*` tables being made
  bool leave_out_columns = false;  // columns that a target table lacks are not written, instead of an error
  bool end_zombies = true;         // sessions of a process that is taken over are ended
  Duration lease = std::chrono::seconds(10);
  std::stop_token stop = {};  // ends every wait
  Clock* clock = nullptr;     // real_clock() if null
};

// kConfig: the address names no database. Contacts nothing yet.
[[nodiscard]] Result<std::unique_ptr<Target>> make_mysql_target(MySqlTargetOptions options);

// What `weft setup` makes, as SQL, and the making.
[[nodiscard]] std::string mysql_setup_sql();
[[nodiscard]] Status mysql_setup(const MySqlTargetOptions& options);

struct MySqlTeardown {
  std::string pipeline;
  bool cutover = false;
  bool dry_run = false;
  Duration wait{};  // how long to wait for another process to go
};

// What `weft teardown` does, as statements. Code kPipelineTaken.
[[nodiscard]] Result<std::vector<std::string>> mysql_teardown(const MySqlTargetOptions& options,
                                                              const MySqlTeardown& request);

}  // namespace weft::mysql
