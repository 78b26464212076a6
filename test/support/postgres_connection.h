// SPDX-License-Identifier: Apache-2.0
// PostgresConnection: one session of a PostgreSQL server, over libpq.
//   PostgresConnection session(server.url("shop")); session.exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
// Owns the connection. One thread at a time. Errors are SqlError; notices are dropped.
#pragma once

#include <string>

#include "support/rows.h"

struct pg_conn;

namespace weft::support {

class PostgresConnection {
 public:
  // Takes what libpq takes: a postgresql:// URI or keywords.
  explicit PostgresConnection(const std::string& conninfo);
  PostgresConnection(PostgresConnection&& other) noexcept;
  PostgresConnection& operator=(PostgresConnection&& other) noexcept;
  ~PostgresConnection();

  // Runs one or several statements separated by semicolons (then as one transaction, as PostgreSQL does).
  void exec(const std::string& sql);

  // The same; returns the last statement's rows.
  [[nodiscard]] Rows query(const std::string& sql);

  // For what this class lacks (COPY, notifications); still owned by it.
  [[nodiscard]] pg_conn* handle() const { return handle_; }

 private:
  pg_conn* handle_ = nullptr;
};

}  // namespace weft::support
