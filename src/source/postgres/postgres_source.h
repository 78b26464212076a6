// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL source: a logical replication slot with pgoutput, and table readers. See source/source.h for the contract.
//
//   TRY_ASSIGN(auto source, make_postgres_source({.url = url, .tables = {"orders", "line_*"}}));
//
// Positions: docs/formats/postgres_position.md. Identity: "postgresql:<system identifier>:<database>", which a promoted
// standby keeps. Where they are missing and `setup` allows it, the publication is made by the first head(), the slot by prepare().
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "source/source.h"

namespace weft::postgres {

struct PostgresSourceOptions {
  std::string url;
  std::vector<std::string> tables = {};   // --table; empty: all
  std::vector<std::string> exclude = {};  // --exclude
  std::string slot = {};                  // replication slot and publication; empty: "weft_" and the database's name
  bool setup = true;                      // makes the publication and the slot where they are missing
  size_t batch_bytes = 256u << 10;        // a batch is handed on when it holds so much, or when nothing more is there
  size_t fragment_bytes = 4u << 20;       // a larger transaction travels in pieces
  std::stop_token stop = {};
  // Only connect(), tables(), head(), includes() and table_reader() are used, of any server, with SELECT alone: views tell no
  // place in the log, and nothing is made.
  bool only_reads = false;
};

[[nodiscard]] Result<std::unique_ptr<Source>> make_postgres_source(PostgresSourceOptions options);

}  // namespace weft::postgres
