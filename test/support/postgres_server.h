// SPDX-License-Identifier: Apache-2.0
// PostgresServer: a real PostgreSQL server with a private data directory on a loopback port, which keeps both over
// stop, crash and restart; for live tests, the demo and benchmarks.
//   PostgresServer server({.wal_level = "logical"}); server.start();
//   server.exec("CREATE TABLE t (a int)"); server.crash(); server.start();
// Superuser postgres without a password; every role may connect from this machine (trust).
// Each server has a system identifier of its own. Owns the processes, the port and the temporary directory; the
// destructor stops the server at once. One thread at a time, except url(), port(), connect() of a running server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/ports.h"
#include "support/postgres_connection.h"
#include "support/process.h"
#include "support/rows.h"
#include "support/temp_dir.h"

namespace weft::support {

struct PostgresOptions {
  std::string synchronous_commit = "on";
  bool fsync = true;
  std::string wal_level = "replica";
  int shared_buffers_mb = 64;
  std::vector<std::string> settings = {};  // more lines of postgresql.conf: "work_mem = 16MB"; they win over the others
};

class PostgresServer {
 public:
  // Throws std::runtime_error if unavailable().
  explicit PostgresServer(PostgresOptions options = {});
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  // Why it cannot be started here, or nothing.
  [[nodiscard]] static std::optional<std::string> unavailable();

  // Changes are in force from the next start.
  [[nodiscard]] PostgresOptions& options() { return options_; }

  // Returns when the server answers; throws with the end of its log if it does not. REQUIRES: not running.
  void start();
  // Makes it, before its first start, a standby of a running server: it follows from start() on, until promote().
  void follow(const PostgresServer& primary);
  void promote();
  // Fast shutdown: sessions are ended, all is flushed.
  void stop();
  // SIGKILL to the postmaster; returns when all its backends are gone too, so that start() finds nothing in its way.
  void crash();
  // Immediate shutdown: sessions end without a word, the next start recovers from the log.
  void crash_immediate();
  // stop() if it runs, then start().
  void restart();

  [[nodiscard]] bool running();

  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }

  [[nodiscard]] std::uint16_t port() const { return port_.number(); }

  [[nodiscard]] const std::filesystem::path& data_dir() const { return data_dir_; }

  [[nodiscard]] std::filesystem::path socket_dir() const { return dir_.path() / "run"; }

  [[nodiscard]] std::filesystem::path log_file() const { return dir_.path() / "server.log"; }

  // Where its programs are: pg_recvlogical and the like.
  [[nodiscard]] const std::filesystem::path& programs() const { return programs_; }

  // postgresql://user@127.0.0.1:port/database
  [[nodiscard]] std::string url(const std::string& database = "postgres", const std::string& user = "postgres") const;

  // A session of its own, over TCP.
  [[nodiscard]] PostgresConnection connect(const std::string& database = "postgres",
                                           const std::string& user = "postgres") const;

  // Statements as superuser in database postgres, in one session that lives from start to stop.
  void exec(const std::string& sql) { control().exec(sql); }

  [[nodiscard]] Rows query(const std::string& sql) { return control().query(sql); }

  [[nodiscard]] std::string value(const std::string& sql) { return single_value(query(sql)); }

 private:
  PostgresConnection& control();
  void fill_data_dir();
  void write_config() const;
  void end(int signal);

  PostgresOptions options_;
  std::filesystem::path programs_;
  TempDir dir_;
  Port port_;
  std::optional<UserIds> user_;
  std::filesystem::path data_dir_;
  bool filled_ = false;
  std::optional<Process> process_;
  std::optional<PostgresConnection> control_;
};

}  // namespace weft::support
