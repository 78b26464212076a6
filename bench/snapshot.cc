// SPDX-License-Identifier: Apache-2.0
// Copying a table of rows that are there, beside the clients of both databases joined by a pipe: SELECT | COPY.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* kTargetTable =
    "CREATE TABLE rows8 (id bigint NOT NULL PRIMARY KEY, customer integer NOT NULL, amount numeric(12,2) NOT NULL, "
    "state varchar(12) NOT NULL, created timestamp NOT NULL, score double precision, note varchar(200), "
    "flag smallint NOT NULL)";

// `mariadb --batch` writes what COPY reads: tabs between columns, backslash escapes, NULL as a word.
Measured piped(Rig& rig, const std::string& database) {
  rig.target().connect(database).exec(kTargetTable);
  const std::string command = fmt::format(
      "mariadb --no-defaults --socket='{}' --user=root --quick --batch --skip-column-names bench -e 'SELECT * FROM "
      "rows8' | "
      "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 '{}' --command=\"\\copy rows8 FROM STDIN WITH (NULL 'NULL')\"",
      rig.source().socket().string(),
      rig.target().url(database));
  return measure({.argv = {"bash", "-o", "pipefail", "-c", command}, .output_file = rig.log()}, 1h);
}

}  // namespace

void snapshot_case(const Settings& settings) {
  note(fmt::format("snapshot: preparing {} rows", settings.rows));
  Rig rig(settings);
  for (uint64_t first = 1; first <= settings.rows; first += 100'000) {
    one_transaction(rig.source(), first, std::min<uint64_t>(100'000, settings.rows - first + 1));
  }
  rig.source().exec("ANALYZE TABLE rows8");
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
        "snapshot run {}: weft {:.0f} rows/s, piped {:.0f}", run + 1, weft_rate.back(), native_rate.back()));
  }
  report({.name = "snapshot",
          .what = "rows there already (native: mariadb | psql COPY)",
          .weft = median(weft_rate),
          .native = median(native_rate),
          .unit = "rows/s",
          .goal = "weft >= 300000 and ratio >= 1",
          .rss_kib = peak_kib});
  report({.name = "snapshot-cpu",
          .what = "CPU of the process (native: both clients)",
          .weft = median(weft_cpu),
          .native = median(native_cpu),
          .unit = "us/row",
          .goal = "ratio <= 1",
          .rss_kib = peak_kib});
}

}  // namespace weft::bench
