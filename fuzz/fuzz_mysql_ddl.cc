// SPDX-License-Identifier: Apache-2.0
// Statements in every dialect: classify() ends, and names no table that is longer than the statement.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/mysql_binlog/ddl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weft::mysql_binlog;
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  for (int dialect = 0; dialect < 8; ++dialect) {
    const Statement statement =
        classify(sql,
                 "db",
                 {.mariadb = (dialect & 1) != 0, .ansi_quotes = (dialect & 2) != 0, .no_escapes = (dialect & 4) != 0});
    for (const TableRef& table : statement.tables) CHECK(table.table.size() <= size && table.schema.size() <= size + 2);
    CHECK(statement.verb != Verb::kTruncate || statement.tables.size() <= 1);
  }
  return 0;
}
