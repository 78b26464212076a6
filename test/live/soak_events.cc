// SPDX-License-Identifier: Apache-2.0
#include "live/soak_events.h"

#include <array>

#include "base/text.h"
#include "live/run_fixture.h"
#include "pipeline/crash_points.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

// ---- deaths of weft

void kill_weft(Soak& soak) {
  soak.next_life();
}

// Killed again before it is under way.
void kill_weft_at_its_start(Soak& soak) {
  soak.next_life();
  const size_t files = 4 + soak.rng().below(30);
  (void)support::wait_until(
      deadline_in(5s), [&] { return soak.lives().weft().descriptors() >= files; }, 1ms);
  soak.next_life();
}

void kill_weft_at_a_named_point(Soak& soak) {
  std::string_view point = "chunk";
  while (point.starts_with("chunk")) point = kCrashPoints[soak.rng().below(kCrashPoints.size())];
  const bool needs_change = point.starts_with("schema");
  soak.next_life(cat(point, ":", needs_change ? 1 : 1 + soak.rng().below(20)));
  if (needs_change) soak.tables().add_column(*soak.rig().source, soak.rng());
  const uint64_t enough = soak.committed() + 300;
  soak.lives().await_death([&] { return soak.committed() >= enough; });
  soak.next_life();
}

void stop_weft(Soak& soak) {
  soak.lives().stop();
  soak.next_life();
}

// ---- servers; a start waits for them for ten seconds only, so weft is under way

void await_stream(Soak& soak) {
  soak.await("a stream", [&] { return soak.lives().weft().state() == "streaming"; });
}

void crash_source(Soak& soak) {
  await_stream(soak);
  soak.rig().source->crash();
  soak.rig().source->start();
}

void crash_source_before_a_stale_replica(Soak& soak) {
  await_stream(soak);
  soak.crash_source_before_a_stale_replica();
}

void restart_source(Soak& soak) {
  await_stream(soak);
  soak.rig().source->restart();
}

void fail_over_source(Soak& soak) {
  await_stream(soak);
  soak.fail_over();
}

// What the next crash may take back, or not, is drawn.
void crash_target(Soak& soak) {
  await_stream(soak);
  auto& target = soak.rig().target;
  if (soak.rng().chance(1, 2)) {
    target.crash();
  } else {
    target.crash_immediate();
  }
  target.start();
  target.exec(cat("ALTER DATABASE shop SET synchronous_commit = ", soak.rng().chance(1, 2) ? "off" : "on"));
}

void restart_target(Soak& soak) {
  await_stream(soak);
  soak.rig().target.restart();
}

// ---- shapes

void create_table(Soak& soak) {
  soak.tables().create(*soak.rig().source);
}

void add_column(Soak& soak) {
  soak.tables().add_column(*soak.rig().source, soak.rng());
}

void widen_column(Soak& soak) {
  soak.tables().widen(*soak.rig().source, soak.rng());
}

void truncate_table(Soak& soak) {
  soak.tables().truncate(*soak.rig().source, soak.rng());
}

// ---- bad rows

// The target refuses a row, which is set aside with what follows it, until it is taken and replayed.
void park_bad_row(Soak& soak) {
  const auto next = soak.tables().next_row();
  const std::string& table = next.first;
  const std::string those = cat("FROM _weft.dead_letter WHERE table_name = 'shop.", table, "'");
  const auto letters = [&](const std::string& are) {
    soak.await("dead letters: " + are,
               [&] { return soak.rig().at_target(cat("SELECT count(*) ", are, " ", those)) == "t"; });
  };
  soak.rig().target_session().exec(
      cat("ALTER TABLE ", table, " ADD CONSTRAINT refused CHECK (id <> ", next.second, ") NOT VALID"));
  soak.tables().add_row(*soak.rig().source);
  letters("> 0");
  if (soak.rng().chance(1, 2)) soak.next_life();
  soak.let_pass(soak.rng().below(50));
  soak.rig().target_session().exec(cat("ALTER TABLE ", table, " DROP CONSTRAINT refused"));
  soak.catch_up();
  soak.command("dead-letters", {table});
  letters("= 0");
}

