// SPDX-License-Identifier: Apache-2.0
// Cold start: from starting the program to the first row that waited for it being visible at the target; and what it takes
// while it has nothing to do. Beside START SLAVE of a replica server that runs already.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr Duration kIdle = std::chrono::seconds(3);

template <class Session>
double until_visible(Session& session, uint64_t id, SteadyTime began) {
  Clock& clock = real_clock();
  while (session.query(fmt::format("SELECT 1 FROM rows8 WHERE id = {}", id)).empty()) {
    if (clock.now() - began > 30s) throw std::runtime_error("the first row did not come in 30 seconds");
    clock.sleep(500us, {});
  }
  return static_cast<double>((clock.now() - began).count()) / 1e6;
}

}  // namespace

void start_case(const Settings& settings) {
  Clock& clock = real_clock();
  Rig rig(settings);
  rig.prepare();
  Replica replica(rig);
  replica.reset(source_position(rig.source()));
  auto weft_target = rig.target().connect("base");
  auto native_target = replica.server().connect("bench");
  std::vector<double> weft_ms, native_ms, idle_kib, idle_cpu;
  uint64_t peak_kib = 0;
  for (int run = 0; run < settings.runs; ++run) {
    const auto id = static_cast<uint64_t>(run) + 1;
    one_row_transactions(rig.source(), id, 1);
    SteadyTime began = clock.now();
    support::Process weft({.argv = rig.weft_command("base", {"--snapshot", "no"}), .output_file = rig.log()});
    weft_ms.push_back(until_visible(weft_target, id, began));
    const double cpu = cpu_seconds_of(weft.pid());
    clock.sleep(kIdle, {});
    idle_cpu.push_back(cpu_seconds_of(weft.pid()) - cpu);
    idle_kib.push_back(static_cast<double>(memory_kib_of(weft.pid(), "VmRSS")));
    peak_kib = std::max(peak_kib, memory_kib_of(weft.pid(), "VmHWM"));
    if (!weft.terminate(support::deadline_in(30s)).success()) throw std::runtime_error("weft did not stop cleanly");
    began = clock.now();
    replica.server().exec("START SLAVE");
    native_ms.push_back(until_visible(native_target, id, began));
    replica.server().exec("STOP SLAVE");
  }
  report({.name = "start",
          .what = "cold start to first applied row (native: START SLAVE)",
          .weft = median(weft_ms),
          .native = median(native_ms),
          .unit = "ms",
          .goal = "weft < 150",
          .rss_kib = peak_kib});
  report({.name = "start",
          .what = fmt::format("memory while idle ({:.1f} % of a core; native: the replica's server)",
                              median(idle_cpu) * 100 / (static_cast<double>(kIdle.count()) / 1e9)),
          .weft = median(idle_kib) / 1024,
          .native = static_cast<double>(memory_kib_of(replica.server().pid(), "VmRSS")) / 1024,
          .unit = "MiB",
          .goal = "weft <= 24",
          .rss_kib = peak_kib});
}

}  // namespace weft::bench
