// SPDX-License-Identifier: Apache-2.0
// SqlPort: what the bookkeeping of a target asks of an engine that is spoken to one statement at a time (MySQL, MariaDB, SQLite;
// PostgreSQL queues its statements and has its own). Statements mark parameters with '?'. Text goes as UTF-8, bytes as bytes:
// every column of the `_weft_*` tables says which it is, so a parameter needs no type but its own.
// Implemented by an adapter over one connection; that connection's one thread. The port is not owned.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace weft::bookkeeping {

// NULL, a number, or text and bytes (viewed for the length of the call).
using Parameter = std::variant<std::monostate, int64_t, std::string_view>;

// Cells as text; numbers in decimal. SQL NULL is nullopt.
using Record = std::vector<std::optional<std::string>>;

enum class Dialect : uint8_t { kMySql, kSqlite };

class SqlPort {
 public:
  virtual ~SqlPort() = default;
  [[nodiscard]] virtual Dialect dialect() const = 0;
  // Runs one statement that gives no rows. Gives the rows it found: of an UPDATE those that its WHERE matches, changed or not.
  [[nodiscard]] virtual Result<uint64_t> run(std::string_view sql, std::span<const Parameter> parameters) = 0;
  [[nodiscard]] virtual Result<std::vector<Record>> rows(std::string_view sql,
                                                         std::span<const Parameter> parameters) = 0;
};

}  // namespace weft::bookkeeping
