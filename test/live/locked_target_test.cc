// SPDX-License-Identifier: Apache-2.0
// Hard case 21: a target that is locked for longer than the source server is patient with a client that does not read.
// So much is written meanwhile that every buffer between the servers is full and the source's write blocks.
//   WEFT_SOAK=1   also 70 s against the servers' own patience (60 s), MariaDB and MySQL side by side
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include "base/text.h"
#include "live/compare.h"
#include "live/rig.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
using support::deadline_in;

constexpr int kRows = 8000;  // of 8 kB: more than both sockets may hold (36 MiB is usual) and the budget

// The source server's threads that send its log; only those that are blocked in doing so.
std::string dumps(Rig& rig, bool blocked = false) {
  std::string ids;
  for (const support::Row& row : rig.source->query(
           cat("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'",
               blocked ? " AND STATE REGEXP '^(Writing to net|Sending to client|Sending binlog event)'" : "")))
    ids += *row[0] + " ";
  return ids;
}

struct Outcome {
  std::string dump_before;
  std::string dump_blocked;  // while the target was locked
  std::string dump_after;
};

Outcome play_locked(Engine engine, std::chrono::milliseconds blocked, const std::string& patience) {
  Rig rig(engine);
  if (!patience.empty()) rig.source->exec(patience);
  rig.source->exec("CREATE DATABASE shop; USE shop; CREATE TABLE wide (id INT PRIMARY KEY, v LONGTEXT)");
  rig.target_session().exec("CREATE TABLE wide (id integer PRIMARY KEY, v text)");
  WeftProcess weft(rig.log(), rig.run_arguments({"--memory", "8MiB"}));
  EXPECT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  Outcome outcome;
  outcome.dump_before = dumps(rig);
  auto lock = rig.target_session();
  lock.exec("BEGIN; LOCK TABLE wide IN ACCESS EXCLUSIVE MODE");
  auto writer = rig.source_session();
  for (int i = 0; i < kRows; i += 100) {
    std::string values;
    for (int k = 0; k < 100; ++k) values += cat(k == 0 ? "(" : ",(", i + k, ", REPEAT('x', 8000))");
    writer.exec("INSERT INTO wide VALUES " + values);
  }
  EXPECT_TRUE(support::wait_until(deadline_in(20s), [&] { return !dumps(rig, true).empty(); }))
      << engine_name(engine) << ": the source does not block";
  EXPECT_FALSE(weft.wait_exit(deadline_in(blocked))) << weft.log_tail();
  outcome.dump_blocked = dumps(rig, true);
  lock.exec("COMMIT");
  EXPECT_TRUE(rig.becomes("SELECT count(*) FROM wide", cat(kRows), deadline_in(120s))) << weft.log_tail();
  outcome.dump_after = dumps(rig);
  EXPECT_TRUE(weft.running()) << weft.log_tail();
  auto from = rig.source_session();
  auto to = rig.target_session();
  const Comparison result = compare_tables(from, to, "shop", {"wide"});
  EXPECT_EQ(result.differences, 0u) << result.text();
  return outcome;
}

// On every engine that can be had, side by side: the time passes once.
void on_each_engine(std::chrono::milliseconds blocked,
                    const std::string& patience,
                    const std::function<void(const std::string& engine, const Outcome&)>& judge) {
  std::vector<std::jthread> players;
  for (const Engine engine : {Engine::kMariaDb, Engine::kMySql}) {
    if (const auto why = missing(engine)) {
      std::printf("%s is left out: %s\n", engine_name(engine).c_str(), why->c_str());
      continue;
    }
    players.emplace_back([&, engine] {
      const Outcome outcome = play_locked(engine, blocked, patience);
      EXPECT_NE(outcome.dump_blocked, "") << engine_name(engine);
      judge(engine_name(engine), outcome);
    });
  }
}

TEST(LockedTarget, hard_case_21_blocked_target_does_not_cost_the_stream) {
  on_each_engine(6s, "SET GLOBAL net_write_timeout = 2", [](const std::string& engine, const Outcome& outcome) {
    EXPECT_EQ(outcome.dump_blocked, outcome.dump_before) << engine;
    EXPECT_EQ(outcome.dump_after, outcome.dump_before) << engine << ": another stream means that the first was lost";
  });
}

// weft itself begins a new cycle after a minute without the lock: the stream may be another one, its effect may not.
TEST(LockedTarget, hard_case_21_a_minute_and_more_against_the_servers_own_patience) {
  if (std::getenv("WEFT_SOAK") == nullptr) GTEST_SKIP() << "takes 80 s; --soak plays it";
  on_each_engine(70s, "", [](const std::string& engine, const Outcome& outcome) {
    std::printf("%s: streams before, blocked, after: %s, %s, %s\n",
                engine.c_str(),
                outcome.dump_before.c_str(),
                outcome.dump_blocked.c_str(),
                outcome.dump_after.c_str());
  });
}

}  // namespace
}  // namespace weft::live
