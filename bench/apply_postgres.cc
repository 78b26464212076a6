// SPDX-License-Identifier: Apache-2.0
// PostgreSQL -> PostgreSQL through the whole pipeline, beside a native subscription (binary) of the same publication: catching
// up with what was written while nobody read, and tailing while it is written. One-row transactions, then bulk rows.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "cases.h"
#include "measure.h"
#include "postgres_rig.h"
#include "report.h"

namespace weft::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* kSubscription = "native";

struct Figures {
  std::vector<double> weft, native;
  uint64_t peak_kib = 0;
};

// A native subscription of a database that is made for it; gone with the object.
class Subscription {
 public:
  explicit Subscription(PostgresRig& rig) : rig_(rig), database_(rig.empty_database()) {
    auto sql = rig_.target().connect(database_);
    sql.exec(kPostgresTable);
    rig_.copy_slot(kSubscription);
    sql.exec(
        fmt::format("CREATE SUBSCRIPTION {} CONNECTION '{}' PUBLICATION {} WITH (create_slot = false, slot_name = "
                    "{}, copy_data = false, binary = true)",
                    kSubscription,
                    rig_.source().url("bench"),
                    kWeftSlot,
                    kSubscription));
  }

  ~Subscription() {
    auto sql = rig_.target().connect(database_);
    sql.exec(fmt::format("ALTER SUBSCRIPTION {} DISABLE", kSubscription));
    sql.exec(fmt::format("ALTER SUBSCRIPTION {} SET (slot_name = NONE)", kSubscription));
    sql.exec(fmt::format("DROP SUBSCRIPTION {}", kSubscription));
    rig_.drop(database_);
    rig_.drop_slot(kSubscription);
  }

  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  [[nodiscard]] const std::string& database() const { return database_; }

 private:
  PostgresRig& rig_;
  std::string database_;
};

// Until the database has the row.
void wait_for_row(PostgresRig& rig, const std::string& database, uint64_t id) {
  auto sql = rig.target().connect(database);
  const std::string ask = fmt::format("SELECT count(*) FROM rows8 WHERE id = {}", id);
  const SteadyTime began = real_clock().now();
  while (support::single_value(sql.query(ask)) != "1") {
    if (real_clock().now() - began > 600s) throw std::runtime_error("the last row has not come to " + database);
    real_clock().sleep(5ms, {});
  }
}

double seconds_since(SteadyTime began) {
  return static_cast<double>((real_clock().now() - began).count()) / 1e9;
}

void report_pair(const std::string& name, const Figures& found, const std::string& unit, const std::string& goal) {
  report({.name = "apply-postgres",
          .what = name + " (native: a subscription, binary)",
          .weft = median(found.weft),
          .native = median(found.native),
          .unit = unit,
          .goal = goal,
          .rss_kib = found.peak_kib});
}

void write(PostgresRig& rig, bool bulk, uint64_t first, uint64_t count) {
  if (!bulk) return rig.one_row_transactions(first, count);
  for (uint64_t done = 0; done < count; done += 100'000) {
    rig.one_transaction(first + done, std::min<uint64_t>(100'000, count - done));
  }
}

void catch_up(PostgresRig& rig, const Settings& settings, const std::string& name, const std::string& unit) {
  Figures found;
  const auto rows = static_cast<double>(settings.rows);
  for (int run = 0; run < settings.runs; ++run) {
    rig.rewind();
    const std::string database = rig.fresh_database();
    const Measured m = rig.run_weft(database, {"--snapshot", "no", "--until", "now"});
    if (rig.target_rows(database) != settings.rows) throw std::runtime_error("weft applied another number of rows");
    rig.drop(database);
    found.weft.push_back(rows / m.seconds);
    found.peak_kib = std::max(found.peak_kib, m.peak_kib);
    const SteadyTime began = real_clock().now();
    const Subscription subscription(rig);
    wait_for_row(rig, subscription.database(), settings.rows);
    found.native.push_back(rows / seconds_since(began));
    note(fmt::format("apply-postgres catching up {}: weft {:.0f}/s, subscription {:.0f}/s",
                     run + 1,
                     found.weft.back(),
                     found.native.back()));
  }
  report_pair("catching up, " + name, found, unit, "ratio >= 1.2");
}

// From the first row's writing to the last one's arrival; the reader has caught up with all before that begins.
void tail(PostgresRig& rig, const Settings& settings, bool bulk, const std::string& name, const std::string& unit) {
  Figures found;
  const uint64_t count = settings.rows / 2;
  uint64_t next = settings.rows + 1;
  const auto write_and_wait = [&](const std::string& database) {
    write(rig, bulk, next, 1);
    wait_for_row(rig, database, next++);
    const SteadyTime began = real_clock().now();
    write(rig, bulk, next, count);
    next += count;
    wait_for_row(rig, database, next - 1);
    return static_cast<double>(count) / seconds_since(began);
  };
  for (int run = 0; run < settings.runs; ++run) {
    const std::string database = rig.fresh_database();
    rig.rewind();
    {
      support::Process weft({.argv = rig.weft_command(database, {"--snapshot", "no"}), .output_file = rig.log()});
      wait_for_row(rig, database, next - 1);
      found.weft.push_back(write_and_wait(database));
      found.peak_kib = std::max(found.peak_kib, memory_kib_of(weft.pid(), "VmHWM"));
      weft.kill(SIGTERM);
      (void)weft.wait(support::deadline_in(30s));
    }
    rig.drop(database);
    const Subscription subscription(rig);
    wait_for_row(rig, subscription.database(), next - 1);
    found.native.push_back(write_and_wait(subscription.database()));
    note(fmt::format("apply-postgres tailing {}: weft {:.0f}/s, subscription {:.0f}/s",
                     run + 1,
                     found.weft.back(),
                     found.native.back()));
  }
  report_pair("tailing, " + name, found, unit, "ratio >= 0.9");
}

}  // namespace

void apply_postgres_case(const Settings& settings) {
  for (const bool bulk : {false, true}) {
    const std::string name = bulk ? "bulk rows" : "one-row transactions";
    const std::string unit = bulk ? "rows/s" : "tx/s";
    note(fmt::format("apply-postgres: preparing {} {}", settings.rows, name));
    PostgresRig rig(settings);
    rig.prepare();
    write(rig, bulk, 1, settings.rows);
    catch_up(rig, settings, name, unit);
    tail(rig, settings, bulk, name, unit);
  }
}

}  // namespace weft::bench
