// SPDX-License-Identifier: Apache-2.0
// MariaDB -> PostgreSQL, catching up with one-row transactions, beside a native MariaDB replica that does the same. Once with
// commits that may be lost in a crash (relaxed), once with durable ones.
#include <algorithm>
#include <map>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

struct Figures {
  std::vector<double> weft_rate;
  std::vector<double> weft_cpu_us;
  std::map<int, std::vector<double>> native_rate;  // by slave_parallel_threads
  std::map<int, std::vector<double>> native_cpu_us;
  uint64_t peak_kib = 0;

  // The better of the thread settings.
  [[nodiscard]] int native_best() const {
    return std::max_element(native_rate.begin(),
                            native_rate.end(),
                            [](const auto& a, const auto& b) { return median(a.second) < median(b.second); })
        ->first;
  }
};

Figures compare(
    Rig& rig, Replica& replica, const Settings& settings, const std::string& before, Durability durability) {
  const auto rows = static_cast<double>(settings.rows);
  Figures found;
  rig.set_durability(durability);
  replica.set_durability(durability);
  for (int run = 0; run < settings.runs; ++run) {
    const std::string database = rig.fresh_database();
    const Measured m = rig.run_weft(database, {"--snapshot", "no", "--until", "now"});
    if (rig.target_rows(database) != settings.rows) throw std::runtime_error("weft applied another number of rows");
    rig.drop(database);
    found.weft_rate.push_back(rows / m.seconds);
    found.weft_cpu_us.push_back(m.cpu_seconds * 1e6 / rows);
    found.peak_kib = std::max(found.peak_kib, m.peak_kib);
    for (const int threads : {0, 4}) {
      replica.reset(before);
      replica.set_threads(threads);
      const auto caught = replica.catch_up(durability == Durability::kDurable ? 10s : 600s);
      found.native_rate[threads].push_back(caught.transactions / caught.seconds);
      found.native_cpu_us[threads].push_back(caught.cpu_seconds * 1e6 / caught.transactions);
    }
    note(fmt::format("apply run {}: weft {:.0f} tx/s, replica {:.0f} (0 threads) {:.0f} (4 threads)",
                     run + 1,
                     found.weft_rate.back(),
                     found.native_rate[0].back(),
                     found.native_rate[4].back()));
  }
  return found;
}

}  // namespace

void apply_case(const Settings& settings) {
  note(fmt::format("apply: preparing {} one-row transactions", settings.rows));
  Rig rig(settings);
  rig.prepare();
  const std::string before = source_position(rig.source());
  one_row_transactions(rig.source(), 1, settings.rows);
  Replica replica(rig);
  for (const auto durability : {Durability::kRelaxed, Durability::kDurable}) {
    const bool durable = durability == Durability::kDurable;
    const Figures found = compare(rig, replica, settings, before, durability);
    const int best = found.native_best();
    report({.name = "apply",
            .what = fmt::format(
                "one-row transactions, {} commits, replica with {} threads", durable ? "durable" : "relaxed", best),
            .weft = median(found.weft_rate),
            .native = median(found.native_rate.at(best)),
            .unit = "tx/s",
            .goal = durable ? "ratio >= 8" : "ratio >= 2",
            .rss_kib = found.peak_kib});
    report({.name = "apply-cpu",
            .what = fmt::format("CPU of the process, {} commits (the replica's holds its database too)",
                                durable ? "durable" : "relaxed"),
            .weft = median(found.weft_cpu_us),
            .native = median(found.native_cpu_us.at(best)),
            .unit = "us/tx",
            .goal = "weft <= 4",
            .rss_kib = found.peak_kib});
  }
}

}  // namespace weft::bench
