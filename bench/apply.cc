// SPDX-License-Identifier: Apache-2.0
// MariaDB -> PostgreSQL, catching up with one-row transactions, beside a native MariaDB replica that does the same, with
// the number of parallel threads that suits it best. Once with commits that may be lost in a crash (relaxed), once with
// durable ones.
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

// slave_parallel_threads. Settings below kPromising of the best in the first run are not tried again.
constexpr int kThreads[] = {0, 2, 4, 8, 16};
constexpr double kPromising = 0.8;

struct Native {
  std::vector<double> rate = {};
  std::vector<double> cpu_us = {};
};

struct Figures {
  std::vector<double> weft_rate = {};
  std::vector<double> weft_cpu_us = {};
  std::map<int, Native> native = {};  // by threads
  uint64_t peak_kib = 0;

  // The best of the thread settings.
  [[nodiscard]] int native_best() const {
    return std::max_element(native.begin(),
                            native.end(),
                            [](const auto& a, const auto& b) { return median(a.second.rate) < median(b.second.rate); })
        ->first;
  }

  void keep_promising() {
    const double wanted = kPromising * median(native.at(native_best()).rate);
    std::erase_if(native, [&](const auto& entry) { return median(entry.second.rate) < wanted; });
  }
};

void run_weft(Rig& rig, const Settings& settings, Figures& found) {
  const auto rows = static_cast<double>(settings.rows);
  const std::string database = rig.fresh_database();
  const Measured m = rig.run_weft(database, {"--snapshot", "no", "--until", "now"});
  if (rig.target_rows(database) != settings.rows) throw std::runtime_error("weft applied another number of rows");
  rig.drop(database);
  found.weft_rate.push_back(rows / m.seconds);
  found.weft_cpu_us.push_back(m.cpu_seconds * 1e6 / rows);
  found.peak_kib = std::max(found.peak_kib, m.peak_kib);
}

Figures compare(
    Rig& rig, Replica& replica, const Settings& settings, const std::string& before, Durability durability) {
  Figures found;
  for (const int threads : kThreads) found.native[threads] = {};
  rig.set_durability(durability);
  replica.set_durability(durability);
  for (int run = 0; run < settings.runs; ++run) {
    run_weft(rig, settings, found);
    std::string said = fmt::format("apply run {}: weft {:.0f} tx/s, replica", run + 1, found.weft_rate.back());
    for (auto& [threads, native] : found.native) {
      replica.reset(before);
      replica.set_threads(threads);
      const auto caught = replica.catch_up(durability == Durability::kDurable ? 10s : 600s);
      native.rate.push_back(caught.transactions / caught.seconds);
      native.cpu_us.push_back(caught.cpu_seconds * 1e6 / caught.transactions);
      said += fmt::format(" {:.0f} ({} threads)", native.rate.back(), threads);
    }
    if (run == 0) found.keep_promising();
    note(said);
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
            .native = median(found.native.at(best).rate),
            .unit = "tx/s",
            .goal = durable ? "ratio >= 8" : "ratio >= 2",
            .rss_kib = found.peak_kib});
    report({.name = "apply-cpu",
            .what = fmt::format("CPU of the process, {} commits (the replica's holds its database too)",
                                durable ? "durable" : "relaxed"),
            .weft = median(found.weft_cpu_us),
            .native = median(found.native.at(best).cpu_us),
            .unit = "us/tx",
            .goal = "weft <= 4",
            .rss_kib = found.peak_kib});
  }
}

}  // namespace weft::bench
