// SPDX-License-Identifier: Apache-2.0
// From the return of a commit at the source to the first look that sees it at the target, at 1,000 and at 5,000 transactions
// per second, relaxed commits on both sides; beside a native MariaDB replica.
//
// A session commits 1,000 transactions per second; a higher rate takes more sessions. Each has a range of ids of its own and
// commits them in order, so the highest id that a look finds in a range tells how many of that session's commits it sees.
// Only runs in which the source reached the rate count.
#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "cases.h"
#include "report.h"
#include "rig.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr uint64_t kSessionRate = 1000;
constexpr Duration kPeriod = Duration(1s) / 1000;  // of one session
constexpr uint64_t kWarmUp = kSessionRate;         // transactions of each session that do not count: a second
constexpr uint64_t kSeconds = 8;                   // that count
constexpr uint64_t kCount = kSessionRate * kSeconds + kWarmUp;  // of one session in one run
constexpr uint64_t kRange = 1'000'000'000;                      // ids of one session
constexpr double kReached = 0.95;                               // of the rate

struct Load {
  uint64_t rate;
  const char* median_goal;
  const char* p99_goal;
};

constexpr Load kLoads[] = {{1000, "weft <= 2", "weft <= 10"}, {5000, "none set", "weft <= 15"}};

// What one session writes and what became of it. `commits` is its thread's until that has ended.
struct Writer {
  uint64_t first = 0;
  uint64_t count = 0;
  std::vector<SteadyTime> commits = {};  // when each commit returned
  std::vector<SteadyTime> sights = {};   // when a look first saw it
};

struct Run {
  double p50_ms = 0;
  double p99_ms = 0;
  double rate = 0;  // that the source reached
};

// The runs of one side that reached the rate.
struct Side {
  std::vector<double> p50_ms = {};
  std::vector<double> p99_ms = {};

  void add(const Run& run, uint64_t rate) {
    if (run.rate < kReached * static_cast<double>(rate)) return;
    p50_ms.push_back(run.p50_ms);
    p99_ms.push_back(run.p99_ms);
  }
};

struct Figures {
  Side weft = {};
  Side native = {};
  uint64_t peak_kib = 0;
};

void write_rows(support::MysqlConnection& session, Writer& writer, SteadyTime due) {
  Clock& clock = real_clock();
  writer.commits.reserve(writer.count);
  for (uint64_t i = 0; i < writer.count; ++i) {
    const Duration left = due - clock.now();
    if (left > Duration(0)) clock.sleep(left, {});
    session.exec("INSERT INTO rows8 VALUES (" + row_values(std::to_string(writer.first + i)) + ")");
    writer.commits.push_back(clock.now());
    due = due + kPeriod;
  }
}

// Asks for the highest id of each range; not with max(), which PostgreSQL reads all of the range for when it takes the table
// for small.
std::string look_of(const std::vector<Writer>& writers) {
  std::string sql;
  for (const Writer& writer : writers) {
    sql += fmt::format("{} (SELECT id FROM rows8 WHERE id >= {} AND id < {} ORDER BY id DESC LIMIT 1)",
                       sql.empty() ? "SELECT" : ",",
                       writer.first,
                       writer.first + writer.count);
  }
  return sql;
}

// Looks are many, and planning five of those selects costs the target more than running them: each side prepares its own.
void prepare_look(support::PostgresConnection& session, const std::string& sql) {
  // The plan is kept, and may be made when the table is almost empty.
  session.exec("SET enable_seqscan = off");
  session.exec("PREPARE look AS " + sql);
}

void prepare_look(support::MysqlConnection& session, const std::string& sql) {
  session.exec("PREPARE look FROM '" + sql + "'");
}

// Looks at the target until it shows every row.
template <class Session>
void watch(Session& session, std::vector<Writer>& writers) {
  Clock& clock = real_clock();
  prepare_look(session, look_of(writers));
  const SteadyTime began = clock.now();
  const auto complete = [](const Writer& writer) { return writer.sights.size() == writer.count; };
  while (!std::all_of(writers.begin(), writers.end(), complete)) {
    const auto rows = session.query("EXECUTE look");
    const SteadyTime now = clock.now();
    if (now - began > 120s) throw std::runtime_error("the target did not show the last row in two minutes");
    for (size_t i = 0; i < writers.size(); ++i) {
      const auto& last = rows[0][i];
      if (last) writers[i].sights.resize(std::strtoull(last->c_str(), nullptr, 10) - writers[i].first + 1, now);
    }
    clock.sleep(100us, {});
  }
  session.exec("DEALLOCATE PREPARE look");
}

