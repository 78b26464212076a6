// SPDX-License-Identifier: Apache-2.0
// MysqlConnection: one session of a MariaDB or MySQL server, over libmariadb.
//   MysqlConnection session({.port = 3306, .user = "weft", .password = "secret"});
//   session.exec("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)"); auto rows = session.query("SELECT a FROM t");
// Owns the connection. One thread at a time. Errors are SqlError; the session character set is utf8mb4.
#pragma once

#include <cstdint>
#include <string>

#include "support/rows.h"

struct st_mysql;

namespace weft::support {

struct MysqlEndpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string socket = {};  // if given, used instead of host and port
  std::string user = "root";
  std::string password = {};
  std::string database = {};
};

class MysqlConnection {
 public:
  explicit MysqlConnection(const MysqlEndpoint& endpoint);
  MysqlConnection(MysqlConnection&& other) noexcept;
  MysqlConnection& operator=(MysqlConnection&& other) noexcept;
  ~MysqlConnection();

  // Runs one or several statements separated by semicolons; stops at the first that fails.
  void exec(const std::string& sql);

  // The same; returns the rows of the last statement that had any columns.
  [[nodiscard]] Rows query(const std::string& sql);

  // For what this class lacks (LOAD DATA, prepared statements); still owned by it.
  [[nodiscard]] st_mysql* handle() const { return handle_; }

 private:
  st_mysql* handle_ = nullptr;
};

}  // namespace weft::support
