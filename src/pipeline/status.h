// SPDX-License-Identifier: Apache-2.0
// PipelineStatus: what a pipeline is doing, as plain data: what /status, /metrics, /healthz and the console show.
// StatusBoard: where stages write it and the control plane reads it; never blocks the data plane for longer than a copy
// (I7). Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "journal/journal.h"
#include "target/target.h"

namespace weft {

enum class PipelineState : uint8_t { kStarting, kSnapshotting, kStreaming, kDraining, kPaused, kFailed, kFinished };

[[nodiscard]] std::string_view to_string(PipelineState state);

struct TableStatus {
  TableState state = TableState::kPending;
  std::string reason;
  uint64_t rows_done = 0;       // copied so far
  uint64_t rows_estimated = 0;  // by the source's statistics
  uint64_t inserts = 0;         // applied since this process started
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t dead_letters = 0;
  uint64_t passed_over = 0;  // while it is set aside
};

// One stage's liveness: `moved` is when it last advanced or found nothing to do.
struct StageStatus {
  SteadyTime moved;
  bool stalled = false;  // it has had work for longer than the deadline without advancing
  std::string reason;    // what it waits for
};

struct PipelineStatus {
  std::string name;
  PipelineState state = PipelineState::kStarting;
  std::string reason;               // last transient trouble, empty when all is well
  int64_t since_us = 0;             // wall time of entering `state`
  int64_t consistent_since_us = 0;  // wall time from when every read of the target sees one source position; 0: not yet
  double lag_seconds = 0;
  uint64_t backlog_bytes = 0;
  std::string position;
  uint64_t sequence = 0;
  uint64_t transactions = 0;     // source transactions applied since this process started
  uint64_t groups = 0;           // target transactions committed
  uint64_t retries = 0;          // transient troubles since this process started
  uint64_t key_action_rows = 0;  // rows that foreign-key actions of the source changed, carried out here
  uint64_t missed_rows = 0;      // changes that hit no row (I10), since this process started
  uint64_t memory_budget = 0;
  uint64_t memory_used = 0;  // bytes in queues and buffers
  JournalStatus journal;
  std::string target_state = "applying";
  std::map<std::string, TableStatus> tables;  // by TableName::text() of the source
  std::map<std::string, StageStatus> stages;  // capture, apply, copy-N, lane-N
};

// How long a stage may stand still before somebody should know.
inline constexpr Duration kStageDeadline = std::chrono::seconds(10);

// What a stage that says nothing must be waiting for: apply and lanes talk to the target, all others to the source.
[[nodiscard]] std::string_view usual_reason(std::string_view stage);

class StatusBoard {
 public:
  explicit StatusBoard(Clock& clock) : clock_(clock) {}

  // As of now: lag grows while something waits to be applied, and a stage that stands still has a reason.
  [[nodiscard]] PipelineStatus read() const;

  template <class F>
  void update(F&& f) {
    status_.with([&](PipelineStatus& s) { f(s); });
  }

  void enter(PipelineState state);
  void stage_moved(const std::string& stage);
  void stage_waits(const std::string& stage, std::string reason);

  // Lag is the age of the oldest change that was captured and is not applied. `last` is the number of the last transaction
  // of a batch, `commit_us` the source's time of its first change (0: now).
  void captured(Sequence last, int64_t commit_us);
  void applied(Sequence upto);
  // A cycle begins: it captures anew what is not applied, with stages of its own.
  void begin_cycle();
  // A cycle failed: until the next one begins nobody knows how far the source goes on.
  void lose_sight();

 private:
  struct Unapplied {
    Sequence last;
    int64_t since_us = 0;
  };

  Clock& clock_;
  Guarded<PipelineStatus> status_;
  Guarded<std::deque<Unapplied>> unapplied_;  // by `last`
};

}  // namespace weft
