// SPDX-License-Identifier: Apache-2.0
// GrowingTables: tables of a MariaDB source whose shape changes under load in ways that `--schema-changes evolve` follows, and
// rows that only fit the new shape.
//
//   GrowingTables tables; tables.create(server); tables.add_column(server, rng); tables.widen(server, rng);
//
// The shop's table `loose`, whose sessions name their columns, grows too. Plain state, no connection; one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "support/binlog_server.h"

namespace weft::live {

class GrowingTables {
 public:
  // A new table, with its first rows.
  void create(support::BinlogServer& server);
  // Without or with a default, on a table that is drawn; REQUIRES: create() was called once.
  void add_column(support::BinlogServer& server, Rng& rng);
  // A longer VARCHAR, INT to BIGINT, a larger DECIMAL, NULL allowed; REQUIRES: create() was called once.
  void widen(support::BinlogServer& server, Rng& rng);
  // A table loses its rows, and gets others; REQUIRES: create() was called once.
  void truncate(support::BinlogServer& server, Rng& rng);

  // The table and the id that add_row() will use next; REQUIRES: create() was called once.
  [[nodiscard]] std::pair<std::string, int> next_row() const { return {names_[0], rows_ + 1}; }

  // A row of the first table, and a change of it.
  void add_row(support::BinlogServer& server);

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  // Statements so far that changed a shape.
  [[nodiscard]] int changes() const { return changes_; }

 private:
  [[nodiscard]] const std::string& drawn(Rng& rng) const { return names_[rng.below(names_.size())]; }

  std::vector<std::string> names_;
  int changes_ = 0;
  int rows_ = 0;
  int text_bytes_ = 10;
};

}  // namespace weft::live
