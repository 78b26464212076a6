// SPDX-License-Identifier: Apache-2.0
// From the return of a commit at the source to the first look that sees it at the target, at 1,000 transactions per second,
// relaxed commits on both sides; beside a native MariaDB replica.
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/guarded.h"
#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr uint64_t kRate = 1000;
constexpr uint64_t kSeconds = 8;
constexpr uint64_t kWarmUp = 1000;  // transactions that do not count

using Commits = Guarded<std::vector<SteadyTime>>;

// Commits rows first.. at an even rate and notes when each commit returned.
void write_rows(support::MysqlConnection& session, uint64_t first, uint64_t count, Commits& commits) {
  Clock& clock = real_clock();
  SteadyTime due = clock.now();
  for (uint64_t i = 0; i < count; ++i) {
    session.exec("INSERT INTO rows8 VALUES (" + row_values(std::to_string(first + i)) + ")");
    const SteadyTime now = clock.now();
    commits.with([&](std::vector<SteadyTime>& times) { times.push_back(now); });
    due = due + Duration(1'000'000'000 / kRate);
    if (due > clock.now()) clock.sleep(due - clock.now(), {});
  }
}

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
};

// Looks at the target until it shows the last row; milliseconds from commit to sight.
template <class Session>
Percentiles watch_rows(Session& session, uint64_t first, uint64_t count, const Commits& commits) {
  Clock& clock = real_clock();
  std::vector<double> lags;
  uint64_t seen = 0;
  const SteadyTime limit = clock.now() + 120s;
  while (seen < count) {
    const auto rows = session.query("SELECT max(id) FROM rows8");
    const SteadyTime now = clock.now();
    if (now > limit) throw std::runtime_error("the target did not show the last row in two minutes");
    const uint64_t last = rows[0][0] ? std::strtoull(rows[0][0]->c_str(), nullptr, 10) : 0;
    if (last >= first) {
      commits.with([&](const std::vector<SteadyTime>& times) {
        for (; seen < std::min<uint64_t>(last - first + 1, times.size()); ++seen) {
          if (seen >= kWarmUp) lags.push_back(static_cast<double>((now - times[seen]).count()) / 1e6);
        }
      });
    }
    clock.sleep(100us, {});
  }
  std::sort(lags.begin(), lags.end());
  return {lags[lags.size() / 2], lags[lags.size() * 99 / 100]};
}

template <class Session>
Percentiles one_run(Rig& rig, Session session, uint64_t& next) {
  Commits commits;
  constexpr uint64_t kCount = kRate * kSeconds + kWarmUp;
  const uint64_t first = next;
  next += kCount;
  auto writing = rig.source().connect("bench");
  std::jthread writer([&] { write_rows(writing, first, kCount, commits); });
  return watch_rows(session, first, kCount, commits);
}

}  // namespace

void latency_case(const Settings& settings) {
  Rig rig(settings);
  rig.set_durability(Durability::kRelaxed);
  rig.prepare();
  Replica replica(rig);
  replica.set_durability(Durability::kRelaxed);
  const std::string begin = source_position(rig.source());
  replica.reset(begin);
  uint64_t next = 1;
  std::vector<double> weft_p50, weft_p99, native_p50, native_p99;
  uint64_t peak_kib = 0;
  double cpu = 0;
  for (int run = 0; run < settings.runs; ++run) {
    support::Process weft({.argv = rig.weft_command("base", {"--snapshot", "no"}), .output_file = rig.log()});
    const Percentiles ours = one_run(rig, rig.target().connect("base"), next);
    peak_kib = std::max(peak_kib, memory_kib_of(weft.pid(), "VmHWM"));
    cpu = cpu_seconds_of(weft.pid());
    if (!weft.terminate(support::deadline_in(30s)).success()) throw std::runtime_error("weft did not stop cleanly");
    [[maybe_unused]] const auto caught = replica.catch_up(60s);
    const Percentiles theirs = one_run(rig, replica.server().connect("bench"), next);
    replica.server().exec("STOP SLAVE");
    weft_p50.push_back(ours.p50);
    weft_p99.push_back(ours.p99);
    native_p50.push_back(theirs.p50);
    native_p99.push_back(theirs.p99);
    note(fmt::format("latency run {}: weft {:.2f} / {:.2f} ms ({:.1f} % of a core), replica {:.2f} / {:.2f} ms",
                     run + 1,
                     ours.p50,
                     ours.p99,
                     cpu * 100 / static_cast<double>(kSeconds + 1),
                     theirs.p50,
                     theirs.p99));
  }
  report({.name = "latency",
          .what = "commit to visible at 1000 tx/s, median",
          .weft = median(weft_p50),
          .native = median(native_p50),
          .unit = "ms",
          .goal = "weft <= 1",
          .rss_kib = peak_kib});
  report({.name = "latency",
          .what = "commit to visible at 1000 tx/s, 99th percentile",
          .weft = median(weft_p99),
          .native = median(native_p99),
          .unit = "ms",
          .goal = "weft <= 5",
          .rss_kib = peak_kib});
}

}  // namespace weft::bench
