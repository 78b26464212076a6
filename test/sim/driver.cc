// SPDX-License-Identifier: Apache-2.0
// The schedule of one seed. long file: the events of one class that share its world, and the plan that draws them.
#include "sim/driver.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "pipeline/replay.h"

namespace weft::sim {
namespace {

constexpr size_t kQuietRounds = 8000;
constexpr auto kQuietTick = std::chrono::milliseconds(20);

class Run {
 public:
  explicit Run(const SimOptions& options, const Plan& plan)
      : options_(options), world_(plan, options.seed, options.trace) {}

  Verdict play();

 private:
  void prepare();
  void noise();
  void disturb();
  void quiet();
  void step_processes();
  void start_process();
  void judge_end(Process& process);
  void judge_goal(const Process& process);
  void crash(std::string_view how);
  void maybe_lose_power();
  void split();
  void stop_cleanly();
  void replay();
  bool mend();

  [[nodiscard]] bool bad() const { return world_.checks.violation().has_value(); }

  [[nodiscard]] bool loaded() const { return !world_.source.log().empty(); }

  void write();

  const SimOptions& options_;
  World world_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<Process> old_;  // split brain: cut off, still running
  uint64_t processes_ = 0;
  uint64_t written_ = 0;
  bool for_good_ = false;
};

void Run::prepare() {
  World& w = world_;
  w.faults.draw_rates();
  if (options_.alter_faults) options_.alter_faults(w.faults);
  const Plan& p = w.plan;
  if (p.pipeline.snapshot != SnapshotMode::kNo) w.workload.load(p.rows_before);
  if (!p.pipeline.create_tables) {
    for (size_t t = 0; t < kTableCount; ++t) w.target.create(static_cast<TableId>(t));
  }
  w.trace.line("seed ",
               options_.seed,
               ": ",
               p.source.kind == SourceKind::kMariaDb ? "exact" : "window",
               " views, ",
               p.pipeline.lanes,
               " lanes, ",
               p.pipeline.readers,
               " readers, group ",
               p.pipeline.group_rows,
               ", chunk ",
               p.pipeline.chunk_rows,
               p.pipeline.snapshot == SnapshotMode::kNo ? ", no snapshot" : "");
}

void Run::start_process() {
  process_ = std::make_unique<Process>(world_, ++processes_);
}

void Run::write() {
  World& w = world_;
  if (written_ >= w.plan.transactions) return;
  if (!loaded()) {
    // Without a snapshot the pipeline must know where it begins before there is anything to miss.
    if (!w.target.newest().progress) return;
    w.workload.load(w.plan.rows_before);
    ++written_;
    return;
  }
  // What is prepared before the pipeline begins can't be known to it.
  if (w.workload.write(w.target.newest().progress.has_value())) ++written_;
}

void Run::crash(std::string_view how) {
  world_.trace.line("fault: process ", process_->id(), " ", how);
  process_->kill();
  process_.reset();
  maybe_lose_power();
}

// The machine dies with the process: of what the journal had not synced, any part is lost.
void Run::maybe_lose_power() {
  if (!world_.file_journal() || old_ || !world_.rng.chance(1, 2)) return;
  world_.trace.line("fault: the machine loses power");
  world_.disk.lose_power();
}

// The process loses sight of the target's lease but goes on; another one takes over.
void Run::split() {
  if (old_ || process_->waiting() || !world_.target.newest().progress) return;
  world_.trace.line("fault: process ", process_->id(), " is cut off and lives on");
  process_->cut_off();
  old_ = std::move(process_);
}

void Run::stop_cleanly() {
  world_.trace.line("process ", process_->id(), " is asked to stop");
  process_->request_stop();
}

// A bounded process says that it has reached its goal.
void Run::judge_goal(const Process& process) {
  const Until until = process.options().until;
  const Image& image = world_.target.newest();
  if (until == Until::kForever) return world_.checks.fail("liveness", "ended without having been asked to");
  if (process.target_went_back()) return;  // it ended before it could hear of that
  for (size_t t = 0; t < kTableCount; ++t) {
    if (state_of(image, static_cast<TableId>(t)) != TableState::kStreaming) {
      world_.checks.fail("until", cat("ended before ", name_of(static_cast<TableId>(t)), " streams"));
    }
  }
  // Transactions without a row may be passed over once more: they leave nothing behind.
  const IdSet applied = ids_of(image.progress->position);
  for (const SourceTxRef& tx : world_.source.log()) {
    const bool owed = until == Until::kNow && process.head_at_open().contains(tx->id) && !applied.contains(tx->id);
    const bool rows =
        std::any_of(tx->edits.begin(), tx->edits.end(), [](const RowEdit& edit) { return edit.op != EditOp::kSchema; });
    if (owed && rows) world_.checks.fail("until", cat("ended at ", applied.text(), ", before ", tx->id));
  }
}

// A process has ended by itself: was it right to?
void Run::judge_end(Process& process) {
  const Status& why = process.why();
  const bool stopped = why.has_value();
  world_.trace.line("process ", process.id(), " is over: ", stopped ? "ok" : why.error().message());
  if (stopped) {
    if (!process.stopping()) judge_goal(process);
    return;
  }
  const Error& error = why.error();
  const auto& progress = world_.target.newest().progress;
  if (error.code() == kPositionLost && progress) {
    const auto lost = world_.source.lost(ids_of(progress->position));
    if (!lost) world_.checks.fail("I1", cat("stopped for a position that is not lost: ", error.message()));
    if (&process == process_.get() && world_.journal_serves(*progress)) {
      world_.checks.fail("I1", cat("stopped for a position that the journal has: ", error.message()));
    }
    for_good_ = for_good_ || &process == process_.get();
    return;
  }
  const bool was_cut_off = &process == old_.get();
  // Who was taken over may stumble over the other's rows before he hears of it.
  if (was_cut_off && (error.code() == kEpochLost || error.code() == kPipelineTaken || error.blame() == Blame::kData))
    return;
  // Before its first change a process does not wait for ever: the user tries again.
  if (error.blame() == Blame::kTransient || error.code() == kUnreachable) return;
  world_.checks.fail("liveness", cat("stopped without a cause: ", error.message()));
}

void Run::step_processes() {
  if (!process_) start_process();
  process_->step();
  if (process_->dead()) {
    process_.reset();
    maybe_lose_power();
  } else if (process_->over()) {
    judge_end(*process_);
    process_.reset();
  }
  if (!old_ || !world_.rng.chance(1, 2)) return;
  old_->step();
  if (old_->over()) judge_end(*old_);
  if (old_->over() || old_->dead()) old_.reset();
}

// Somebody replays the letters, while a process runs or not.
void Run::replay() {
  World& w = world_;
  if (!w.target.newest().progress || w.target.newest().letters->empty()) return;
  ProcessLife life;
  SimTarget target({w.target, w.faults, life, w.trace, 0});
  const auto tell = [&](uint64_t id, const std::string& table, const Error& why) {
    w.trace.line("letter ", id, " of ", table, " stays: ", why.message());
    const bool unique = why.code() == "23505";  // rows in each other's way, of which only part is known
    const bool stale = why.message().find("foreign keys of the source") != std::string::npos;
    const bool parent = why.code() == "23503";  // ... or its parent is such a row
    if (!w.target.mode().poisoned && !unique && !stale && !parent)
      w.checks.fail("I8", cat("letter ", id, " of ", table, " can't be replayed: ", why.message()));
  };
  const auto report = replay_letters(target, "sim", {}, tell);
  w.trace.line("replay: ", report ? cat(report->applied, " applied") : report.error().message());
  if (!report && !w.target.mode().poisoned) w.checks.fail("I8", cat("replay failed: ", report.error().message()));
}

// The target is mended, and what waits is replayed; tables of which some still wait are copied again. True: none does.
bool Run::mend() {
  World& w = world_;
  w.target.mend();
  replay();
  w.checks.at_end(process_->status());
  std::set<std::string> tables;
  for (const DeadLetter& letter : *w.target.newest().letters) tables.insert(letter.table);
  for (const std::string& table : tables) {
    w.trace.line("somebody resumes ", table);
    w.target.ask_to_resume(table);
  }
  return tables.empty();
}

// At most one of the things that go wrong between two steps.
void Run::disturb() {
  World& w = world_;
  Faults& f = w.faults;
  if (f.hit(Fault::kSourceRestarts)) {
    w.trace.line("fault: the source restarts");
    w.source.restart();
  } else if (f.hit(Fault::kSourceFailsOver)) {
    const size_t lost = f.rng().below(4);
    w.trace.line("fault: the source fails over, ", lost, " transactions are lost");
    w.source.fail_over(lost);
  } else if (f.hit(Fault::kLogPurged)) {
    const size_t keep = f.rng().below(20);
    w.trace.line("fault: the log is purged but for ", keep);
    w.source.purge(keep);
  } else if (f.hit(Fault::kTargetRestarts)) {
    w.target.restart();
  } else if (f.hit(Fault::kTargetFailsOver)) {
    w.target.fail_over(f.rng().below(6));
  } else if (f.hit(Fault::kWallJumps)) {
    w.clock.jump_wall(static_cast<int64_t>(f.rng().below(7'200'000'000)) - 3'600'000'000);
  } else if (w.plan.target.poisoned && w.rng.chance(1, 4)) {
    replay();
  } else if (process_ && f.hit(Fault::kCrash)) {
    crash("is killed");
  } else if (process_ && !old_ && f.hit(Fault::kSplitBrain)) {
    split();
  } else if (process_ && f.hit(Fault::kCleanStop)) {
    stop_cleanly();
  }
}

void Run::noise() {
  World& w = world_;
  const uint64_t eager = 2 + w.rng.below(8);  // how fast the source writes against the pipeline
  const uint64_t rounds = w.plan.transactions * (20 + w.rng.below(20));
  for (uint64_t round = 0; round < rounds && !bad() && !for_good_; ++round) {
    const uint64_t what = w.rng.below(100);
    if (what < 60) {
      step_processes();
    } else if (what < 60 + eager) {
      write();
    } else if (what < 82) {
      (void)w.source.advance();
    } else if (what < 86) {
      w.target.flush_some();
    } else if (what < 93) {
      w.clock.advance(std::chrono::milliseconds(w.rng.chance(1, 10) ? w.rng.below(3000) : w.rng.below(100)));
    } else if (what < 96) {
      (void)w.target.deliver_late();
    } else {
      disturb();
    }
    if (w.plan.transactions == written_ && round > rounds / 2 && w.rng.chance(1, 100)) break;
  }
}

// Nothing fails and nobody writes any more: the pipeline must catch up, hear that it has, and stop when asked to.
void Run::quiet() {
  World& w = world_;
  w.trace.line("quiet");
  if (old_ && w.file_journal()) {
    // It holds the directory until it has something to commit, and hears that it lost the epoch: the message to the one
    // that waits for the directory is to stop it.
    w.trace.line("process ", old_->id(), ", which holds the journal, is stopped by its operator");
    old_.reset();
  }
  w.faults.stop();
  w.disk.set_faults(0, 0);
  w.plan.pipeline.until = Until::kForever;  // of processes to come
  bool stopping = false;
  for (size_t round = 0; round < kQuietRounds && !bad() && !for_good_; ++round) {
    if (!loaded()) write();
    w.source.settle();
    w.target.flush_all();
    (void)w.target.deliver_late();
    w.clock.advance(kQuietTick);
    const bool had = process_ != nullptr;
    for (size_t i = 0; i < 8 && !bad(); ++i) {
      step_processes();
      if (stopping && had && !process_) return w.checks.at_end(PipelineStatus());
      if (!process_) break;
    }
    if (stopping || !process_ || process_->waiting() || !w.checks.converged() || !loaded()) continue;
    if (!process_->source().acknowledged().includes(w.source.all_ids()) && round + 500 < kQuietRounds) continue;
    w.checks.at_end(process_->status());
    if (w.target.mode().poisoned && !mend()) continue;
    if (!w.target.newest().letters->empty()) continue;  // until the copy supersedes them
    stop_cleanly();
    stopping = true;
  }
  if (!bad() && !for_good_) {
    w.checks.fail("liveness",
                  cat("not done after ",
                      kQuietRounds,
                      " quiet rounds: ",
                      w.checks.converged() ? "converged, but not stopped" : "not converged"));
  }
}

Verdict Run::play() {
  prepare();
  noise();
  if (!bad() && !for_good_) quiet();
  Verdict verdict;
  old_.reset();
  process_.reset();
  const auto& violation = world_.checks.violation();
  verdict.ok = !violation;
  verdict.violation = violation.value_or("");
  verdict.stopped_for_good = for_good_;
  verdict.faults = world_.faults.counts();
  verdict.commits = world_.target.commits();
  verdict.transactions = written_;
  verdict.processes = processes_;
  verdict.trace = world_.trace.text();
  return verdict;
}

// A journal on disk, small enough that segments come and go.
void draw_journal(Plan& p, Rng& rng) {
  JournalOptions& j = p.pipeline.journal;
  j.directory = "/journal";
  j.segment_bytes = 500 + rng.below(6000);
  j.max_bytes = 8 * j.segment_bytes + rng.below(50000);
  j.keep_bytes = rng.below(3) * j.segment_bytes;
  p.disk_full = rng.chance(1, 3) ? static_cast<uint32_t>(rng.below(100'000)) : 0;
  p.sync_fails = rng.chance(1, 3) ? static_cast<uint32_t>(rng.below(50'000)) : 0;
}

}  // namespace

Plan draw_plan(uint64_t seed) {
  Rng rng(seed ^ 0x5eed);
  Plan p;
  p.source.kind = rng.chance(1, 2) ? SourceKind::kMariaDb : SourceKind::kMySql;
  p.source.unordered_commits = rng.chance(1, 3);
  p.source.forgets_acknowledged = rng.chance(1, 4);
  p.target.synchronous = rng.chance(1, 2);
  p.target.foreign_keys = rng.chance(2, 3);
  p.target.collation_folds = rng.chance(1, 4);
  p.workload.partial_images = rng.chance(2, 3);
  p.workload.truncates = rng.chance(1, 2);
  p.workload.huge = rng.chance(2, 3);
  p.workload.keys = 4 + static_cast<int64_t>(rng.below(20));
  PipelineOptions& o = p.pipeline;
  o.name = "sim";
  o.snapshot = rng.chance(3, 4) ? SnapshotMode::kYes : SnapshotMode::kNo;
  // Where views are not exact, rows are copied ahead of the stream: unique values may meet that never met at the source.
  // There such indexes are made after the copy.
  p.target.second_unique = o.snapshot == SnapshotMode::kNo || p.source.kind == SourceKind::kMariaDb;
  o.until = rng.chance(3, 5) ? Until::kForever : rng.chance(1, 2) ? Until::kNow : Until::kConsistent;
  o.create_tables = rng.chance(1, 3);
  o.lanes = 1 + rng.below(3);
  o.readers = 1 + rng.below(2);
  o.group_rows = 1 + rng.below(12);
  o.chunk_rows = 2 + rng.below(4);
  o.memory_bytes = (16u << 10) << rng.below(5);
  o.group_bytes = 500 + rng.below(o.memory_bytes / 4);
  p.rows_before = rng.below(40);
  p.transactions = 30 + rng.below(50);
  if (rng.chance(1, 4)) draw_journal(p, rng);
  o.on_lost_position = seed % 2 != 0   ? LostPosition::kFail
                       : seed % 4 == 0 ? LostPosition::kRepair
                                       : LostPosition::kResnapshot;
  p.workload.two_phase = rng.chance(1, 3);
  p.source.key_actions = p.target.key_actions = rng.chance(1, 3);
  if (rng.chance(1, 4)) {
    p.target.poisoned = p.workload.poison = true;
    o.on_bad_row = BadRow::kDeadLetter;
  }
  return p;
}

Verdict simulate(const SimOptions& options) {
  Plan plan = draw_plan(options.seed);
  if (options.alter) options.alter(plan);
  return Run(options, plan).play();
}

}  // namespace weft::sim
