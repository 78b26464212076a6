// SPDX-License-Identifier: Apache-2.0
// weft_demo: a demonstration that proves itself; `weft demo` runs it. Servers, the shop and weft itself are real processes
// in a private directory on loopback, and nothing of them is left afterwards.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "run.h"
#include "support/mariadb_server.h"
#include "support/postgres_server.h"
#include "weft_process.h"

namespace weft::demo {

namespace {

constexpr const char* kUsage =
    "example: weft demo --duration 20s --rate 1000\n"
    "\n"
    "usage: weft demo [NAME] [--duration D] [--rate R]\n"
    "\n"
    "Starts a private MariaDB and a private PostgreSQL, runs a shop in the first one, lets weft copy and follow it "
    "into the\n"
    "second one, kills weft with -9 while the shop is busy, and compares both sides row by row at the end.\n"
    "\n"
    "  NAME          shop (default), the only one so far\n"
    "  --duration D  how long the shop is open: 20s (default), 1m\n"
    "  --rate R      its transactions per second (default 1000)\n"
    "\n"
    "Exit codes: 0 proven, 1 not proven or interrupted, 2 wrong usage, 3 a server program is missing.\n";

[[noreturn]] void refuse(const std::string& text) {
  fmt::print(stderr, "weft demo: {}\n{}", text, kUsage);
  std::exit(2);
}

// "20", "20s", "1.5m" in seconds.
double seconds_of(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double factor = unit == "m" ? 60 : unit == "ms" ? 0.001 : 1;
  if (end == text.c_str() || (!unit.empty() && unit != "s" && unit != "m" && unit != "ms")) {
    refuse("--duration: '" + text + "' is no duration; write 20s or 1m");
  }
  if (!(number * factor >= 3 && number * factor <= 3600)) refuse("--duration: between 3s and 60m");
  return number * factor;
}

double rate_of(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || !(number >= 1 && number <= 100000)) {
    refuse("--rate: '" + text + "' is no number between 1 and 100000");
  }
  return number;
}

Plan parse(const std::vector<std::string>& arguments) {
  Plan plan;
  bool named = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    std::optional<std::string> value;
    if (const auto equals = name.find('='); name.starts_with("--") && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    if (name == "--help" || name == "-h") {
      fmt::print("{}", kUsage);
      std::exit(0);
    }
    if (name == "--duration" || name == "--rate") {
      if (!value && i + 1 == arguments.size()) refuse(name + " needs a value");
      if (!value) value = arguments[++i];
      (name == "--rate" ? plan.rate : plan.duration_s) = name == "--rate" ? rate_of(*value) : seconds_of(*value);
    } else if (name.starts_with("-")) {
      refuse("unknown flag '" + name + "'");
    } else if (named || name != "shop") {
      refuse(named ? "one NAME is enough" : "there is no demonstration '" + name + "'; there is: shop");
    } else {
      named = true;
    }
  }
  return plan;
}

int run(const std::vector<std::string>& arguments) {
  Plan plan = parse(arguments);
  for (const auto& reason : {support::MariaDbServer::unavailable(), support::PostgresServer::unavailable()}) {
    if (!reason) continue;
    fmt::print(stderr, "weft demo: {}\nweft demo: install it with apt-get (Debian 12), or run ./dev deps\n", *reason);
    return 3;
  }
  plan.weft = beside_us("weft");
  if (::access(plan.weft.c_str(), X_OK) != 0) {
    fmt::print(stderr, "weft demo: {} is missing; build the target weft\n", plan.weft.string());
    return 3;
  }
  const Interrupt interrupt;
  try {
    return run_shop(plan, interrupt) ? 0 : 1;
  } catch (const Interrupted&) {
    fmt::print(stderr, "weft demo: interrupted; servers stopped, files removed\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "weft demo: {}\n", error.what());
  }
  return 1;
}

}  // namespace

}  // namespace weft::demo

int main(int argc, char** argv) {
  return weft::demo::run({argv + 1, argv + argc});
}