// REQUIRES: all is written and seen.
Run result_of(const std::vector<Writer>& writers) {
  std::vector<double> lags;
  const SteadyTime reference = writers[0].commits[kWarmUp - 1];
  Duration began{0};
  Duration ended{0};
  for (const Writer& writer : writers) {
    began = std::min(began, writer.commits[kWarmUp - 1] - reference);
    ended = std::max(ended, writer.commits.back() - reference);
    for (size_t i = kWarmUp; i < writer.count; ++i) {
      // A look may come between a commit and its return.
      lags.push_back(std::max(0.0, static_cast<double>((writer.sights[i] - writer.commits[i]).count()) / 1e6));
    }
  }
  std::sort(lags.begin(), lags.end());
  return {.p50_ms = lags[lags.size() / 2],
          .p99_ms = lags[lags.size() * 99 / 100],
          .rate = static_cast<double>(lags.size()) * 1e9 / static_cast<double>((ended - began).count())};
}

// Begins when the target has caught up with what was written before. `next` is the first free id of every range.
template <class Session>
Run one_run(Rig& rig, Session session, uint64_t rate, uint64_t& next) {
  std::vector<Writer> lead = {{.first = next++, .count = 1}};
  one_row_transactions(rig.source(), lead[0].first, 1);
  watch(session, lead);
  std::vector<Writer> writers;
  std::vector<support::MysqlConnection> sessions;
  for (uint64_t i = 0; i < rate / kSessionRate; ++i) {
    writers.push_back({.first = i * kRange + next, .count = kCount});
    sessions.push_back(rig.source().connect("bench"));
  }
  next += kCount;
  const SteadyTime began = real_clock().now();
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < writers.size(); ++i) {
    const SteadyTime due = began + kPeriod * static_cast<int64_t>(i) / static_cast<int64_t>(sessions.size());
    threads.emplace_back([&, i, due] { write_rows(sessions[i], writers[i], due); });
  }
  watch(session, writers);
  threads.clear();
  return result_of(writers);
}

// "median", or "median (rate reached in 1 of 3 runs beside weft, 3 of 3 beside the replica)"
std::string what_of(const std::string& figure, uint64_t rate, int runs, const Figures& found) {
  const std::string what = fmt::format("commit to visible at {} tx/s, {}", rate, figure);
  const size_t beside_weft = found.weft.p50_ms.size();
  const size_t beside_native = found.native.p50_ms.size();
  if (std::min(beside_weft, beside_native) == static_cast<size_t>(runs)) return what;
  return fmt::format("{} (rate reached in {} of {} runs beside weft, {} of {} beside the replica)",
                     what,
                     beside_weft,
                     runs,
                     beside_native,
                     runs);
}

double median_or_none(const std::vector<double>& values) {
  return values.empty() ? std::numeric_limits<double>::quiet_NaN() : median(values);
}

void run_both(Rig& rig, Replica& replica, uint64_t rate, uint64_t& next, int run, Figures& found) {
  support::Process weft({.argv = rig.weft_command("base", {"--snapshot", "no"}), .output_file = rig.log()});
  const Run ours = one_run(rig, rig.target().connect("base"), rate, next);
  found.peak_kib = std::max(found.peak_kib, memory_kib_of(weft.pid(), "VmHWM"));
  const double cpu = cpu_seconds_of(weft.pid());
  if (!weft.terminate(support::deadline_in(30s)).success()) throw std::runtime_error("weft did not stop cleanly");
  [[maybe_unused]] const auto caught = replica.catch_up(60s);
  const Run theirs = one_run(rig, replica.server().connect("bench"), rate, next);
  replica.server().exec("STOP SLAVE");
  found.weft.add(ours, rate);
  found.native.add(theirs, rate);
  note(fmt::format(
      "latency run {}: weft {:.2f} / {:.2f} ms at {:.0f} tx/s ({:.1f} % of a core), replica {:.2f} / {:.2f} ms at "
      "{:.0f} tx/s",
      run + 1,
      ours.p50_ms,
      ours.p99_ms,
      ours.rate,
      cpu * 100 / static_cast<double>(kSeconds + 1),
      theirs.p50_ms,
      theirs.p99_ms,
      theirs.rate));
}

void at_rate(Rig& rig, Replica& replica, const Settings& settings, const Load& load, uint64_t& next) {
  Figures found;
  for (int run = 0; run < settings.runs; ++run) run_both(rig, replica, load.rate, next, run, found);
  report({.name = "latency",
          .what = what_of("median", load.rate, settings.runs, found),
          .weft = median_or_none(found.weft.p50_ms),
          .native = median_or_none(found.native.p50_ms),
          .unit = "ms",
          .goal = load.median_goal,
          .rss_kib = found.peak_kib});
  report({.name = "latency",
          .what = what_of("99th percentile", load.rate, settings.runs, found),
          .weft = median_or_none(found.weft.p99_ms),
          .native = median_or_none(found.native.p99_ms),
          .unit = "ms",
          .goal = load.p99_goal,
          .rss_kib = found.peak_kib});
}

}  // namespace

void latency_case(const Settings& settings) {
  Rig rig(settings);
  rig.set_durability(Durability::kRelaxed);
  rig.prepare();
  Replica replica(rig);
  replica.set_durability(Durability::kRelaxed);
  replica.reset(source_position(rig.source()));
  uint64_t next = 1;
  for (const Load& load : kLoads) at_rate(rig, replica, settings, load, next);
}

}  // namespace weft::bench
