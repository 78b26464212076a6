// SPDX-License-Identifier: Apache-2.0
// The SQLite source: changes that triggers note in tables of the database itself, and table readers. See source/source.h for
// the contract, capture_sql.h for what is noted.
//
//   TRY_ASSIGN(auto source, make_sqlite_source({.url = "sqlite:///var/app.db", .tables = {"orders", "line_*"}}));
//
// Positions: docs/formats/sqlite_position.md. Identity: "sqlite:<random number kept in the database>", which goes with the file
// wherever it is moved. Where the triggers are missing and `setup` allows it, prepare() and head() make them.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "source/source.h"

namespace weft::sqlite {

struct SqliteSourceOptions {
  std::string url;
  std::vector<std::string> tables = {};   // --table; empty: all
  std::vector<std::string> exclude = {};  // --exclude
  std::string reader = {};  // whose changes are kept until it acknowledges them; several may follow one database
  bool setup = true;        // makes tables and triggers where they are missing
  // For who follows nothing (weft verify): no log is needed, and none is made. Without one head() is empty.
  bool only_reads = false;
  size_t batch_bytes = 256u << 10;   // a batch is handed on when it holds so much
  size_t fragment_bytes = 4u << 20;  // a larger transaction travels in pieces
  std::stop_token stop = {};
};

[[nodiscard]] Result<std::unique_ptr<Source>> make_sqlite_source(SqliteSourceOptions options);

}  // namespace weft::sqlite
