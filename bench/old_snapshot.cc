// SPDX-License-Identifier: Apache-2.0
// Catching up with one-row transactions while a transaction at the target keeps an old snapshot open, so that no dead row
// may be cleaned away, and without one. The native figure is weft's own without the snapshot.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* kCountRows = "SELECT count(*) FROM rows8";

// Each leaves a row in the chain of progress; those that are deleted again stay as dead ones while a snapshot needs them.
std::string commits_in(support::PostgresConnection& session) {
  return support::single_value(session.query("SELECT max(version) FROM _weft.progress"));
}

Measured catch_up(Rig& rig, const Settings& settings, bool beside_snapshot) {
  const std::string database = rig.fresh_database();
  Measured measured;
  {
    auto session = rig.target().connect(database);
    if (beside_snapshot) session.exec("BEGIN ISOLATION LEVEL REPEATABLE READ");
    if (support::single_value(session.query(kCountRows)) != "0") throw std::runtime_error("the target is not empty");
    measured = rig.run_weft(database, {"--snapshot", "no", "--until", "now"});
    const std::string expected = beside_snapshot ? "0" : std::to_string(settings.rows);
    if (support::single_value(session.query(kCountRows)) != expected)
      throw std::runtime_error("the session at the target sees another number of rows than it should");
    if (beside_snapshot) session.exec("ROLLBACK");
    note(fmt::format("old-snapshot: {} the snapshot {:.2f} s, {} commits at the target",
                     beside_snapshot ? "beside" : "without",
                     measured.seconds,
                     commits_in(session)));
  }
  if (rig.target_rows(database) != settings.rows) throw std::runtime_error("weft applied another number of rows");
  rig.drop(database);
  return measured;
}

}  // namespace

void old_snapshot_case(const Settings& settings) {
  note(fmt::format("old-snapshot: preparing {} one-row transactions", settings.rows));
  Rig rig(settings);
  rig.set_durability(Durability::kRelaxed);
  rig.prepare();
  one_row_transactions(rig.source(), 1, settings.rows);
  std::vector<double> beside, without;
  uint64_t peak_kib = 0;
  for (int run = 0; run < settings.runs; ++run) {
    for (const bool second : {false, true}) {
      const bool beside_snapshot = second == (run % 2 == 0);  // neither always comes first
      const Measured m = catch_up(rig, settings, beside_snapshot);
      (beside_snapshot ? beside : without).push_back(static_cast<double>(settings.rows) / m.seconds);
      if (beside_snapshot) peak_kib = std::max(peak_kib, m.peak_kib);
    }
    note(fmt::format("old-snapshot run {}: weft {:.0f} tx/s beside an old snapshot, {:.0f} without",
                     run + 1,
                     beside.back(),
                     without.back()));
  }
  report({.name = "old-snapshot",
          .what = "catching up with one-row transactions beside an old snapshot (native: weft without it)",
          .weft = median(beside),
          .native = median(without),
          .unit = "tx/s",
          .goal = "ratio >= 0.8",
          .rss_kib = peak_kib});
}

}  // namespace weft::bench
