// SPDX-License-Identifier: Apache-2.0
#include "pipeline/cycle.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/capture.h"
#include "pipeline/dispatcher.h"
#include "pipeline/opening.h"
#include "pipeline/prepared.h"
#include "pipeline/schema_rules.h"
#include "snapshot/copier.h"

namespace weft {
namespace {

MergeOptions merge_options(const PipelineOptions& options) {
  const Guards& g = options.guards;
  MergeOptions m;
  m.waiting_bytes = g.queue_limits ? options.memory_bytes / 8 : SIZE_MAX;
  m.check_stale_chunk = g.check_stale_chunk;
  m.gate_at_read_point = g.gate_at_read_point;
  m.hold_back_uncopied = g.hold_back_uncopied;
  m.key_sets_for_text = g.key_sets_for_text;
  m.reread_missed_keys = g.reread_missed_keys;
  m.replay_maybe_changes = g.replay_maybe_changes;
  return m;
}

int64_t in_seconds(Duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d).count();
}

constexpr uint32_t kCopyConflictsMax = 50;    // in one process: more is no coincidence but the data
constexpr uint32_t kCopyConflictsParked = 6;  // where rows that don't fit may become dead letters

}  // namespace

class Cycle::Impl {
 public:
  Impl(const PipelineOptions& options, Source& source, Target& target, Clock& clock, StatusBoard& board)
      : options_(options),
        source_(source),
        target_(target),
        clock_(clock),
        board_(board),
        merge_(merge_options(options)) {}

  Status open();

  size_t actors() const { return 2 + lanes_.size() + copiers_.size() + (journal_->keeps() ? 1 : 0); }

  std::string actor_name(size_t actor) const;
  Step step(size_t actor, Duration wait);

  void request_stop() {
    stopping_ = true;
    stop_.request_stop();
    ring(bell_);
  }

  void give_up();

  bool ended() const { return ended_; }

  Status result() const {
    return result_.with([](const Status& s) { return s; });
  }

  bool moved() const { return dispatcher_ && dispatcher_->moved(); }

 private:
  Result<bool> run(size_t actor, Duration wait);
  Result<bool> step_dispatcher(Duration wait);
  Result<bool> step_copier(size_t i, Duration wait);
  Result<bool> finished();
  bool until_reached();
  void end(Status status);
  Result<bool> step_capture(Duration wait);
  Status end_of_shapes();
  Result<std::unique_ptr<TargetKeys>> keys_at_target(const SchemaRef& schema);
  Status say_ready();

