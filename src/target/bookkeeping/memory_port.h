// SPDX-License-Identifier: Apache-2.0
// MemoryPort: the smallest SqlPort there can be, over an SQLite database in memory, for the tests of bookkeeping. Ports of one
// name share a database. One thread. Defined in memory_port_test.cc.
#pragma once

#include <string>

#include "target/bookkeeping/port.h"

struct sqlite3;

namespace weft::bookkeeping {

class MemoryPort final : public SqlPort {
 public:
  explicit MemoryPort(const std::string& name);
  MemoryPort(const MemoryPort&) = delete;
  MemoryPort& operator=(const MemoryPort&) = delete;
  ~MemoryPort() override;

  [[nodiscard]] Dialect dialect() const override { return Dialect::kSqlite; }

  [[nodiscard]] Result<uint64_t> run(std::string_view sql, std::span<const Parameter> parameters) override;
  [[nodiscard]] Result<std::vector<Record>> rows(std::string_view sql, std::span<const Parameter> parameters) override;

 private:
  [[nodiscard]] Error error(std::string_view sql) const;

  sqlite3* database_ = nullptr;
};

}  // namespace weft::bookkeeping
