// SPDX-License-Identifier: Apache-2.0
// Processes of the simulated world.
#include "sim/world.h"

#include "base/text.h"
#include "journal/recovery.h"

namespace weft::sim {

World::World(const Plan& plan_in, uint64_t seed, bool trace_on)
    : plan(plan_in),
      disk(seed * 5 + 6),
      trace(trace_on),
      faults(seed * 5 + 1),
      source(plan.source, clock, trace, seed * 5 + 2),
      target(plan.target, clock, faults, trace, seed * 5 + 3),
      workload(source, plan.workload, seed * 5 + 4),
      checks(source, target, trace),
      rng(seed * 5 + 5) {
  disk.set_faults(plan.disk_full, plan.sync_fails);
  checks.keeps([this](const IdSet& flushed, const IdSet& position) {
    const std::optional<Kept> kept = file_journal() ? surely_kept() : std::nullopt;
    return kept && flushed.includes(kept->before) && kept->end.includes(position);
  });
  target.listen([this](const TargetEvent& event, const Image& before, const Image& after) {
    checks.on_target(event, before, after);
  });
}

std::optional<World::Kept> World::surely_kept() const {
  SimDisk left = disk.synced();
  const ProcessLife life;
  SimMount mount(left, life);
  SchemaPool pool;
  const Result<Recovered> found = recover_journal(mount, plan.pipeline.journal.directory, pool);
  if (!found || found->segments.empty()) return std::nullopt;
  const std::optional<IdSet> before = IdSet::parse(found->segments.front().head.before);
  const std::optional<IdSet> end = IdSet::parse(found->end_text);
  if (!before || !end) return std::nullopt;
  return Kept{*before, *end};
}

bool World::journal_serves(const Progress& progress) const {
  if (!file_journal()) return false;
  SimDisk there = disk.copy();
  const ProcessLife life;
  SimMount mount(there, life);
  SchemaPool pool;
  const Result<Recovered> found = recover_journal(mount, plan.pipeline.journal.directory, pool);
  if (!found || found->segments.empty()) return false;
  const SegmentHead& head = found->segments.back().head;
  JournalOptions options = plan.pipeline.journal;
  options.disk = &mount;
  const Result<std::unique_ptr<Journal>> journal =
      open_journal(options, {head.pipeline, head.source_id, head.captured, 0, true, load_sim_positions, {}});
  if (!journal) return false;
  const auto end = (*journal)->resume({progress.journal_id, progress.sequence, progress.position.text()});
  return end && *end && !source.lost(ids_of(**end));
}

Process::Process(World& world, uint64_t id)
    : world_(world),
      id_(id),
      mount_(world.disk, life_),
      options_(process_options()),
      source_({world.source,
               world.faults,
               life_,
               world.trace,
               [this](const IdSet& ids) { world_.checks.on_acknowledge(ids); }},
              world.rng.next()),
      target_({world.target, world.faults, life_, world.trace, id}),
      board_(world.clock),
      supervisor_(options_, world.clock),
      retry_at_(world.clock.now()) {
  world_.trace.line("process ", id_, " starts");
}

Process::~Process() {
  if (!over_) life_.dead = true;
  cycle_.reset();
}

PipelineOptions Process::process_options() {
  PipelineOptions options = world_.plan.pipeline;
  options.journal.disk = &mount_;
  options.at_point = [this](std::string_view point) {
    if (life_.dead || !world_.faults.hit(Fault::kCrashAtPoint)) return;
    world_.trace.line("fault: process ", id_, " is killed at ", point);
    life_.dead = true;
  };
  return options;
}

void Process::open() {
  cycle_ = std::make_unique<Cycle>(options_, source_, target_, world_.clock, board_);
  head_at_open_ = world_.source.head();
  target_at_open_ = world_.target.connection();
  const Status opened = cycle_->open();
  world_.trace.line("process ", id_, " opens a cycle", opened ? "" : cat(": ", opened.error().message()));
  started_ = started_ || opened.has_value();
  if (!opened) {
    end(opened);
  } else if (stopping_) {
    cycle_->request_stop();
  }
}

void Process::end(const Status& how) {
  moved_ = moved_ || cycle_->moved();
  world_.trace.line("process ", id_, " ends a cycle: ", how ? "ok" : how.error().message());
  cycle_.reset();
  if (life_.dead) return;
  const NextMove next = supervisor_.after(how, started_, stopping_);
  retry_at_ = world_.clock.now() + next.backoff;
  if (next.kind == NextMove::Kind::kRetry) return;
  over_ = true;
  why_ = how;
  target_.close();
}

void Process::step() {
  if (dead() || over_) return;
  if (!cycle_) {
    if (world_.clock.now() >= retry_at_) open();
    return;
  }
  (void)step_actor(world_.rng.below(cycle_->actors()));
}

bool Process::step_actor(size_t actor) {
  const std::string name = world_.trace.on() ? cycle_->actor_name(actor) : std::string();
  const int64_t slept = world_.clock.slept_ns();
  const Step step = cycle_->step(actor, Duration(0));
  world_.checks.after_step(name, world_.clock.slept_ns() - slept, board_);
  if (step == Step::kAdvanced) world_.trace.line("p", id_, " ", name);
  if (cycle_->ended() && !dead()) end(cycle_->result());
  return step == Step::kAdvanced;
}

std::optional<size_t> Process::actor(std::string_view name) const {
  for (size_t a = 0; cycle_ && a < cycle_->actors(); ++a) {
    if (cycle_->actor_name(a) == name) return a;
  }
  return std::nullopt;
}

void Process::request_stop() {
  stopping_ = true;
  if (cycle_) cycle_->request_stop();
}

}  // namespace weft::sim
