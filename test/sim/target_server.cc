// SPDX-License-Identifier: Apache-2.0
// The simulated target server: transactions' ends, progress, lease, flushes, restarts and failovers.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "sim/target_rows.h"

namespace weft::sim {
namespace {

constexpr Duration kLease = std::chrono::seconds(3);

void remember(Image& image, const std::vector<TableStateRow>& states, const std::vector<SchemaRef>& schemas) {
  if (!states.empty()) {
    auto all = std::make_shared<TableStates>(*image.states);
    for (const TableStateRow& row : states) (*all)[row.table] = row;
    image.states = std::move(all);
  }
  if (!schemas.empty()) {
    auto all = std::make_shared<TableShapes>(*image.schemas);
    for (const SchemaRef& schema : schemas) (*all)[schema->name] = schema;
    image.schemas = std::move(all);
  }
}

void remember(Image& image, const std::vector<PreparedStepRef>& steps) {
  if (steps.empty()) return;
  auto all = std::make_shared<PreparedPieces>(*image.prepared);
  for (const PreparedStepRef& step : steps) {
    if (step->forget || step->piece == 0) all->erase(step->name);
    if (step->forget) continue;
    std::vector<std::string>& pieces = (*all)[step->name];
    CHECK_MSG(pieces.size() == step->piece, "pieces of a prepared transaction are not kept in order");
    pieces.push_back(step->changes);
  }
  image.prepared = std::move(all);
}

Progress stored(const Progress& progress) {
  Progress plain = progress;
  plain.position = Position(progress.position.text());
  return plain;
}

}  // namespace

Image::Image() {
  static const StoredTableRef kNone = std::make_shared<const StoredTable>();
  static const auto kNoStates = std::make_shared<const TableStates>();
  static const auto kNoSchemas = std::make_shared<const TableShapes>();
  static const auto kNonePrepared = std::make_shared<const PreparedPieces>();
  static const auto kNoLetters = std::make_shared<const Letters>();
  tables.fill(kNone);
  states = kNoStates;
  schemas = kNoSchemas;
  prepared = kNonePrepared;
  static const auto kNoneKept = std::make_shared<const Kept>();
  letters = kNoLetters;
  kept = kNoneKept;
}

std::span<const std::vector<uint16_t>> indexes_of(const TargetMode& mode, TableId table) {
  const std::span<const std::vector<uint16_t>> all = unique_indexes(table);
  return mode.second_unique || all.empty() ? all : all.first(1);
}

std::vector<ModelRow> sorted_rows(const Image& image, TableId table) {
  std::vector<ModelRow> rows;
  rows.reserve(image.tables[table]->size());
  for (const StoredRow& stored_row : *image.tables[table]) rows.push_back(*stored_row.row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

TargetServer::TargetServer(TargetMode mode, FakeClock& clock, Faults& faults, Trace& trace, uint64_t seed)
    : mode_(mode), clock_(clock), faults_(faults), trace_(trace), rng_(seed), kept_limit_(2 + seed % 23), history_(1) {}

void TargetServer::push(Image image, TargetEvent event) {
  history_.push_back(std::move(image));
  if (mode_.synchronous) flushed_ = history_.size() - 1;
  if (event.kind == TargetEvent::Kind::kCommit) ++commits_;
  if (listener_) listener_(event, history_[history_.size() - 2], history_.back());
}

TargetServer::TxId TargetServer::begin() {
  const TxId id = next_tx_++;
  open_[id].id = id;
  return id;
}

TargetServer::OpenTx& TargetServer::open(TxId tx) {
  const auto at = open_.find(tx);
  CHECK_MSG(at != open_.end(), cat("no open target transaction ", tx));
  return at->second;
}

void TargetServer::write_meta(TxId tx,
                              const std::vector<TableStateRow>& states,
                              const std::vector<SchemaRef>& schemas) {
  OpenTx& t = open(tx);
  t.states.insert(t.states.end(), states.begin(), states.end());
  t.schemas.insert(t.schemas.end(), schemas.begin(), schemas.end());
}

void TargetServer::write_prepared(TxId tx, const std::vector<PreparedStepRef>& steps) {
  OpenTx& t = open(tx);
  t.prepared.insert(t.prepared.end(), steps.begin(), steps.end());
}

void TargetServer::defer(TxId tx) {
  open(tx).deferred = mode_.deferrable;
}

void TargetServer::forget(TxId tx) {
  open_.erase(tx);
  for (auto at = locks_.begin(); at != locks_.end();) {
    Lock& lock = at->second;
    if (lock.owner == tx) lock.owner = 0;
    std::erase(lock.sharers, tx);
    at = lock.owner == 0 && lock.sharers.empty() ? locks_.erase(at) : std::next(at);
  }
}

Status TargetServer::commit(TxId tx, const Progress& from, const Progress& to, bool late) {
  OpenTx& t = open(tx);
  const Image& now = newest();
  CHECK_MSG(now.progress.has_value(), "a commit before start()");
  if (mode_.compare_and_set) {
    const bool epoch_fits = now.progress->epoch == from.epoch;
    if (!epoch_fits || now.progress->version != from.version) {
      trace_.line("target: commit refused, progress is at epoch ",
                  now.progress->epoch,
                  " version ",
                  now.progress->version,
                  ", not ",
                  from.epoch,
                  "/",
                  from.version,
                  late ? " (late)" : "");
      forget(tx);
      if (!epoch_fits) return Error(Blame::kConfig, "another process took this pipeline over", std::string(kEpochLost));
      return Error(Blame::kTransient, "progress is not where this process left it", std::string(kProgressMoved));
    }
  }
  Image next = now;
  Status fit = finish(t, next);
  remember_keys(t, &to, next);
  forget(tx);
  if (!fit) return fit;
  next.progress = stored(to);
  trace_.line("target: commit ", late ? "(late) " : "", to.version, " at ", next.progress->position.text());
  push(std::move(next), {TargetEvent::Kind::kCommit, late});
  return ok();
}

// What the transaction makes of the state of now.
Status TargetServer::finish(OpenTx& t, Image& next) {
  TRY(check_all_references(t));
  for (size_t table = 0; table < kTableCount; ++table) {
    if (t.overlay[table].empty() && !t.exclusive[table]) continue;
    auto rows = std::make_shared<StoredTable>();
    each_row(t, static_cast<TableId>(table), [&](const StoredRow& row) { return rows->push_back(row), false; });
    next.tables[table] = std::move(rows);
  }
  remember(next, t.states, t.schemas);
  remember(next, t.prepared);
  if (t.letters.empty() && t.taken.empty()) return ok();
  auto letters = std::make_shared<Letters>(letters_after(t));
  for (DeadLetter& letter : *letters) {
    if (letter.id == 0) letter.id = next_letter_++;
  }
  next.letters = std::move(letters);
  return ok();
}

// Old ones go; without a version, of a transaction beside progress.
void TargetServer::remember_keys(const OpenTx& t, const Progress* to, Image& next) const {
  if (!t.keys) return;
  auto kept = std::make_shared<Kept>(*next.kept);
  kept->push_back({to == nullptr ? 0 : to->version, to == nullptr ? std::string() : to->position.text(), *t.keys});
  if (kept->size() > kept_limit_) kept->erase(kept->begin());
  next.kept = std::move(kept);
}

void TargetServer::rollback(TxId tx) {
  if (open_.contains(tx)) forget(tx);
}

void TargetServer::abandon(TxId tx) {
  if (!open_.contains(tx)) return;
  if (faults_.hit(Fault::kSlowRollback)) {
    abandoned_.push_back(tx);
  } else {
    forget(tx);
  }
}

void TargetServer::send_commit(TxId tx, const Progress& from, const Progress& to) {
  late_.push_back({tx, stored(from), stored(to)});
}

bool TargetServer::deliver_late() {
  const size_t waiting = late_.size() + abandoned_.size();
  if (waiting == 0) return false;
  const size_t which = rng_.below(waiting);
  if (which < late_.size()) {
    const LateCommit one = late_[which];
    late_.erase(late_.begin() + static_cast<ptrdiff_t>(which));
    if (open_.contains(one.tx)) (void)commit(one.tx, one.from, one.to, true);
  } else {
    const size_t i = which - late_.size();
    rollback(abandoned_[i]);
    abandoned_.erase(abandoned_.begin() + static_cast<ptrdiff_t>(i));
  }
  return true;
}

Result<Image> TargetServer::take_over(uint64_t holder, Duration wait) {
  if (holder_ != 0 && holder_ != holder && clock_.now() < lease_until_) {
    if (clock_.now() + wait < lease_until_) {
      return Error(Blame::kConfig, "another process runs this pipeline", std::string(kPipelineTaken));
    }
    clock_.advance(lease_until_ - clock_.now());
  }
  holder_ = holder;
  lease_until_ = clock_.now() + kLease;
  Image next = newest();
  ++next.epoch;
  if (next.progress) next.progress->epoch = next.epoch;
  trace_.line("target: process ", holder, " takes over, epoch ", next.epoch);
  push(next, {TargetEvent::Kind::kTakeover, false});
  flush_all();
  return next;
}

Status TargetServer::start(uint64_t holder,
                           const Progress& initial,
                           const std::vector<TableStateRow>& states,
                           const std::vector<SchemaRef>& schemas) {
  if (holder != holder_ || initial.epoch != newest().epoch) {
    return Error(Blame::kConfig, "another process took this pipeline over", std::string(kEpochLost));
  }
  CHECK_MSG(!newest().progress, "start() of a pipeline that has progress");
  Image next = newest();
  next.progress = stored(initial);
  remember(next, states, schemas);
  trace_.line("target: start at ", next.progress->position.text());
  push(std::move(next), {TargetEvent::Kind::kStart, false});
  flush_all();
  return ok();
}

Status TargetServer::renew(uint64_t holder, uint64_t epoch) {
  if (holder != holder_ || epoch != newest().epoch) {
    return Error(Blame::kConfig, "another process took this pipeline over", std::string(kEpochLost));
  }
  lease_until_ = clock_.now() + kLease;
  return ok();
}

void TargetServer::release(uint64_t holder) {
  if (holder_ == holder) holder_ = 0;
}

void TargetServer::create(TableId table) {
  history_.back().exists[table] = true;
}

void TargetServer::seed_row(TableId table, ModelRow row) {
  auto rows = std::make_shared<StoredTable>(*history_.back().tables[table]);
  rows->push_back({next_row_++, share(std::move(row))});
  history_.back().tables[table] = std::move(rows);
  history_.back().exists[table] = true;
}

void TargetServer::lose_row(TableId table, const ModelRow& key) {
  auto rows = std::make_shared<StoredTable>(*history_.back().tables[table]);
  std::erase_if(*rows, [&](const StoredRow& stored_row) { return key_cells(table, *stored_row.row) == key; });
  history_.back().tables[table] = std::move(rows);
}

void TargetServer::flush_some() {
  flushed_ += rng_.below(history_.size() - flushed_);
}

void TargetServer::flush_all() {
  flushed_ = history_.size() - 1;
}

void TargetServer::rewind(size_t to, std::string_view why) {
  const Image before = newest();
  trace_.line("fault: the target ", why, ", ", history_.size() - 1 - to, " states are lost");
  history_.resize(to + 1);
  flushed_ = to;
  open_.clear();
  locks_.clear();
  late_.clear();
  abandoned_.clear();
  ++connection_;
  if (listener_) listener_({TargetEvent::Kind::kRewind, false}, before, newest());
}

void TargetServer::restart() {
  rewind(flushed_, "restarts");
}

void TargetServer::fail_over(size_t commits_behind) {
  size_t to = history_.size() - 1 - std::min(commits_behind, history_.size() - 1);
  // A replica has at least what was there when the pipeline started: an empty one is another history.
  while (to + 1 < history_.size() && newest().progress && !history_[to].progress) ++to;
  rewind(to, "fails over");
}

}  // namespace weft::sim
