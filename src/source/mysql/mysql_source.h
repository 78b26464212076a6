// SPDX-License-Identifier: Apache-2.0
// The MySQL and MariaDB source: binary log stream and table readers. See source/source.h for the contract.
//
//   TRY_ASSIGN(auto source, make_mysql_source({.server = *parse_url(url), .tables = {"orders", "line_*"}}));
//
// Positions: docs/formats/mysql_binlog.md. Identity: "mysql:<server>:<database>", where <server> is what
// engine/mysql/connection.h calls a server's identity.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/mysql/options.h"
#include "source/source.h"

namespace weft::mysql {

struct SourceOptions {
  Options server;
  std::vector<std::string> tables;   // --table; empty: all
  std::vector<std::string> exclude;  // --exclude
  size_t batch_bytes = 256u << 10;   // a batch is handed on when it holds so much, or when nothing more is there
  size_t fragment_bytes = 4u << 20;  // a larger transaction travels in pieces
  // Only connect(), tables(), head(), includes() and table_reader() are used, of any server, with SELECT alone: views tell no
  // place in the log, and nothing is locked.
  bool only_reads = false;
};

[[nodiscard]] Result<std::unique_ptr<Source>> make_mysql_source(SourceOptions options);

}  // namespace weft::mysql
