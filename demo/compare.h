// SPDX-License-Identifier: Apache-2.0
// compare_table: the rows of one table on both sides, as hashes of their text, counted as they occur.
//   Difference d = compare_table(mariadb, postgres, table);   // d.lost + d.doubled + d.strange == 0: the same rows
// Plain functions; the sessions belong to the caller. REQUIRES: nobody writes to either side.
#pragma once

#include <cstdint>
#include <string_view>

#include "shop.h"
#include "support/mysql_connection.h"
#include "support/postgres_connection.h"

namespace weft::demo {

struct Difference {
  uint64_t rows = 0;     // at the source
  uint64_t lost = 0;     // at the source, not at the target
  uint64_t doubled = 0;  // at the target more often than at the source
  uint64_t strange = 0;  // at the target, never at the source (an old version of a row counts as lost and strange)

  [[nodiscard]] bool same() const { return lost == 0 && doubled == 0 && strange == 0; }
};

[[nodiscard]] Difference compare_table(support::MysqlConnection& source,
                                       support::PostgresConnection& target,
                                       const ShopTable& table);

}  // namespace weft::demo
