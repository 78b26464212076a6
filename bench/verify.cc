// SPDX-License-Identifier: Apache-2.0
// Comparing two equal tables, from MariaDB to PostgreSQL and from PostgreSQL to PostgreSQL, beside the clients of both databases
// whose output is compared byte by byte (which finds a difference, but neither names it nor bears one that is on its way).
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

constexpr const char* kSelect = "SELECT id, customer, amount, state, created, score, note, flag FROM rows8 ORDER BY id";

std::string psql(const std::string& url) {
  return fmt::format(
      "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 '{}' --command=\"\\copy ({}) TO STDOUT\"", url, kSelect);
}

// Both clients at once; `cmp` reads from both.
Measured clients(Rig& rig, const std::string& left, const std::string& right) {
  const std::string command = fmt::format("cmp <({}) <({})", left, right);
  return measure({.argv = {"bash", "-c", command}, .output_file = rig.log()}, 1h);
}

struct Way {
  std::string what;
  std::string from;
  std::string to;
  std::string left;
};

void measure_way(const Settings& settings, Rig& rig, const Way& way) {
  const auto rows = static_cast<double>(settings.rows);
  std::vector<double> weft_rate;
  std::vector<double> weft_cpu;
  std::vector<double> native_rate;
  uint64_t peak_kib = 0;
  for (int run = 0; run < settings.runs; ++run) {
    const Measured ours = measure(
        {.argv = {settings.weft.string(), "verify", "--fresh", "--table", "rows8", "--from", way.from, "--to", way.to},
         .output_file = rig.log()},
        1h);
    const Measured theirs = clients(rig, way.left, psql(way.to));
    weft_rate.push_back(rows / ours.seconds);
    weft_cpu.push_back(ours.cpu_seconds * 1e6 / rows);
    native_rate.push_back(rows / theirs.seconds);
    peak_kib = std::max(peak_kib, ours.peak_kib);
    note(fmt::format("verify {} run {}: weft {:.0f} rows/s ({:.2f} us/row), clients {:.0f}",
                     way.what,
                     run + 1,
                     weft_rate.back(),
                     weft_cpu.back(),
                     native_rate.back()));
  }
  report({.name = "verify",
          .what = fmt::format("{} (native: both clients and cmp)", way.what),
          .weft = median(weft_rate),
          .native = median(native_rate),
          .unit = "rows/s",
          .goal = "weft >= 500000",
          .rss_kib = peak_kib});
}

}  // namespace

void verify_case(const Settings& settings) {
  note(fmt::format("verify: preparing {} rows", settings.rows));
  Rig rig(settings);
  for (uint64_t first = 1; first <= settings.rows; first += 100'000) {
    one_transaction(rig.source(), first, std::min<uint64_t>(100'000, settings.rows - first + 1));
  }
  rig.source().exec("ANALYZE TABLE rows8");
  const std::string database = rig.empty_database();
  (void)rig.run_weft(database, {"--snapshot", "only", "--create-tables"});
  if (rig.target_rows(database) != settings.rows) throw std::runtime_error("another number of rows was copied");
  rig.target().connect(database).exec("VACUUM ANALYZE rows8");
  const std::string mariadb =
      fmt::format("mariadb --no-defaults --socket='{}' --user=root --quick --batch --skip-column-names bench -e '{}'",
                  rig.source().socket().string(),
                  kSelect);
  measure_way(
      settings, rig, {"MariaDB -> PostgreSQL", rig.source().url("bench", "weft"), rig.target().url(database), mariadb});
  rig.target().exec(fmt::format("CREATE DATABASE twin TEMPLATE {}", database));
  rig.target().connect("twin").exec("VACUUM ANALYZE rows8");
  measure_way(settings,
              rig,
              {"PostgreSQL -> PostgreSQL",
               rig.target().url("twin"),
               rig.target().url(database),
               psql(rig.target().url("twin"))});
}

}  // namespace weft::bench
