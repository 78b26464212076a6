// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compare.h"
#include "lag_meter.h"
#include "screen.h"
#include "shop.h"
#include "support/temp_dir.h"
#include "weft_process.h"

namespace weft::demo {

using namespace std::chrono_literals;

namespace {

constexpr auto kFrame = 250ms;
constexpr double kSettleLimitSeconds = 60;

support::MariaDbOptions source_options() {
  return {.innodb_flush_log_at_trx_commit = 2, .buffer_pool_mb = 128, .redo_log_mb = 64};
}

// "10.11.6-MariaDB-0+deb12u1" -> "10.11.6"
std::string number_of(const std::string& version) {
  return version.substr(0, version.find_first_not_of("0123456789."));
}

class Demonstration {
 public:
  Demonstration(const Plan& plan, const Interrupt& interrupt) : plan_(plan), interrupt_(interrupt) {}

  bool run() {
    prepare();
    follow();
    settle();
    return verdict();
  }

 private:
  void prepare();
  void follow();
  void settle();
  bool verdict();
  void frame();
  void kill_weft();
  void check_threads() const;
  [[nodiscard]] std::vector<std::string> weft_arguments() const;

  [[nodiscard]] double elapsed() const { return static_cast<double>((real_clock().now() - began_).count()) / 1e9; }

  [[nodiscard]] std::string stamp() const { return fmt::format("{:5.1f} s  ", elapsed()); }

