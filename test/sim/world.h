// SPDX-License-Identifier: Apache-2.0
// World: both servers, their clock, their faults and the checkers; Process: one weft process in it. A process is killed by
// destroying it after life.dead was set: whatever it still asks for while it unwinds reaches nobody.
//
//   World world(plan, seed, trace_on);
//   auto process = std::make_unique<Process>(world, 1);
//   process->step();                      // one step of one actor, or opening, or waiting for the backoff
//
// One thread.
#pragma once

#include <memory>

#include "pipeline/cycle.h"
#include "sim/checks.h"
#include "sim/sim_disk.h"
#include "sim/sim_source.h"
#include "sim/sim_target.h"
#include "sim/workload.h"

namespace weft::sim {

struct Plan {
  SourceMode source;
  TargetMode target;
  WorkloadOptions workload;
  PipelineOptions pipeline;
  size_t rows_before = 20;   // that the snapshot finds
  size_t transactions = 50;  // written while the pipeline runs
  uint32_t disk_full = 0;    // per million writes of a journal on disk
  uint32_t sync_fails = 0;
};

struct World {
  World(const Plan& plan_in, uint64_t seed, bool trace_on);

  // What a journal on this disk holds: the position it begins behind, and that of its end.
  struct Kept {
    IdSet before;
    IdSet end;
  };

  [[nodiscard]] bool file_journal() const { return !plan.pipeline.journal.directory.empty(); }

  // What a journal would still hold after a loss of power now, at the worst.
  [[nodiscard]] std::optional<Kept> surely_kept() const;
  // Whether the journal as it lies there has all from the target's progress on, and the source what follows.
  [[nodiscard]] bool journal_serves(const Progress& progress) const;

  Plan plan;
  SimDisk disk;
  Trace trace;
  FakeClock clock;
  Faults faults;
  SourceServer source;
  TargetServer target;
  Workload workload;
  Checks checks;
  Rng rng;
};

class Process {
 public:
  Process(World& world, uint64_t id);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // One step of an actor drawn from the world's seed (or of the one that is named), or the opening of the next cycle.
  void step();
  // True if it advanced.
  bool step_actor(size_t actor);
  // The actor of this name, if the cycle has one.
  [[nodiscard]] std::optional<size_t> actor(std::string_view name) const;
  void request_stop();

  void kill() { life_.dead = true; }

  void cut_off() { life_.cut_off = true; }

  [[nodiscard]] bool dead() const { return life_.dead; }

  // The process is over; why() says how, as Supervisor saw it.
  [[nodiscard]] bool over() const { return over_; }

  [[nodiscard]] const Status& why() const { return why_; }

  [[nodiscard]] bool waiting() const { return !cycle_; }

  [[nodiscard]] SteadyTime retry_at() const { return retry_at_; }

  [[nodiscard]] Cycle* cycle() { return cycle_.get(); }

  [[nodiscard]] SimSource& source() { return source_; }

  [[nodiscard]] SimTarget& target() { return target_; }

  [[nodiscard]] PipelineStatus status() const { return board_.read(); }

  [[nodiscard]] const PipelineOptions& options() const { return options_; }

  [[nodiscard]] uint64_t id() const { return id_; }

  // It was asked to stop.
  [[nodiscard]] bool stopping() const { return stopping_; }

  // What was counted at the source when it opened its last cycle.
  [[nodiscard]] const IdSet& head_at_open() const { return head_at_open_; }

  // The target went back under its feet.
  [[nodiscard]] bool target_went_back() const { return target_at_open_ != world_.target.connection(); }

 private:
  void open();
  void end(const Status& how);
  [[nodiscard]] PipelineOptions process_options();

  World& world_;
  uint64_t id_;
  ProcessLife life_;
  SimMount mount_;
  PipelineOptions options_;
  SimSource source_;
  SimTarget target_;
  StatusBoard board_;
  Supervisor supervisor_;
  std::unique_ptr<Cycle> cycle_;
  SteadyTime retry_at_;
  bool started_ = false;
  bool moved_ = false;
  bool stopping_ = false;
  IdSet head_at_open_;
  uint64_t target_at_open_ = 0;
  bool over_ = false;
  Status why_;
};

}  // namespace weft::sim
