// SPDX-License-Identifier: Apache-2.0
// MySqlServer: a real MySQL 9.x server from the private root that tools/mysql_root.sh makes, for live tests and
// benchmarks. What it can do, who owns what and which thread: binlog_server.h.
//   if (auto reason = MySqlServer::unavailable()) GTEST_SKIP() << *reason;
//   MySqlServer server({.transaction_compression = true}); server.start();
// Every server has a server_uuid of its own and begins with an empty GTID set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/binlog_server.h"

namespace weft::support {

struct MySqlOptions {
  bool binlog = true;
  bool gtid_mode = true;
  std::string row_image = "FULL";     // full, noblob, minimal
  std::string row_metadata = "FULL";  // FULL, MINIMAL
  bool transaction_compression = false;
  bool partial_json = false;  // binlog_row_value_options=PARTIAL_JSON
  std::uint32_t server_id = random_server_id();
  int innodb_flush_log_at_trx_commit = 1;  // this and the next: the server's own defaults
  int sync_binlog = 1;
  int buffer_pool_mb = 64;
  int redo_log_mb = 32;
  bool performance_schema = false;           // true costs 0.9 s per start and 250 MB
  std::vector<std::string> extra_args = {};  // they win over all others
};

// The directory that holds usr/sbin/mysqld: $WEFT_MYSQL_ROOT (it or its sub-directory "root"), then the cache
// directory's mysql/root, then root's shared cache.
[[nodiscard]] std::optional<std::filesystem::path> find_mysql_root();

class MySqlServer final : public BinlogServer {
 public:
  // Throws std::runtime_error if unavailable().
  explicit MySqlServer(MySqlOptions options = {});

  // Why it cannot be started here, or nothing.
  [[nodiscard]] static std::optional<std::string> unavailable();

  // Changes are in force from the next start.
  [[nodiscard]] MySqlOptions& options() { return options_; }

 private:
  [[nodiscard]] std::vector<std::string> command() const override;
  [[nodiscard]] std::filesystem::path data_template() const override;

  MySqlOptions options_;
  std::filesystem::path root_;
};

}  // namespace weft::support
