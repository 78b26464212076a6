// SPDX-License-Identifier: Apache-2.0
// Compares tables of a MariaDB or MySQL database with those of a PostgreSQL one, row by row, by the text that both
// servers print (canonical.h). Rows are put in order by their text here, so no collation plays a part, and a table
// without a key is a multiset.
//
//   const Comparison result = compare_tables(source_session, target_session, "shop", {"orders", "events"});
//   EXPECT_EQ(result.differences, 0u) << result.text();
//
// The sessions are the caller's; both are set to UTC. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "live/canonical.h"
#include "support/mysql_connection.h"
#include "support/postgres_connection.h"

namespace weft::live {

struct Comparison {
  uint64_t rows = 0;               // of the source
  uint64_t cells = 0;              // compared
  uint64_t differences = 0;        // cells that differ, and rows that one side lacks
  std::vector<std::string> first;  // of them, readable: table, key, column, both values

  [[nodiscard]] std::string text() const;
};

// Columns of a source table, in order.
[[nodiscard]] std::vector<CanonicalColumn> columns_of(support::MysqlConnection& source,
                                                      const std::string& database,
                                                      const std::string& table);

[[nodiscard]] Comparison compare_tables(support::MysqlConnection& source,
                                        support::PostgresConnection& target,
                                        const std::string& database,
                                        const std::vector<std::string>& tables);

}  // namespace weft::live