  const PipelineOptions& options_;
  Source& source_;
  Target& target_;
  Clock& clock_;
  StatusBoard& board_;
  Merge merge_;
  OpenSides sides_;
  Bell bell_;
  SteadyTime look_at_end_;
  Guarded<std::optional<Error>> unreadable_;  // what the source could not make sense of, told by the capture's thread
  CommitOrder order_;
  std::stop_source stop_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
  Guarded<Status> result_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<SchemaRules> rules_;
  std::unique_ptr<Admission> admission_;
  ParkedKeys parked_;
  std::unique_ptr<Capture> capture_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<Copier>> copiers_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

Status Cycle::Impl::open() {
  TRY_ASSIGN(sides_, open_sides(options_, source_, target_, merge_));
  journal_ = std::move(sides_.journal);
  order_.with([&](CommitState& s) {
    s.current = sides_.progress;
    s.unordered = !options_.guards.commit_in_order;
  });
  const size_t count = std::clamp<size_t>(options_.lanes, 1, target_.lanes_max());
  LaneHooks hooks{options_.at_point, options_.guards.count_affected, count <= 1, options_.guards.mask_merge};
  hooks.source = sides_.source_id;
  hooks.keep_keys = sides_.keep_keys;
  std::vector<Lane*> lanes;
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(std::unique_ptr<TargetSession> session, target_.session());
    lanes_.push_back(std::make_unique<Lane>(std::move(session), order_, bell_, hooks));
    lanes.push_back(lanes_.back().get());
  }
  if (merge_.copying()) {
    SchemaRef ahead = merge_.ahead();
    for (size_t i = 0; i < std::max<size_t>(options_.readers, 1); ++i) {
      TRY_ASSIGN(std::unique_ptr<TableReader> reader, source_.table_reader());
      if (ahead) {
        // What the views of an earlier run may have shown, a view of now may show: head() may still lag behind it.
        TRY_ASSIGN(std::shared_ptr<const ReadPoint> now, reader->begin(ahead));
        reader->end();
        merge_.reopen_window(std::move(now));
        ahead.reset();
      }
      CopierOptions copier;
      copier.limit = {options_.chunk_rows, options_.chunk_bytes};
      copier.parts = std::max<size_t>(options_.readers, 1);
      copier.row_limit = RowLimit(options_.memory_bytes);
      copier.at_point = options_.at_point;
      copier.target_keys = [this](const SchemaRef& schema) { return keys_at_target(schema); };
      copiers_.push_back(std::make_unique<Copier>(std::move(reader), merge_, clock_, std::move(copier)));
    }
  }
  rules_ = std::make_unique<SchemaRules>(
      options_, source_, target_, sides_, [this](const SchemaRef& now) { return admission_->target_table(now); });
  admission_ = std::make_unique<Admission>(
      options_, *journal_, merge_, target_, [this](auto&... args) { return rules_->judge(args...); });
  admission_->know(sides_.persisted);
  admission_->know_target(sides_.target_id);
  admission_->set_aside(sides_.set_aside);
  admission_->know_prepared(sides_.prepared);
  TRY(admission_->learn_tables(sides_.tables));
  admission_->start_at(sides_.progress);
  if (sides_.circular) admission_->relax_foreign_keys();
  TRY(parked_.know(sides_.held));
  capture_ = std::make_unique<Capture>(source_, *journal_, bell_, board_, options_.at_point);
  dispatcher_ = std::make_unique<Dispatcher>(Dispatcher::Parts{
      options_, source_, target_, *journal_, *admission_, merge_, order_, board_, clock_, parked_, std::move(lanes)});
  return say_ready();
}

// A table that is mended by kept keys may hold rows that the source lacks under those alone.
class KeptKeys final : public TargetKeys {
 public:
  explicit KeptKeys(const std::vector<OwnedRow>& keys) : keys_(keys) {}

  Result<std::vector<OwnedRow>> next(size_t limit) override {
    const size_t count = std::min(limit, keys_.size() - at_);
    const auto first = keys_.begin() + static_cast<ptrdiff_t>(at_);
    at_ += count;
    return std::vector<OwnedRow>(first, first + static_cast<ptrdiff_t>(count));
  }

 private:
  const std::vector<OwnedRow>& keys_;
  size_t at_ = 0;
};

Result<std::unique_ptr<TargetKeys>> Cycle::Impl::keys_at_target(const SchemaRef& schema) {
  if (const auto kept = sides_.kept.find(schema->name); kept != sides_.kept.end())
    return std::unique_ptr<TargetKeys>(std::make_unique<KeptKeys>(kept->second));
  const auto table = std::find_if(sides_.tables.begin(), sides_.tables.end(), [&](const TargetTableRef& t) {
    return t->source->name == schema->name;
  });
  CHECK(table != sides_.tables.end());
  return target_.keys(*table);
}

Status Cycle::Impl::say_ready() {
  board_.begin_cycle();
  board_.update([&](PipelineStatus& s) {
    s.name = sides_.name;
    s.position = sides_.progress.position.text();
    s.sequence = sides_.progress.sequence.value();
    s.memory_budget = options_.memory_bytes;
    s.reason.clear();
  });
  return dispatcher_->housekeeping(false);
}

