// SPDX-License-Identifier: Apache-2.0
// weft_sim: plays seeds.
//   weft_sim SEED                               one seed, with its trace; the same bytes each time
//   weft_sim --seeds N [--from S] [--jobs J]    many seeds, quickly: failures and a summary
// --transactions T makes every history that long.
// Exits with 1 when an invariant was violated, with 2 when it was called wrongly.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/log.h"
#include "base/memory.h"
#include "sim/driver.h"

namespace weft::sim {
namespace {

struct Arguments {
  uint64_t seed = 0;
  uint64_t seeds = 0;
  uint64_t from = 1;
  uint64_t jobs = 1;
  uint64_t transactions = 0;  // 0: as the seed says
};

// Plain data, for a pipe between processes.
struct Summary {
  uint64_t played = 0;
  uint64_t failed = 0;
  uint64_t for_good = 0;
  uint64_t commits = 0;
  uint64_t transactions = 0;
  uint64_t processes = 0;
  std::array<uint64_t, kFaultCount> faults{};
};

void add(Summary& sum, const Summary& other) {
  sum.played += other.played;
  sum.failed += other.failed;
  sum.for_good += other.for_good;
  sum.commits += other.commits;
  sum.transactions += other.transactions;
  sum.processes += other.processes;
  for (size_t f = 0; f < kFaultCount; ++f) sum.faults[f] += other.faults[f];
}

volatile uint64_t playing = 0;

// A broken CHECK ends the process: say which seed broke it.
void on_abort(int) {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "seed %llu: aborted\n", static_cast<unsigned long long>(playing));
  if (size > 0 && write(STDOUT_FILENO, line, static_cast<size_t>(size)) < 0) _exit(3);
  _exit(1);
}

// What the command line changes in a drawn plan.
std::function<void(Plan&)> altered(const Arguments& args) {
  if (args.transactions == 0) return {};
  return [n = args.transactions](Plan& plan) { plan.transactions = n; };
}

int play_one(const Arguments& args) {
  const Verdict verdict = simulate({args.seed, true, altered(args), {}});
  std::fwrite(verdict.trace.data(), 1, verdict.trace.size(), stdout);
  std::printf("%s\n", verdict.ok ? "ok" : verdict.violation.c_str());
  return verdict.ok ? 0 : 1;
}

// Seeds from + job, from + job + jobs, ...
Summary play_share(const Arguments& args, uint64_t job) {
  Summary sum;
  for (uint64_t i = job; i < args.seeds; i += args.jobs) {
    const uint64_t seed = args.from + i;
    playing = seed;
    const Verdict verdict = simulate({seed, false, altered(args), {}});
    Summary one{1,
                verdict.ok ? 0u : 1u,
                verdict.stopped_for_good ? 1u : 0u,
                verdict.commits,
                verdict.transactions,
                verdict.processes,
                verdict.faults};
    add(sum, one);
    if (verdict.ok) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), verdict.violation.c_str());
    std::fflush(stdout);
  }
  return sum;
}

Summary play_jobs(const Arguments& args) {
  if (args.jobs <= 1) return play_share(args, 0);
  Summary sum;
  std::vector<std::pair<pid_t, int>> children;
  for (uint64_t job = 0; job < args.jobs; ++job) {
    int ends[2];
    if (pipe(ends) != 0) std::exit(2);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      const Summary share = play_share(args, job);
      const bool sent = write(ends[1], &share, sizeof share) == static_cast<ssize_t>(sizeof share);
      _exit(sent ? 0 : 1);
    }
    close(ends[1]);
    children.emplace_back(child, ends[0]);
  }
  for (const auto& [child, end] : children) {
    Summary share;
    if (read(end, &share, sizeof share) == static_cast<ssize_t>(sizeof share)) {
      add(sum, share);
    } else {
      ++sum.failed;  // it was aborted and has said where
    }
    close(end);
    waitpid(child, nullptr, 0);
  }
  return sum;
}

void print_summary(const Summary& sum) {
  const auto n = [](uint64_t x) { return static_cast<unsigned long long>(x); };
  std::printf(
      "%llu seeds, %llu failed, %llu stopped for a lost position; %llu source transactions, %llu commits, %llu "
      "processes\n",
      n(sum.played),
      n(sum.failed),
      n(sum.for_good),
      n(sum.transactions),
      n(sum.commits),
      n(sum.processes));
  for (size_t f = 0; f < kFaultCount; ++f) {
    const std::string_view name = to_string(static_cast<Fault>(f));
    std::printf("  %-20.*s %llu\n", static_cast<int>(name.size()), name.data(), n(sum.faults[f]));
  }
}

bool parse(int argc, char** argv, Arguments& args) {
  const auto number = [](const char* text, uint64_t& out) {
    char* end = nullptr;
    out = std::strtoull(text, &end, 10);
    return end != text && *end == '\0';
  };
  const bool one = argc > 1 && argv[1][0] != '-';
  if (one && !number(argv[1], args.seed)) return false;
  for (int i = one ? 2 : 1; i + 1 < argc; i += 2) {
    uint64_t* into = std::strcmp(argv[i], "--seeds") == 0          ? &args.seeds
                     : std::strcmp(argv[i], "--from") == 0         ? &args.from
                     : std::strcmp(argv[i], "--jobs") == 0         ? &args.jobs
                     : std::strcmp(argv[i], "--transactions") == 0 ? &args.transactions
                                                                   : nullptr;
    if (!into || !number(argv[i + 1], *into)) return false;
  }
  return argc % 2 == (one ? 0 : 1) && (one || args.seeds > 0) && args.jobs > 0;
}

int run(int argc, char** argv) {
  Arguments args;
  if (!parse(argc, argv, args)) {
    std::fprintf(stderr,
                 "usage: weft_sim SEED | weft_sim --seeds N [--from S] [--jobs J]; either with --transactions T\n");
    return 2;
  }
  keep_freed_memory();
  std::signal(SIGABRT, on_abort);
  configure_log({LogFormat::kText, LogLevel::kError});
  if (args.seeds == 0) return play_one(args);
  std::fflush(stdout);
  const Summary sum = play_jobs(args);
  print_summary(sum);
  return sum.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weft::sim

int main(int argc, char** argv) {
  return weft::sim::run(argc, argv);
}
