// SPDX-License-Identifier: Apache-2.0
// MariaDB's binary log -> typed changes: weft's source beside `mariadb-binlog --raw`, which writes the bytes to files as they
// are, and beside a reader of ours that receives the same bytes and drops them. One-row transactions, then bulk rows.
#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "measure.h"
#include "report.h"
#include "rig.h"
#include "support/temp_dir.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

struct Reading {
  double transactions = 0;
  double changes = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  uint64_t peak_kib = 0;
};

Reading read(const Settings& settings, const std::string& kind, const std::string& url, const std::string& from) {
  std::istringstream words(
      support::run_or_throw({.argv = {settings.self.string(), "reader", kind, url, from}}, support::deadline_in(600s)));
  Reading reading;
  words >> reading.transactions >> reading.changes >> reading.seconds >> reading.cpu_seconds >> reading.peak_kib;
  return reading;
}

// The native tool; WEFT_MARIADB_BINLOG names it where it is not in PATH.
Measured read_natively(const support::MariaDbServer& server, const std::string& file) {
  const char* given = std::getenv("WEFT_MARIADB_BINLOG");
  const support::TempDir dir;
  return measure({.argv = {given != nullptr ? given : "mariadb-binlog",
                           "--no-defaults",
                           "--raw",
                           "--read-from-remote-server",
                           "--to-last-log",
                           "--host=127.0.0.1",
                           "--port=" + std::to_string(server.port()),
                           "--user=weft",
                           "--password=secret",
                           "--result-file=" + dir.path().string() + "/",
                           file},
                  .output_file = (dir.path() / "log").string()},
                 600s);
}

struct Figures {
  std::vector<double> weft, receive, native, weft_cpu, native_cpu, receive_cpu;
  uint64_t peak_kib = 0;
};

// `units`: what is counted: transactions, or rows of bulk transactions.
Figures compare(const Settings& settings,
                support::MariaDbServer& server,
                const std::string& position,
                const std::string& file,
                double units) {
  const std::string url = server.url("bench", "weft");
  Figures found;
  for (int run = 0; run < settings.runs; ++run) {
    const Reading ours = read(settings, "weft", url, position);
    if (ours.changes != units)
      throw std::runtime_error(fmt::format("weft saw {} changes, not {}", ours.changes, units));
    const Reading dropped = read(settings, "receive", url, file);
    const Measured native = read_natively(server, file);
    found.weft.push_back(units / ours.seconds);
    found.weft_cpu.push_back(ours.cpu_seconds * 1e6 / units);
    found.receive.push_back(units / dropped.seconds);
    found.receive_cpu.push_back(dropped.cpu_seconds * 1e6 / units);
    found.native.push_back(units / native.seconds);
    found.native_cpu.push_back(native.cpu_seconds * 1e6 / units);
    found.peak_kib = std::max(found.peak_kib, ours.peak_kib);
    note(fmt::format("decode run {}: weft {:.0f}/s, receive only {:.0f}/s, mariadb-binlog {:.0f}/s",
                     run + 1,
                     found.weft.back(),
                     found.receive.back(),
                     found.native.back()));
  }
  return found;
}

void report_pair(const std::string& name, const Figures& found, const std::string& unit) {
  report({.name = "decode",
          .what = name + " (native: mariadb-binlog --raw)",
          .weft = median(found.weft),
          .native = median(found.native),
          .unit = unit,
          .goal = "ratio >= 4, or >= 0.9 of receive only",
          .rss_kib = found.peak_kib});
  report({.name = "decode",
          .what = name + " (native: a reader that receives and drops)",
          .weft = median(found.weft),
          .native = median(found.receive),
          .unit = unit,
          .goal = "ratio >= 0.9, or >= 4 mariadb-binlog",
          .rss_kib = found.peak_kib});
}

void report_cpu(const std::string& name, const Figures& found, const std::string& unit, const std::string& goal) {
  report({.name = "decode-cpu",
          .what = fmt::format("{} (receive only {:.2f})", name, median(found.receive_cpu)),
          .weft = median(found.weft_cpu),
          .native = median(found.native_cpu),
          .unit = unit,
          .goal = goal,
          .rss_kib = found.peak_kib});
}

std::string first_new_file(support::MariaDbServer& server) {
  server.exec("FLUSH BINARY LOGS");
  return *server.query("SHOW MASTER STATUS").at(0).at(0);
}

std::string head_of(const Settings& settings, const support::MariaDbServer& server) {
  std::string text = support::run_or_throw(
      {.argv = {settings.self.string(), "reader", "head", server.url("bench", "weft")}}, support::deadline_in(30s));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

void decode_case(const Settings& settings) {
  note(fmt::format("decode: preparing {} one-row transactions", settings.rows));
  support::MariaDbServer server(bench_server_options());
  server.start();
  create_tables(server);
  const auto units = static_cast<double>(settings.rows);
  std::string file = first_new_file(server);
  std::string position = head_of(settings, server);
  one_row_transactions(server, 1, settings.rows);
  const Figures oltp = compare(settings, server, position, file, units);
  report_pair("one-row transactions", oltp, "tx/s");
  report_cpu("one-row transactions", oltp, "us/tx", "weft <= 0.5");

  file = first_new_file(server);
  position = head_of(settings, server);
  for (uint64_t first = 1; first <= settings.rows; first += 100'000) {
    one_transaction(server, settings.rows + first, std::min<uint64_t>(100'000, settings.rows - first + 1));
  }
  const Figures bulk = compare(settings, server, position, file, units);
  report_pair("bulk rows", bulk, "rows/s");
  report_cpu("bulk rows", bulk, "us/row", "none set");
}

}  // namespace weft::bench