std::string Cycle::Impl::actor_name(size_t actor) const {
  if (actor == 0) return "capture";
  if (actor == 1) return "apply";
  if (actor < 2 + lanes_.size()) return lane_name(actor - 2);
  if (actor == 2 + lanes_.size() + copiers_.size()) return "journal";
  return cat("copy-", actor - 2 - lanes_.size());
}

void Cycle::Impl::end(Status status) {
  result_.with([&](Status& s) {
    if (!ended_) s = std::move(status);
    ended_ = true;
  });
  stop_.request_stop();
  ring(bell_);
}

void Cycle::Impl::give_up() {
  if (ended_) return;
  std::string under_way = dispatcher_ ? dispatcher_->under_way() : std::string();
  if (under_way.empty()) under_way = "the last word of both sides";
  end(Error(Blame::kTransient,
            cat("stopping took longer than ",
                in_seconds(options_.drain_deadline),
                " s, and is given up waiting for ",
                under_way),
            std::string(kNotDrained)));
}

Step Cycle::Impl::step(size_t actor, Duration wait) {
  if (ended_) return Step::kFinished;
  Result<bool> advanced = run(actor, wait);
  if (!advanced) {
    end(std::move(advanced).error());
    return Step::kFinished;
  }
  if (ended_) return Step::kFinished;
  return *advanced ? Step::kAdvanced : Step::kIdle;
}

Result<bool> Cycle::Impl::run(size_t actor, Duration wait) {
  if (actor == 0) {
    if (stopping_) {
      clock_.sleep(std::min<Duration>(wait, std::chrono::milliseconds(10)), {});
      return false;
    }
    return step_capture(wait);
  }
  if (actor == 1) return step_dispatcher(wait);
  if (actor < 2 + lanes_.size()) return lanes_[actor - 2]->step(wait);
  if (actor == 2 + lanes_.size() + copiers_.size()) return journal_->sync(wait, stop_.get_token());
  return step_copier(actor - 2 - lanes_.size(), wait);
}

// What can't be read ends the cycle when everything before it is applied.
Result<bool> Cycle::Impl::step_capture(Duration wait) {
  if (unreadable_.with([](const std::optional<Error>& e) { return e.has_value(); })) {
    clock_.sleep(std::min<Duration>(wait, std::chrono::milliseconds(10)), stop_.get_token());
    return false;
  }
  Result<bool> captured = capture_->step(wait, stop_.get_token());
  if (captured || captured.error().blame() != Blame::kConfig) return captured;
  unreadable_.with([&](std::optional<Error>& e) { e = captured.error(); });
  ring(bell_);
  return false;
}

Result<bool> Cycle::Impl::step_copier(size_t i, Duration wait) {
  if (!stopping_ && merge_.copying()) {
    TRY_ASSIGN(const bool advanced, copiers_[i]->step(journal_->backlog() < journal_limit(options_) / 4));
    if (advanced) {
      ring(bell_);
      return true;
    }
  }
  clock_.sleep(std::min<Duration>(wait, std::chrono::milliseconds(merge_.copying() ? 1 : 50)), stop_.get_token());
  return false;
}

Result<bool> Cycle::Impl::step_dispatcher(Duration wait) {
  const uint64_t heard = bell_.with([](uint64_t n) { return n; });
  TRY_ASSIGN(const bool moved, dispatcher_->step(!stopping_));
  TRY_ASSIGN(const bool done, finished());
  if (done) {
    TRY(dispatcher_->housekeeping(true));
    target_.close();
    end(ok());
    return true;
  }
  if (moved) return true;
  TRY(end_of_shapes());
  if (ended_) return true;
  board_.update([&](PipelineStatus& s) { s.memory_used = journal_->bytes() + admission_->bytes(); });
  bell_.wait_for(wait, {}, [&](uint64_t n) { return n != heard; });
  return false;
}

