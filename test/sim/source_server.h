// SPDX-License-Identifier: Apache-2.0
// SourceServer: the source database's server. Every transaction has three moments of its own: it can be delivered (the
// stream may see it), it is counted (head() shows it) and it is visible (read views see it).
//   kMariaDb: counted first, in log order; delivered and visible later, in any order between the two, each in log order.
//   kMySql:   visible before counted; visible in log order or, with unordered commits, in any order; delivered at any time.
// Transactions that are in the log but not yet visible hold their locks, so none of them ever meets another one.
// Knows the state after every transaction of its history, also of histories that a failover has cut off. One thread.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/rng.h"
#include "model/change.h"
#include "sim/fake_clock.h"
#include "sim/id_set.h"
#include "sim/tables.h"
#include "sim/trace.h"

namespace weft::sim {

enum class SourceKind : uint8_t { kMariaDb, kMySql };

struct SourceMode {
  SourceKind kind = SourceKind::kMariaDb;
  bool unordered_commits = false;     // kMySql only
  bool forgets_acknowledged = false;  // the log reaches back to the acknowledged position only
  bool key_actions = false;           // children go with their parent, and the log does not say so
};

struct SourceTx {
  std::optional<TwoPhase::Step> phase;  // of a transaction in two phases; its name
  std::string name;
  std::vector<RowEdit> prepared;         // kPrepare: what waits; such a transaction has no edits
  std::vector<uint64_t> prepared_locks;  // which are held until its commit or rollback
  uint64_t id = 0;
  int64_t commit_us = 0;
  std::vector<RowEdit> edits;
  std::vector<uint64_t> locks;
  size_t fragment_edits = 0;  // 0: delivered whole
  bool deliverable = false;
  bool counted = false;
  bool visible = false;
  State after;  // in log order
};

using SourceTxRef = std::shared_ptr<SourceTx>;

// A consistent read view and what its server tells about its place in the log.
struct ReadView {
  State state;
  IdSet low;   // surely visible
  IdSet high;  // may be visible
  bool exact = false;
  uint64_t connection = 0;
  std::array<uint64_t, kTableCount> generations{};
};

class SourceServer {
 public:
  SourceServer(SourceMode mode, FakeClock& clock, Trace& trace, uint64_t seed);

  [[nodiscard]] const SourceMode& mode() const { return mode_; }

  // Which tables the pipeline captures; all unless told.
  void capture_only(std::set<TableId> tables) { captured_ = std::move(tables); }

  [[nodiscard]] bool captures(TableId table) const { return captured_.empty() || captured_.contains(table); }

  // Appends a transaction to the log. REQUIRES: none of its locks is held. Returns its id.
  uint64_t write(std::vector<RowEdit> edits, std::vector<uint64_t> locks, State after, size_t fragment_edits);

  // XA PREPARE: what the transaction did is seen by nobody and keeps its locks.
  uint64_t prepare(std::vector<RowEdit> edits, std::vector<uint64_t> locks, size_t fragment_edits);
  // XA COMMIT or XA ROLLBACK of one that is prepared.
  uint64_t finish(std::string name, bool commit);

  [[nodiscard]] const std::map<std::string, SourceTxRef>& prepared() const { return prepared_; }

  [[nodiscard]] bool locked(uint64_t lock) const { return locks_.contains(lock); }

  [[nodiscard]] bool any_pending(TableId table) const;

  // The state at the log's end: what the next transaction builds on (except for locked rows).
  [[nodiscard]] const State& newest() const { return newest_; }

  // Moves one transaction one legal moment on; false when every one is delivered, counted and visible.
  bool advance();
  void settle();

  // Sets single moments, for scripted histories.
  void deliver(uint64_t id) { find(id).deliverable = true; }

  void count(uint64_t id) { find(id).counted = true; }

  void show(uint64_t id) { become_visible(find(id)); }

  [[nodiscard]] IdSet head() const;
  // A view as begin() opens one; transactions may move between reading the position and opening the view.
  [[nodiscard]] ReadView open_view(bool exact_for_table);

  void restart();
  // The last `lost` transactions never happened.
  void fail_over(size_t lost);
  // Forgets up to `keep` transactions before the log's end; only what everybody has seen.
  void purge(size_t keep);
  void acknowledge(const IdSet& position);

  // How many servers have answered before this one.
  [[nodiscard]] uint64_t failovers() const { return failovers_; }

  // Raised whenever every connection breaks.
  [[nodiscard]] uint64_t connection() const { return connection_; }

  [[nodiscard]] const std::vector<SourceTxRef>& log() const { return log_; }

  [[nodiscard]] const IdSet& all_ids() const { return all_ids_; }

  // Whether a stream can start after `position`; says why not.
  [[nodiscard]] std::optional<std::string> lost(const IdSet& position) const;
  // The state that holds exactly these transactions; null when they are of no one history.
  [[nodiscard]] std::optional<State> state_at(const IdSet& position) const;

  // Tables truncated since a view was opened can't be read in it any more.
  [[nodiscard]] uint64_t generation(TableId table) const { return generations_[table]; }

  // A truncate or DDL of the table is in the log but not done: readers of the table would wait.
  [[nodiscard]] bool reshaping(TableId table) const;

  [[nodiscard]] const IdSet& purged() const { return purged_; }

 private:
  [[nodiscard]] SourceTx& find(uint64_t id);
  [[nodiscard]] bool may_count(const SourceTx& tx) const;
  void become_visible(SourceTx& tx);
  bool advance_mariadb(SourceTx& tx, bool before_counted, bool before_delivered, bool before_visible);
  SourceTxRef append(SourceTxRef tx);
  void recall_prepared();
  bool advance_mysql(SourceTx& tx, bool before_delivered, bool before_visible);

  SourceMode mode_;
  std::set<TableId> captured_;
  FakeClock& clock_;
  Trace& trace_;
  Rng rng_;
  std::vector<SourceTxRef> log_;                 // since ever, on this server's history
  std::map<uint64_t, SourceTxRef> every_;        // also of histories cut off
  std::map<uint64_t, uint64_t> parent_;          // id -> the id before it in its history
  std::map<std::string, SourceTxRef> prepared_;  // by name
  State newest_;
  State visible_;
  IdSet visible_ids_;
  IdSet all_ids_;
  IdSet purged_;
  uint64_t failovers_ = 0;
  std::multiset<uint64_t> locks_;
  std::array<uint64_t, kTableCount> generations_{};
  size_t settled_ = 0;  // transactions before this index have all three moments behind them
  uint64_t next_id_ = 1;
  uint64_t connection_ = 1;
};

}  // namespace weft::sim
