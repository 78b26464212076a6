// SPDX-License-Identifier: Apache-2.0
// SqlitePort: the bookkeeping's way to an SQLite connection. The connection's thread.
#pragma once

#include "engine/sqlite/connection.h"
#include "target/bookkeeping/port.h"

namespace weft::sqlite {

class SqlitePort final : public bookkeeping::SqlPort {
 public:
  explicit SqlitePort(Connection& connection) : connection_(connection) {}

  [[nodiscard]] bookkeeping::Dialect dialect() const override { return bookkeeping::Dialect::kSqlite; }

  [[nodiscard]] Result<uint64_t> run(std::string_view sql, std::span<const bookkeeping::Parameter> parameters) override;
  [[nodiscard]] Result<std::vector<bookkeeping::Record>> rows(
      std::string_view sql, std::span<const bookkeeping::Parameter> parameters) override;

 private:
  Connection& connection_;
};

}  // namespace weft::sqlite