// Behind a changed shape, and before what can't be read, the cycle ends once everything else is committed.
Status Cycle::Impl::end_of_shapes() {
  const std::optional<Error> unreadable = unreadable_.with([](const std::optional<Error>& e) { return e; });
  const bool held = admission_->held();
  if (!held && (!unreadable || admission_->holding())) return ok();
  TRY_ASSIGN(const bool drained, dispatcher_->flush_progress());
  if (!drained) return ok();
  if (!held) return *unreadable;
  return Error(Blame::kTransient, "a table has a new shape: looking at both sides again", std::string(kLookAgain));
}

bool Cycle::Impl::until_reached() {
  if (options_.until == Until::kForever && options_.snapshot != SnapshotMode::kOnly) return false;
  if (merge_.copying()) return false;
  if (options_.until != Until::kNow) return true;
  return source_.includes(admission_->admitted().position, sides_.head);
}

Result<bool> Cycle::Impl::finished() {
  if (!stopping_ && clock_.now() >= look_at_end_) {
    look_at_end_ = clock_.now() + std::chrono::milliseconds(10);
    if (until_reached()) stopping_ = true;
  }
  if (!stopping_ || !dispatcher_->quiet()) return false;
  return dispatcher_->flush_progress();
}

Cycle::Cycle(const PipelineOptions& options, Source& source, Target& target, Clock& clock, StatusBoard& board)
    : impl_(std::make_unique<Impl>(options, source, target, clock, board)) {}

Cycle::~Cycle() = default;

Status Cycle::open() {
  return impl_->open();
}

size_t Cycle::actors() const {
  return impl_->actors();
}

std::string Cycle::actor_name(size_t actor) const {
  return impl_->actor_name(actor);
}

Step Cycle::step(size_t actor, Duration wait) {
  return impl_->step(actor, wait);
}

void Cycle::request_stop() {
  impl_->request_stop();
}

void Cycle::give_up() {
  impl_->give_up();
}

bool Cycle::ended() const {
  return impl_->ended();
}

Status Cycle::result() const {
  return impl_->result();
}

bool Cycle::moved() const {
  return impl_->moved();
}

NextMove Supervisor::after(const Status& result, bool started, bool stopping) {
  if (result || stopping) return {NextMove::Kind::kEnd, Duration(0)};
  const Error& error = result.error();
  if (error.code() == kLookAgain) return {NextMove::Kind::kRetry, Duration(0)};
  const bool needs_copy = error.code() == kPreparedUnknown || error.code() == kNeedsCopy;
  if (needs_copy && options_.on_lost_position != LostPosition::kFail) {
    options_.memory->begin_again = true;
    return {NextMove::Kind::kRetry, Duration(0)};
  }
  const bool copy_conflict = error.code() == kCopyConflict;
  const bool may_park = options_.on_bad_row == BadRow::kDeadLetter;
  if (copy_conflict && may_park && ++conflicts_in_a_row_ > kCopyConflictsParked) options_.memory->park_copies = true;
  if (copy_conflict && !may_park && ++copy_conflicts_ > kCopyConflictsMax) return {NextMove::Kind::kEnd, Duration(0)};
  const bool unreachable = error.code() == kUnreachable;
  if (error.blame() != Blame::kTransient && !(unreachable && started)) return {NextMove::Kind::kEnd, Duration(0)};
  // At the start a server is waited for only so long; afterwards for ever.
  if (!failing_since_) failing_since_ = clock_.now();
  if (!started && clock_.now() - *failing_since_ > options_.start_deadline) return {NextMove::Kind::kEnd, Duration(0)};
  backoff_ = backoff_ == Duration(0) ? options_.backoff_first : std::min(backoff_ * 2, options_.backoff_max);
  return {NextMove::Kind::kRetry, backoff_};
}

Status Supervisor::outcome(Status result, bool stopping) {
  if (stopping && !result && result.error().code() == kLookAgain) return ok();
  return result;
}

}  // namespace weft