// ---- disks

// Fills up, perhaps with a death on the way, and is emptied again.
void fill(Soak& soak, SmallDisk& disk, int room, const std::string& words) {
  soak.rig().source->exec("TRUNCATE shop.big");
  soak.catch_up();
  soak.await("an empty table", [&] { return soak.rig().at_target("SELECT count(*) FROM big") == "0"; });
  soak.fill_until_it_says(disk, words);
  if (soak.rng().chance(1, 3)) {
    soak.lives().begin(soak.lives().journal());
    soak.fill_until_it_says(disk, words);
  }
  disk.grow(room);
}

void fill_target_disk(Soak& soak) {
  if (soak.target_disk()) fill(soak, *soak.target_disk(), Soak::kTargetDiskMib, "the target's disk is full");
}

void fill_journal_disk(Soak& soak) {
  if (!soak.journal_disk()) return;
  soak.lives().begin(JournalKind::kFiles);
  fill(soak, *soak.journal_disk(), Soak::kJournalDiskMib, "No space left on device; make room there");
}

// ---- tables set aside

// One that no invariant over several tables needs. Its copy may be cut short by a death.
void pause_table(Soak& soak) {
  static constexpr std::array kTables = {"customers", "events", "wide", "pairs", "loose"};
  const std::string table = kTables[soak.rng().below(kTables.size())];
  const auto is = [&](const std::string& state) {
    return soak.rig().at_target(cat("SELECT state FROM _weft.table_state WHERE table_name = '", table, "'")) == state;
  };
  soak.command("pause", {table});
  soak.await(table + " paused", [&] { return is("paused"); });
  soak.let_pass(soak.rng().below(100));
  const bool dies = soak.rng().chance(1, 2);
  if (dies) {
    static constexpr std::array kPoints = {
        "chunk_read.before", "chunk_read.after", "chunk_done.before", "chunk_done.after"};
    soak.next_life(cat(kPoints[soak.rng().below(kPoints.size())], ":1"));
  }
  soak.command("resume", {table});
  if (dies) {
    soak.lives().await_death([&] { return is("streaming"); });
    soak.next_life();
  }
  soak.await(table + " streaming", [&] { return is("streaming"); });
}

void pause_all(Soak& soak) {
  soak.command("pause");
  const auto says_so = [&] { return has(soak.lives().weft().status(), "paused by hand"); };
  soak.await("a paused pipeline", says_so);
  soak.let_pass(soak.rng().below(100));
  if (soak.rng().chance(1, 3)) {
    soak.next_life();
    soak.await("a paused pipeline", says_so);
  }
  soak.command("resume");
}

}  // namespace

const std::vector<SoakEvent>& soak_events() {
  static const std::vector<SoakEvent> events = {
      {"kill_weft", kill_weft},
      {"kill_weft_at_its_start", kill_weft_at_its_start},
      {"kill_weft_at_a_named_point", kill_weft_at_a_named_point},
      {"stop_weft", stop_weft},
      {"crash_source", crash_source},
      {"crash_source_before_a_stale_replica", crash_source_before_a_stale_replica},
      {"restart_source", restart_source},
      {"fail_over_source", fail_over_source},
      {"crash_target", crash_target},
      {"restart_target", restart_target},
      {"create_table", create_table},
      {"add_column", add_column},
      {"widen_column", widen_column},
      {"truncate_table", truncate_table},
      {"park_bad_row", park_bad_row},
      {"fill_target_disk", fill_target_disk},
      {"fill_journal_disk", fill_journal_disk},
      {"pause_table", pause_table},
      {"pause_all", pause_all},
  };
  return events;
}

}  // namespace weft::live