  const Plan& plan_;
  const Interrupt& interrupt_;
  support::TempDir dir_;
  support::MariaDbServer source_{source_options()};
  support::PostgresServer target_;
  std::optional<WeftProcess> weft_;
  std::optional<Workload> load_;
  std::optional<LagMeter> meter_;
  std::optional<support::MysqlConnection> source_session_;
  std::optional<support::PostgresConnection> target_session_;
  Screen screen_;
  Scene scene_;
  SteadyTime began_;
};

std::vector<std::string> Demonstration::weft_arguments() const {
  return {"run",
          "--from",
          source_.url("shop", "weft"),
          "--to",
          target_.url("shop"),
          "--create-tables",
          "--state",
          (dir_.path() / "state").string(),
          "--http",
          "off",
          "--no-progress"};
}

void Demonstration::prepare() {
  screen_.event("starting a private MariaDB and a private PostgreSQL in " + dir_.path().parent_path().string());
  source_.start();
  interrupt_.wait(0ms);
  target_.start();
  interrupt_.wait(0ms);
  target_.exec("CREATE DATABASE shop");
  source_session_.emplace(source_.connect());
  create_shop(*source_session_);
  target_session_.emplace(target_.connect("shop"));
  scene_.source = "MariaDB " + number_of(source_.value("SELECT VERSION()"));
  scene_.target = "PostgreSQL " + number_of(target_.value("SHOW server_version"));
  scene_.duration_s = plan_.duration_s;
  weft_.emplace(plan_.weft, weft_arguments(), dir_.path() / "weft.log");
  screen_.event(fmt::format("the shop opens: {:.0f} transactions per second; weft copies, then follows", plan_.rate));
  screen_.event("");
  load_.emplace(source_, WorkloadOptions{.rate = plan_.rate});
  meter_.emplace(source_, target_);
}

void Demonstration::follow() {
  began_ = real_clock().now();
  load_->start();
  meter_->start();
  weft_->start();
  // The first one while tables are being copied, most likely; the others evenly over the time.
  std::vector<double> kills = {0.4};
  const int more = std::max(2, static_cast<int>(plan_.duration_s / 5));
  for (int i = 1; i < more; ++i) kills.push_back(plan_.duration_s * i / more);
  size_t next = 0;
  while (elapsed() < plan_.duration_s) {
    if (next < kills.size() && elapsed() >= kills[next]) {
      kill_weft();
      ++next;
    }
    frame();
    const double until_kill = next < kills.size() ? kills[next] - elapsed() : 1;
    const auto pause = std::chrono::milliseconds(static_cast<int64_t>(std::max(0.0, until_kill * 1000)));
    interrupt_.wait(std::min<Duration>(kFrame, pause));
  }
}

void Demonstration::kill_weft() {
  const pid_t pid = weft_->pid();
  weft_->kill_hard();
  weft_->start();
  ++scene_.kills;
  screen_.event(stamp() + fmt::format("kill -9 {} ({}); weft starts again as {}",
                                      pid,
                                      meter_->reading().streaming ? "following" : "copying",
                                      weft_->pid()));
}

void Demonstration::check_threads() const {
  if (const auto why = load_->trouble(); !why.empty()) throw std::runtime_error("the shop stopped: " + why);
  if (const auto why = meter_->reading().trouble; !why.empty())
    throw std::runtime_error("the lag meter stopped: " + why);
}

void Demonstration::frame() {
  if (!weft_->running()) throw std::runtime_error("weft ended by itself:\n" + weft_->last_words());
  check_threads();
  scene_.elapsed_s = elapsed();
  scene_.tables.clear();
  for (const auto& table : shop_tables()) {
    TableCount& row = scene_.tables.emplace_back();
    row.name = table.name;
    const std::string sql = fmt::format("SELECT count(*) FROM {}", table.name);
    try {
      row.target = std::stoull(support::single_value(target_session_->query(sql)));
    } catch (const support::SqlError& error) {
      if (error.code() != "42P01") throw;
    }
    row.source = std::stoull(support::single_value(source_session_->query(sql)));
    // One row per transaction.
    if (table.name == "ledger") scene_.applied = row.target.value_or(0);
  }
  scene_.committed = load_->committed();
  scene_.lag = meter_->reading();
  scene_.pid = weft_->pid();
  scene_.peak_kib = std::max(scene_.peak_kib, weft_->peak_kib());
  screen_.show(scene_);
}

void Demonstration::settle() {
  load_->stop();
  meter_->stop_beating();
  screen_.event(stamp() + "the shop is closed; weft applies the rest");
  const double from = elapsed();
  while (!meter_->caught_up()) {
    if (elapsed() - from > kSettleLimitSeconds) {
      throw std::runtime_error("the target did not catch up in a minute:\n" + weft_->last_words());
    }
    frame();
    interrupt_.wait(50ms);
  }
  frame();
  meter_->stop();
  screen_.close();
}

bool Demonstration::verdict() {
  const auto status = weft_->stop();
  const LagReading lag = meter_->reading();
  Difference all;
  fmt::print("\ncompared row by row, by hash of every column:\n");
  for (const auto& table : shop_tables()) {
    const Difference found = compare_table(*source_session_, *target_session_, table);
    fmt::print("  {:<12}{:>10} rows  {}\n",
               table.name,
               grouped(found.rows),
               found.same() ? "the same on both sides"
                            : fmt::format("lost {}, doubled {}, strange {}", found.lost, found.doubled, found.strange));
    all.rows += found.rows;
    all.lost += found.lost;
    all.doubled += found.doubled;
    all.strange += found.strange;
  }
  const uint64_t committed = load_->committed();
  const bool counted =
      std::to_string(committed) == support::single_value(target_session_->query("SELECT count(*) FROM ledger"));
  const bool clean = status.success();
  const bool proven = all.same() && counted && clean && lag.looks > 0 && lag.uneven == 0;
  fmt::print("\n{}: {} rows, {} transactions, {} kills with -9:\nlost {}, doubled {}, strange {}\n",
             proven ? "PROVEN" : "NOT PROVEN",
             grouped(all.rows),
             grouped(committed),
             scene_.kills,
             all.lost,
             all.doubled,
             all.strange);
  fmt::print(
      "{} sums of all balances at the target, {} of them not {}\n", grouped(lag.looks), lag.uneven, accounts_total());
  fmt::print("lag: median {}, most {} (restarts included); memory of weft: {:.1f} MiB\n",
             duration_text(lag.p50_ms),
             duration_text(lag.max_ms),
             static_cast<double>(scene_.peak_kib) / 1024);
  if (!counted) fmt::print("the ledger at the target does not hold one row per transaction\n");
  if (!clean) fmt::print("weft did not stop cleanly: {}\n{}\n", status.text(), weft_->last_words());
  return proven;
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void Interrupt::wait(Duration time) const {
  const sigset_t set = stop_signals();
  const auto ns = std::max<int64_t>(0, time.count());
  const timespec limit = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  if (sigtimedwait(&set, nullptr, &limit) > 0) throw Interrupted();
}

bool run_shop(const Plan& plan, const Interrupt& interrupt) {
  return Demonstration(plan, interrupt).run();
}

}  // namespace weft::demo
