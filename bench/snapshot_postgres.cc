// SPDX-License-Identifier: Apache-2.0
// Copying a table of rows that are there from PostgreSQL to PostgreSQL, beside COPY (FORMAT binary) out of the one and into
// the other through a pipe.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "postgres_rig.h"
#include "report.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

Measured piped(PostgresRig& rig, const std::string& database) {
  rig.target().connect(database).exec(kPostgresTable);
  const std::string command = fmt::format(
      "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 '{}' --command='COPY rows8 TO STDOUT (FORMAT binary)' | "
      "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 '{}' --command='COPY rows8 FROM STDIN (FORMAT binary)'",
      rig.source().url("bench"),
      rig.target().url(database));
  return measure({.argv = {"bash", "-o", "pipefail", "-c", command}, .output_file = rig.log()}, 1h);
}

}  // namespace

void snapshot_postgres_case(const Settings& settings) {
  note(fmt::format("snapshot-postgres: preparing {} rows", settings.rows));
  PostgresRig rig(settings);
  for (uint64_t first = 1; first <= settings.rows; first += 100'000) {
    rig.one_transaction(first, std::min<uint64_t>(100'000, settings.rows - first + 1));
  }
  rig.session().exec("VACUUM (ANALYZE, FREEZE) rows8");
  const auto rows = static_cast<double>(settings.rows);
  std::vector<double> weft_rate;
  std::vector<double> weft_cpu;
  std::vector<double> native_rate;
  std::vector<double> native_cpu;
  uint64_t peak_kib = 0;
  for (int run = 0; run < settings.runs; ++run) {
    for (const bool ours : {true, false}) {
      const std::string database = rig.empty_database();
      const Measured m =
          ours ? rig.run_weft(database, {"--snapshot", "only", "--create-tables"}) : piped(rig, database);
      if (rig.target_rows(database) != settings.rows) throw std::runtime_error("another number of rows was copied");
      rig.drop(database);
      (ours ? weft_rate : native_rate).push_back(rows / m.seconds);
      (ours ? weft_cpu : native_cpu).push_back(m.cpu_seconds * 1e6 / rows);
      if (ours) peak_kib = std::max(peak_kib, m.peak_kib);
    }
    note(fmt::format(
        "snapshot-postgres run {}: weft {:.0f} rows/s, piped {:.0f}", run + 1, weft_rate.back(), native_rate.back()));
  }
  report({.name = "snapshot-postgres",
          .what = "rows there already (native: COPY (FORMAT binary) | COPY)",
          .weft = median(weft_rate),
          .native = median(native_rate),
          .unit = "rows/s",
          .goal = "ratio >= 0.8",
          .rss_kib = peak_kib});
  report({.name = "snapshot-postgres-cpu",
          .what = "CPU of the process (native: both clients)",
          .weft = median(weft_cpu),
          .native = median(native_cpu),
          .unit = "us/row",
          .goal = "none set",
          .rss_kib = peak_kib});
}

}  // namespace weft::bench
