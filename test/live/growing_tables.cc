// SPDX-License-Identifier: Apache-2.0
#include "live/growing_tables.h"

#include "base/text.h"
#include "support/wait.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

// A deadlock with the load, or a lock that it held for too long, is tried again.
void run(support::BinlogServer& server, const std::string& sql) {
  constexpr int kTries = 20;
  for (int tries = 1;; ++tries) {
    try {
      return server.exec(sql);
    } catch (const support::SqlError& error) {
      if ((error.code() != "1213" && error.code() != "1205") || tries == kTries) throw;
    }
  }
}

}  // namespace

void GrowingTables::create(support::BinlogServer& server) {
  names_.push_back(cat("grown_", names_.size() + 1));
  ++changes_;
  run(server,
      cat("CREATE TABLE shop.",
          names_.back(),
          " (id INT PRIMARY KEY, n INT, v VARCHAR(10) NOT NULL, d DECIMAL(9,2)) DEFAULT CHARSET utf8mb4"));
  for (int row = 0; row < 5; ++row) {
    run(server, cat("INSERT INTO shop.", names_.back(), " (id, n, v, d) VALUES (", ++rows_, ", 1, 'first', 1.25)"));
  }
}

void GrowingTables::add_column(support::BinlogServer& server, Rng& rng) {
  const std::string table = rng.chance(1, 3) ? "loose" : drawn(rng);
  const std::string column = cat("c", ++changes_);
  switch (rng.below(3)) {
    case 0:
      run(server, cat("ALTER TABLE shop.", table, " ADD ", column, " INT"));
      break;
    case 1:
      run(server, cat("ALTER TABLE shop.", table, " ADD ", column, " INT NOT NULL DEFAULT ", rng.below(1000)));
      break;
    default:
      run(server, cat("ALTER TABLE shop.", table, " ADD ", column, " VARCHAR(20) DEFAULT 'it''s ", column, "'"));
      break;
  }
  run(server, cat("UPDATE shop.", table, " SET ", column, " = 77 ORDER BY id LIMIT 2"));
  if (table != "loose") {
    run(server, cat("INSERT INTO shop.", table, " (id, v, ", column, ") VALUES (", ++rows_, ", 'added', 78)"));
  }
}

void GrowingTables::widen(support::BinlogServer& server, Rng& rng) {
  const std::string& table = drawn(rng);
  ++changes_;
  text_bytes_ += 10;
  std::string value = "5";
  switch (rng.below(3)) {
    case 0:
      run(server, cat("ALTER TABLE shop.", table, " MODIFY v VARCHAR(", text_bytes_, ") NOT NULL, MODIFY n BIGINT"));
      value = "5000000000";
      break;
    case 1:
      run(server, cat("ALTER TABLE shop.", table, " MODIFY v VARCHAR(", text_bytes_, "), MODIFY d DECIMAL(14,4)"));
      break;
    default:
      run(server, cat("ALTER TABLE shop.", table, " MODIFY v VARCHAR(", text_bytes_, ")"));
      break;
  }
  run(server,
      cat("INSERT INTO shop.",
          table,
          " (id, n, v, d) VALUES (",
          ++rows_,
          ", ",
          value,
          ", REPEAT('w', ",
          text_bytes_,
          "), 1234567.12)"));
}

void GrowingTables::truncate(support::BinlogServer& server, Rng& rng) {
  const std::string& table = drawn(rng);
  run(server, cat("TRUNCATE shop.", table));
  for (int row = 0; row < 3; ++row) {
    run(server, cat("INSERT INTO shop.", table, " (id, v) VALUES (", ++rows_, ", 'new')"));
  }
}

void GrowingTables::add_row(support::BinlogServer& server) {
  const std::string of = cat("shop.", names_[0]);
  run(server, cat("INSERT INTO ", of, " (id, v) VALUES (", ++rows_, ", 'bad')"));
  run(server, cat("UPDATE ", of, " SET v = 'still' WHERE id = ", rows_));
}

}  // namespace weft::live
