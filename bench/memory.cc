// SPDX-License-Identifier: Apache-2.0
// Peak memory of the weft process: catching up with small transactions, copying, and one transaction of two million rows.
// The native figure is the peak of the replica's server, which does the same work with its buffer pool in it.
#include <algorithm>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

double mib(uint64_t kib) {
  return static_cast<double>(kib) / 1024;
}

void report_memory(const std::string& what, uint64_t peak_kib, uint64_t native_kib, const std::string& goal) {
  report({.name = "memory",
          .what = what,
          .weft = mib(peak_kib),
          .native = mib(native_kib),
          .unit = "MiB",
          .goal = "weft <= " + goal,
          .rss_kib = peak_kib});
}

void catching_up(const Settings& settings, bool huge) {
  Rig rig(settings);
  rig.set_durability(Durability::kRelaxed);
  rig.prepare();
  const std::string before = source_position(rig.source());
  const uint64_t rows = huge ? 2 * settings.rows : settings.rows / 5;
  note(fmt::format("memory: preparing {} rows in {}", rows, huge ? "one transaction" : "as many transactions"));
  if (huge) {
    one_transaction(rig.source(), 1, rows);
  } else {
    one_row_transactions(rig.source(), 1, rows);
  }
  const std::string database = rig.fresh_database();
  const Measured m = rig.run_weft(database, {"--snapshot", "no", "--until", "now"});
  if (rig.target_rows(database) != rows) throw std::runtime_error("weft applied another number of rows");
  note(fmt::format("memory: {:.0f} rows/s, {:.2f} us of CPU each",
                   static_cast<double>(rows) / m.seconds,
                   m.cpu_seconds * 1e6 / static_cast<double>(rows)));
  Replica replica(rig);
  replica.set_durability(Durability::kRelaxed);
  replica.reset(before);
  [[maybe_unused]] const auto caught = replica.catch_up(600s);
  report_memory(huge ? fmt::format("one transaction of {} rows", rows) : "one-row transactions",
                m.peak_kib,
                memory_kib_of(replica.server().pid(), "VmHWM"),
                huge ? "160" : "96");
}

void copying(const Settings& settings) {
  Rig rig(settings);
  one_transaction(rig.source(), 1, settings.rows / 5);
  const std::string database = rig.empty_database();
  const Measured m = rig.run_weft(database, {"--snapshot", "only", "--create-tables"});
  report_memory("copying", m.peak_kib, memory_kib_of(rig.source().pid(), "VmHWM"), "96");
}

}  // namespace

void memory_case(const Settings& settings) {
  catching_up(settings, false);
  copying(settings);
  catching_up(settings, true);
}

}  // namespace weft::bench
