// SPDX-License-Identifier: Apache-2.0
// MariaDbServer: a real MariaDB server of the machine's own package (mariadb-server-core), for live tests, the demo and
// benchmarks. What it can do, who owns what and which thread: binlog_server.h.
//   if (auto reason = MariaDbServer::unavailable()) GTEST_SKIP() << *reason;
//   MariaDbServer server({.row_image = "MINIMAL"}); server.start();
//   server.options().row_image = "FULL"; server.restart();
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/binlog_server.h"

namespace weft::support {

struct MariaDbOptions {
  bool binlog = true;
  std::string binlog_format = "ROW";
  std::string row_image = "FULL";     // FULL, NOBLOB, MINIMAL
  std::string row_metadata = "FULL";  // FULL, MINIMAL, NO_LOG
  bool log_bin_compress = false;
  bool gtid_strict = false;
  std::uint32_t server_id = random_server_id();
  std::uint32_t gtid_domain_id = 0;
  int innodb_flush_log_at_trx_commit = 1;  // this and the next: the server's own defaults
  int sync_binlog = 0;
  int buffer_pool_mb = 64;
  int redo_log_mb = 32;
  std::vector<std::string> extra_args = {};  // e.g. "--lower-case-table-names=1"; they win over all others
};

class MariaDbServer final : public BinlogServer {
 public:
  explicit MariaDbServer(MariaDbOptions options = {});

  // Why it cannot be started here, or nothing.
  [[nodiscard]] static std::optional<std::string> unavailable();

  // Changes are in force from the next start.
  [[nodiscard]] MariaDbOptions& options() { return options_; }

 private:
  [[nodiscard]] std::vector<std::string> command() const override;
  [[nodiscard]] std::filesystem::path data_template() const override;

  MariaDbOptions options_;
};

}  // namespace weft::support
