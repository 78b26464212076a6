// SPDX-License-Identifier: Apache-2.0
// BinlogServer: what MariaDbServer and MySqlServer have in common: a real server process with a private data directory
// on a loopback port, which keeps both over stop, crash and restart.
//   server.start(); server.exec("CREATE DATABASE shop"); run_weft(server.url("shop", "weft"));
//   server.crash(); server.start();
// Users: root without a password by socket and 127.0.0.1, and weft with password "secret", who has what a source needs:
// REPLICATION SLAVE, REPLICATION CLIENT and SELECT on everything.
// Owns the process, the port and the temporary directory; the destructor kills the server at once, as its data goes
// with it. One thread at a time, except url(), port(), connect() of a running server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/mysql_connection.h"
#include "support/ports.h"
#include "support/process.h"
#include "support/rows.h"
#include "support/temp_dir.h"

namespace weft::support {

class BinlogServer {
 public:
  BinlogServer(const BinlogServer&) = delete;
  BinlogServer& operator=(const BinlogServer&) = delete;
  virtual ~BinlogServer();

  // Returns when the server answers; throws with the end of its log if it does not. REQUIRES: not running.
  void start();
  // Clean shutdown.
  void stop();
  // SIGKILL.
  void crash();
  // stop() if it runs, then start(); options changed in between are in force.
  void restart();

  [[nodiscard]] bool running();

  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }

  [[nodiscard]] std::uint16_t port() const { return port_.number(); }

  [[nodiscard]] const std::filesystem::path& data_dir() const { return data_dir_; }

  [[nodiscard]] std::filesystem::path socket() const { return dir_.path() / "run" / "s"; }

  [[nodiscard]] std::filesystem::path log_file() const { return dir_.path() / "server.log"; }

  // mysql://user[:password]@127.0.0.1:port/database, for root and weft.
  [[nodiscard]] std::string url(const std::string& database = "", const std::string& user = "root") const;

  // A session of its own, over TCP.
  [[nodiscard]] MysqlConnection connect(const std::string& database = "", const std::string& user = "root") const;

  // Statements as root in one session that lives from start to stop (so USE and SET stay in force).
  void exec(const std::string& sql) { control().exec(sql); }

  [[nodiscard]] Rows query(const std::string& sql) { return control().query(sql); }

  [[nodiscard]] std::string value(const std::string& sql) { return single_value(query(sql)); }

 protected:
  BinlogServer();

  // The program and its arguments, without those that start() adds for directories, port and socket.
  [[nodiscard]] virtual std::vector<std::string> command() const = 0;
  // The initialised data directory to begin with, from the cache.
  [[nodiscard]] virtual std::filesystem::path data_template() const = 0;

 private:
  MysqlConnection& control();

  TempDir dir_;
  Port port_;
  std::optional<UserIds> user_;
  std::filesystem::path data_dir_;
  bool filled_ = false;
  std::optional<Process> process_;
  std::optional<MysqlConnection> control_;
};

// For making data templates: runs the server `command` on a data directory without networking, executes `sql`, and
// stops it cleanly.
void run_server_once(std::vector<std::string> command, const std::filesystem::path& data_dir, const std::string& sql);

// The user that MariaDB and MySQL run as; nothing if we are an ordinary user.
[[nodiscard]] std::optional<UserIds> binlog_server_user();

// A server id that no other server of a test has, most likely.
[[nodiscard]] std::uint32_t random_server_id();

}  // namespace weft::support
