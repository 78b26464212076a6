// SPDX-License-Identifier: Apache-2.0
// Rig: the servers that the cases measure between, and the table `bench.rows8`: eight columns, 186 bytes in a row event.
//
//   Rig rig(settings);                       // MariaDB and PostgreSQL run, both tables are there, empty
//   rig.prepare();                           // weft's progress stands at the source's head: `base`
//   one_row_transactions(rig.source(), 1, n); // ... what is to be carried over
//   auto database = rig.fresh_database();    // a copy of `base`, for one run
//   Measured m = rig.run_weft(database, {"--until", "now"});
//
// Replica: a MariaDB replica of the rig's source, the native tool. Both own their servers. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cases.h"
#include "measure.h"
#include "support/mariadb_server.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace weft::bench {

// What a commit promises on both sides: nothing until a moment later, or everything (flushed to disk).
enum class Durability { kRelaxed, kDurable };

class Rig {
 public:
  explicit Rig(const Settings& settings);

  [[nodiscard]] support::MariaDbServer& source() { return source_; }

  [[nodiscard]] support::PostgresServer& target() { return target_; }

  // Lets weft set up database `base` so that it will go on from the source's head as it is now.
  void prepare();
  // A database made from `base`.
  [[nodiscard]] std::string fresh_database();
  // An empty one.
  [[nodiscard]] std::string empty_database();
  void drop(const std::string& database);
  void set_durability(Durability durability);

  [[nodiscard]] std::vector<std::string> weft_command(const std::string& database,
                                                      const std::vector<std::string>& more) const;
  [[nodiscard]] Measured run_weft(const std::string& database, const std::vector<std::string>& more);
  [[nodiscard]] uint64_t target_rows(const std::string& database);

  [[nodiscard]] std::string log() const { return (dir_.path() / "weft.log").string(); }

 private:
  const Settings& settings_;
  support::TempDir dir_;
  support::MariaDbServer source_;
  support::PostgresServer target_;
  int databases_ = 0;
};

class Replica {
 public:
  explicit Replica(Rig& rig);

  // Empties the table and puts the replica's position to where the source was.
  void reset(const std::string& gtid);

  // START SLAVE until the source's head, but no longer than `limit`; seconds and transactions.
  struct Caught {
    double seconds = 0;
    double transactions = 0;
    double cpu_seconds = 0;
  };

  [[nodiscard]] Caught catch_up(std::chrono::seconds limit);
  void set_threads(int threads);
  void set_durability(Durability durability);

  [[nodiscard]] support::MariaDbServer& server() { return server_; }

 private:
  Rig& rig_;
  support::MariaDbServer server_;
};

[[nodiscard]] support::MariaDbOptions bench_server_options();
// Database `bench` with the empty table, and the procedure behind one_row_transactions.
void create_tables(support::MariaDbServer& server);
// Rows first..first+count-1, each in a transaction of its own.
void one_row_transactions(support::MariaDbServer& server, uint64_t first, uint64_t count);
// The same rows in one transaction.
void one_transaction(support::MariaDbServer& server, uint64_t first, uint64_t count);
// The values of one row, `id` being an SQL expression.
[[nodiscard]] std::string row_values(const std::string& id);
[[nodiscard]] std::string source_position(support::MariaDbServer& server);

}  // namespace weft::bench
