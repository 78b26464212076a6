// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's slot -> typed changes: weft's source beside `pg_recvlogical` to /dev/null, which receives the same messages of
// pgoutput and drops them. One-row transactions, then bulk rows.
#include <algorithm>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cases.h"
#include "measure.h"
#include "postgres_rig.h"
#include "report.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* kNativeSlot = "native";

struct Figures {
  std::vector<double> weft, native, weft_cpu, native_cpu;
  uint64_t peak_kib = 0;
};

// Where every run begins and ends.
struct Range {
  std::string from;  // weft's position
  std::string upto;  // LSN
};

std::string lsn_now(PostgresRig& rig) {
  return support::single_value(rig.session().query("SELECT pg_current_wal_insert_lsn()"));
}

void read_as_weft(PostgresRig& rig, const Settings& settings, const Range& range, double rows, Figures& found) {
  std::istringstream words(support::run_or_throw(
      {.argv = {settings.self.string(), "reader", "weft", rig.source().url("bench"), range.from, "1:" + range.upto}},
      support::deadline_in(600s)));
  double transactions = 0;
  double changes = 0;
  double seconds = 0;
  double cpu = 0;
  uint64_t peak_kib = 0;
  words >> transactions >> changes >> seconds >> cpu >> peak_kib;
  // The row behind the range ends it, and may come with it.
  if (changes != rows && changes != rows + 1)
    throw std::runtime_error(fmt::format("weft saw {} changes, not {}", changes, rows));
  found.weft.push_back(rows / seconds);
  found.weft_cpu.push_back(cpu * 1e6 / rows);
  found.peak_kib = std::max(found.peak_kib, peak_kib);
}

void read_natively(PostgresRig& rig, const Range& range, double rows, Figures& found) {
  rig.copy_slot(kNativeSlot);
  const Measured m = measure({.argv = {(rig.source().programs() / "pg_recvlogical").string(),
                                       "--dbname=" + rig.source().url("bench"),
                                       "--slot=" + std::string(kNativeSlot),
                                       "--start",
                                       "--no-loop",
                                       "--file=/dev/null",
                                       "--endpos=" + range.upto,
                                       "--option=proto_version=1",
                                       "--option=publication_names=" + std::string(kWeftSlot)},
                              .output_file = rig.log()},
                             600s);
  rig.drop_slot(kNativeSlot);
  found.native.push_back(rows / m.seconds);
  found.native_cpu.push_back(m.cpu_seconds * 1e6 / rows);
}

void compare(
    PostgresRig& rig, const Settings& settings, const Range& range, const std::string& name, const std::string& unit) {
  Figures found;
  const auto rows = static_cast<double>(settings.rows);
  for (int run = 0; run < settings.runs; ++run) {
    rig.rewind();
    read_as_weft(rig, settings, range, rows, found);
    read_natively(rig, range, rows, found);
    note(fmt::format("decode-postgres run {}: weft {:.0f}/s, pg_recvlogical {:.0f}/s",
                     run + 1,
                     found.weft.back(),
                     found.native.back()));
  }
  report({.name = "decode-postgres",
          .what = name + " (native: pg_recvlogical to /dev/null)",
          .weft = median(found.weft),
          .native = median(found.native),
          .unit = unit + "/s",
          .goal = "ratio >= 2.7",
          .rss_kib = found.peak_kib});
  report({.name = "decode-postgres-cpu",
          .what = name,
          .weft = median(found.weft_cpu),
          .native = median(found.native_cpu),
          .unit = "us/" + unit,
          .goal = "weft <= 1",
          .rss_kib = found.peak_kib});
}

}  // namespace

void decode_postgres_case(const Settings& settings) {
  for (const bool bulk : {false, true}) {
    note(fmt::format("decode-postgres: preparing {} {}", settings.rows, bulk ? "bulk rows" : "one-row transactions"));
    PostgresRig rig(settings);
    rig.prepare();
    Range range;
    range.from = "1:" + lsn_now(rig);
    if (!bulk) rig.one_row_transactions(1, settings.rows);
    for (uint64_t first = 1; bulk && first <= settings.rows; first += 100'000) {
      rig.one_transaction(first, std::min<uint64_t>(100'000, settings.rows - first + 1));
    }
    range.upto = lsn_now(rig);
    rig.one_row_transactions(settings.rows + 1, 1);
    compare(rig, settings, range, bulk ? "bulk rows" : "one-row transactions", bulk ? "row" : "tx");
  }
}

}  // namespace weft::bench
