// SPDX-License-Identifier: Apache-2.0
// Soak: the world of a soak test. A MariaDB source and its replica, a PostgreSQL target with one table on a small disk, a
// journal directory on another, the shop's load, tables whose shape changes, a reader that watches the invariants, and one life
// of weft after the other.
//
//   Soak soak(seed); soak.begin(); while (...) soak.play(event); soak.finish();
//
// What is not as it has to be throws, with words; story() says what came before. Owns all of it. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "live/compare.h"
#include "live/growing_tables.h"
#include "live/lives.h"
#include "live/rig.h"
#include "live/shop.h"
#include "live/small_disk.h"
#include "live/watcher.h"

namespace weft::live {

class Soak;

// Something that happens to the pipeline. It leaves every server up, every disk with room, nothing paused, and a life of weft
// that is not meant to die.
struct SoakEvent {
  const char* name;
  void (*play)(Soak& soak);
};

class Soak {
 public:
  // Of the disks, while they have room. A server that recovers needs more than it had: what was tried in vain comes first.
  static constexpr int kTargetDiskMib = 1024;
  static constexpr int kJournalDiskMib = 256;

  explicit Soak(uint64_t seed);
  ~Soak();
  Soak(const Soak&) = delete;
  Soak& operator=(const Soak&) = delete;

  // The load, and the first life until its target is consistent.
  void begin();
  // The event, some load after it, and mostly the wait until the target has what the source had then.
  void play(const SoakEvent& event);
  // Ends the load and the last life, and brings the target up to the source.
  void finish();

  // What both sides hold; compared when the load has ended.
  [[nodiscard]] Comparison compare();
  // Throws where a table of weft's, its journal or its state directory has more than belongs there. REQUIRES: finish().
  void expect_no_growth();
  // Throws where a transaction of the source was applied twice, torn or not at all. REQUIRES: finish().
  void expect_exactly_once();
  // The end of the log, and the events up to now, the last one last.
  [[nodiscard]] std::string story() const;
  // Figures of the whole run.
  [[nodiscard]] std::string text() const;

  // ---- for events

  [[nodiscard]] Rng& rng() { return rng_; }

  [[nodiscard]] Rig& rig() { return rig_; }

  [[nodiscard]] Lives& lives() { return *lives_; }

  [[nodiscard]] GrowingTables& tables() { return tables_; }

  // Where permitted, else empty.
  [[nodiscard]] std::optional<SmallDisk>& target_disk() { return target_disk_; }

  [[nodiscard]] std::optional<SmallDisk>& journal_disk() { return journal_disk_; }

  // Transactions of the load.
  [[nodiscard]] uint64_t committed() const { return shop_->committed(); }

  // Kills the life that is there and begins the next, with a journal in memory or on disk as drawn.
  void next_life(const std::string& crash_at = "");
  // Waits for so many transactions of the load.
  void let_pass(uint64_t transactions);
  void catch_up();
  // Waits for what has to come, and looks after weft meanwhile. Throws at a deadline that is far away.
  void await(const std::string& what, const std::function<bool()>& condition);
  // Runs `weft COMMAND` for this pipeline (dead-letters: to replay them); throws unless that is exit 0.
  void command(const std::string& name, const std::vector<std::string>& tables = {});
  // Leaves the disk little room, and writes megabytes into shop.big until weft says these words in its status.
  void fill_until_it_says(SmallDisk& disk, const std::string& words);
  // The source dies and comes back while its replica lacks what weft has.
  void crash_source_before_a_stale_replica();
  // The replica has all that the source has, the source dies, the replica is the source and the other one its replica.
  void fail_over();
  void require(bool holds, const std::string& words) const;

 private:
  [[nodiscard]] std::vector<std::string> all_tables() const;
  [[nodiscard]] std::vector<std::string> address() const;
  void note(const std::string& event);
  void expect_no_letters() const;
  void make_disks();
  void make_tables();

  uint64_t seed_;
  Rng rng_;
  Rig rig_;
  std::unique_ptr<support::BinlogServer> replica_;
  std::optional<SmallDisk> target_disk_;
  std::optional<SmallDisk> journal_disk_;
  std::string from_;
  std::optional<Shop> shop_;
  GrowingTables tables_;
  std::optional<Watcher> watcher_;
  std::optional<Lives> lives_;
  std::string audited_from_;
  SteadyTime began_;
  std::vector<std::string> events_;
  std::map<std::string, int> counts_;
  int resumes_ = 0;
};

}  // namespace weft::live
