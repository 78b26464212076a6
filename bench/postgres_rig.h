// SPDX-License-Identifier: Apache-2.0
// PostgresRig: a PostgreSQL source and a PostgreSQL target for the cases between them, with the rows of rig.h as PostgreSQL
// has them. What is written after prepare() is read again by every run, for each gets a copy of the slot that was made then.
//
//   PostgresRig rig(settings); rig.prepare();
//   rig.one_row_transactions(1, n);
//   rig.rewind(); Measured m = rig.run_weft(rig.fresh_database(), {"--until", "now"});
//   rig.copy_slot("native"); ... // for the native tool
//
// Owns both servers. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cases.h"
#include "measure.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace weft::bench {

class PostgresRig {
 public:
  explicit PostgresRig(const Settings& settings);

  [[nodiscard]] support::PostgresServer& source() { return source_; }

  [[nodiscard]] support::PostgresServer& target() { return target_; }

  // A session of the source's database `bench`.
  [[nodiscard]] support::PostgresConnection session() { return source_.connect("bench"); }

  // Lets weft set up publication, slot and target database `base`; what comes from then on is every run's.
  void prepare();
  // Puts weft's slot to where prepare() left it.
  void rewind();
  // A slot that stands there. Made in its own database: a copy belongs to the one where it is made.
  void copy_slot(const std::string& name);
  void drop_slot(const std::string& name);

  [[nodiscard]] std::string fresh_database();  // a copy of `base`
  [[nodiscard]] std::string empty_database();
  void drop(const std::string& database);

  // Rows first..first+count-1, each in a transaction of its own, or all in one.
  void one_row_transactions(uint64_t first, uint64_t count);
  void one_transaction(uint64_t first, uint64_t count);

  // Commits for the disk or not, on both sides.
  void set_durable(bool durable);

  [[nodiscard]] std::vector<std::string> weft_command(const std::string& database,
                                                      const std::vector<std::string>& more) const;
  [[nodiscard]] Measured run_weft(const std::string& database, const std::vector<std::string>& more);
  [[nodiscard]] uint64_t target_rows(const std::string& database);

  [[nodiscard]] std::string log() const { return (dir_.path() / "weft.log").string(); }

 private:
  const Settings& settings_;
  support::TempDir dir_;
  support::PostgresServer source_;
  support::PostgresServer target_;
  int databases_ = 0;
};

// The table of both sides.
inline constexpr const char* kPostgresTable =
    "CREATE TABLE rows8 (id bigint NOT NULL PRIMARY KEY, customer integer NOT NULL, amount numeric(12,2) NOT NULL, "
    "state varchar(12) NOT NULL, created timestamp NOT NULL, score double precision, note varchar(200), "
    "flag smallint NOT NULL)";

// What weft_bench calls its pipeline's publication and slot.
inline constexpr const char* kWeftSlot = "weft_bench";

}  // namespace weft::bench
