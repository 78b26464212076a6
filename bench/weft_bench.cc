// SPDX-License-Identifier: Apache-2.0
// weft_bench: weft beside the native tools on this machine, with real servers.
//   weft_bench CASE|all [--runs N]        cases: decode apply old-snapshot snapshot latency memory start verify, and
//                                         decode-postgres apply-postgres snapshot-postgres: between two PostgreSQL servers
// WEFT_BENCH_ROWS=200000 makes the large cases smaller. Exit codes: 0 done, 1 failed, 2 wrong usage.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "report.h"
#include "support/mariadb_server.h"
#include "support/postgres_server.h"

namespace weft::bench {

namespace {

struct Case {
  const char* name;
  void (*run)(const Settings&);
};

constexpr Case kCases[] = {
    {"decode", decode_case},
    {"apply", apply_case},
    {"old-snapshot", old_snapshot_case},
    {"snapshot", snapshot_case},
    {"latency", latency_case},
    {"memory", memory_case},
    {"start", start_case},
    {"verify", verify_case},
    {"decode-postgres", decode_postgres_case},
    {"apply-postgres", apply_postgres_case},
    {"snapshot-postgres", snapshot_postgres_case},
};

int usage() {
  fmt::print(stderr, "usage: weft_bench CASE|all [--runs N]\ncases:");
  for (const Case& known : kCases) fmt::print(stderr, " {}", known.name);
  fmt::print(stderr, "\nWEFT_BENCH_ROWS sets the number of rows and transactions (1000000)\n");
  return 2;
}

bool number_of(const char* text, uint64_t& number) {
  char* end = nullptr;
  number = std::strtoull(text, &end, 10);
  return end != text && *end == '\0' && number > 0 && number <= 100'000'000;
}

int run(const std::vector<std::string>& words) {
  Settings settings;
  std::string wanted = "all";
  bool named = false;
  for (size_t i = 0; i < words.size(); ++i) {
    uint64_t number = 0;
    if (words[i] == "--runs") {
      if (i + 1 == words.size() || !number_of(words[++i].c_str(), number)) return usage();
      settings.runs = static_cast<int>(number);
    } else if (named || words[i].starts_with("-")) {
      return usage();
    } else {
      wanted = words[i];
      named = true;
    }
  }
  if (const char* rows = std::getenv("WEFT_BENCH_ROWS"); rows != nullptr && !number_of(rows, settings.rows))
    return usage();
  settings.self = std::filesystem::read_symlink("/proc/self/exe");
  settings.weft = settings.self.parent_path() / "weft";
  for (const auto& reason : {support::MariaDbServer::unavailable(), support::PostgresServer::unavailable()}) {
    if (!reason) continue;
    note(*reason);
    return 1;
  }
  bool known = false;
  int failed = 0;
  for (const Case& each : kCases) {
    if (wanted != "all" && wanted != each.name) continue;
    known = true;
    try {
      each.run(settings);
    } catch (const std::exception& error) {
      note(fmt::format("{} failed: {}", each.name, error.what()));
      failed = 1;
    }
  }
  return known ? failed : usage();
}

}  // namespace

}  // namespace weft::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string(argv[1]) == "reader") return weft::bench::reader_main(argc - 2, argv + 2);
  return weft::bench::run({argv + 1, argv + argc});
}
