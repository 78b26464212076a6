// SPDX-License-Identifier: Apache-2.0
// The simulated source server: log, moments of visibility, views, failover.
#include "sim/source_server.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace weft::sim {

SourceServer::SourceServer(SourceMode mode, FakeClock& clock, Trace& trace, uint64_t seed)
    : mode_(mode), clock_(clock), trace_(trace), rng_(seed) {}

uint64_t SourceServer::write(std::vector<RowEdit> edits,
                             std::vector<uint64_t> locks,
                             State after,
                             size_t fragment_edits) {
  auto tx = std::make_shared<SourceTx>();
  tx->edits = std::move(edits);
  tx->locks = std::move(locks);
  tx->after = std::move(after);
  tx->fragment_edits = fragment_edits;
  return append(std::move(tx))->id;
}

uint64_t SourceServer::prepare(std::vector<RowEdit> edits, std::vector<uint64_t> locks, size_t fragment_edits) {
  auto tx = std::make_shared<SourceTx>();
  tx->phase = TwoPhase::Step::kPrepare;
  tx->name = cat("x", next_id_);
  tx->prepared = std::move(edits);
  tx->prepared_locks = std::move(locks);
  tx->after = newest_;
  tx->fragment_edits = fragment_edits;
  for (const uint64_t lock : tx->prepared_locks) locks_.insert(lock);
  prepared_[tx->name] = tx;
  return append(std::move(tx))->id;
}

uint64_t SourceServer::finish(std::string name, bool commit) {
  const SourceTxRef one = prepared_.at(name);
  prepared_.erase(name);
  for (const uint64_t lock : one->prepared_locks) locks_.erase(locks_.find(lock));
  auto tx = std::make_shared<SourceTx>();
  tx->phase = commit ? TwoPhase::Step::kCommit : TwoPhase::Step::kRollback;
  tx->name = name;
  tx->after = newest_;
  if (commit) {
    tx->edits = one->prepared;
    tx->locks = one->prepared_locks;
    for (const RowEdit& edit : tx->edits) apply_edit(tx->after, edit);
  }
  return append(std::move(tx))->id;
}

SourceTxRef SourceServer::append(SourceTxRef tx) {
  tx->id = next_id_++;
  tx->commit_us = clock_.wall_us();
  const size_t fragment_edits = tx->fragment_edits;
  static constexpr std::array<std::string_view, 4> kPhases = {" prepares ", " commits ", " rolls back ", ""};
  if (tx->phase) trace_.line("source: ", tx->id, kPhases[static_cast<size_t>(*tx->phase)], tx->name);
  for (const uint64_t lock : tx->locks) locks_.insert(lock);
  trace_.line("source: ", tx->id, " in the log", fragment_edits ? " (fragments)" : "");
  for (const RowEdit& edit : tx->edits) {
    if (trace_.on()) trace_.line("    ", print(edit));
    if (edit.op == EditOp::kTruncate || edit.op == EditOp::kSchema) ++generations_[edit.table];
  }
  parent_[tx->id] = log_.empty() ? 0 : log_.back()->id;
  newest_ = tx->after;
  all_ids_.add(tx->id);
  every_[tx->id] = tx;
  log_.push_back(tx);
  return tx;
}

// After a failover: what this history has prepared and not finished.
void SourceServer::recall_prepared() {
  prepared_.clear();
  locks_.clear();
  for (const SourceTxRef& tx : log_) {
    if (tx->phase == TwoPhase::Step::kPrepare) prepared_[tx->name] = tx;
    if (tx->phase && tx->phase != TwoPhase::Step::kPrepare) prepared_.erase(tx->name);
  }
  for (const auto& [name, tx] : prepared_) locks_.insert(tx->prepared_locks.begin(), tx->prepared_locks.end());
}

bool SourceServer::any_pending(TableId table) const {
  const auto touches = [table](const auto& one) {
    return std::any_of(one.second->prepared.begin(), one.second->prepared.end(), [table](const RowEdit& e) {
      return e.table == table;
    });
  };
  if (std::any_of(prepared_.begin(), prepared_.end(), touches)) return true;
  return std::any_of(log_.begin() + static_cast<ptrdiff_t>(settled_), log_.end(), [table](const SourceTxRef& tx) {
    return !tx->visible &&
           std::any_of(tx->edits.begin(), tx->edits.end(), [table](const RowEdit& e) { return e.table == table; });
  });
}

bool SourceServer::reshaping(TableId table) const {
  return std::any_of(log_.begin() + static_cast<ptrdiff_t>(settled_), log_.end(), [table](const SourceTxRef& tx) {
    return !tx->visible && std::any_of(tx->edits.begin(), tx->edits.end(), [table](const RowEdit& e) {
      return e.table == table && (e.op == EditOp::kTruncate || e.op == EditOp::kSchema);
    });
  });
}

SourceTx& SourceServer::find(uint64_t id) {
  const auto at = every_.find(id);
  CHECK_MSG(at != every_.end(), cat("no transaction ", id));
  return *at->second;
}

void SourceServer::become_visible(SourceTx& tx) {
  if (tx.visible) return;
  tx.visible = true;
  for (const RowEdit& edit : tx.edits) {
    apply_edit(visible_, edit);
    if (edit.op == EditOp::kTruncate || edit.op == EditOp::kSchema) ++generations_[edit.table];
  }
  visible_ids_.add(tx.id);
  for (const uint64_t lock : tx.locks) locks_.erase(locks_.find(lock));
}

bool SourceServer::advance_mariadb(SourceTx& tx, bool before_counted, bool before_delivered, bool before_visible) {
  if (!tx.counted) {
    if (!before_counted) return false;
    tx.counted = true;
    trace_.line("source: ", tx.id, " counted");
    return true;
  }
  const bool may_deliver = !tx.deliverable && before_delivered;
  const bool may_show = !tx.visible && before_visible;
  if (may_deliver && (!may_show || rng_.chance(1, 2))) {
    tx.deliverable = true;
    trace_.line("source: ", tx.id, " deliverable");
  } else if (may_show) {
    become_visible(tx);
    trace_.line("source: ", tx.id, " visible");
  } else {
    return false;
  }
  return true;
}

// Whether everything that this transaction builds on is counted: else the counted set would be no state at all.
bool SourceServer::may_count(const SourceTx& tx) const {
  const auto reshapes = [](const SourceTx& one, TableId table) {
    return std::any_of(one.edits.begin(), one.edits.end(), [table](const RowEdit& e) {
      return e.table == table && (e.op == EditOp::kTruncate || e.op == EditOp::kSchema);
    });
  };
  const auto meets = [&](const SourceTx& a, const SourceTx& b) {
    return std::any_of(
               a.locks.begin(),
               a.locks.end(),
               [&](uint64_t lock) { return std::find(b.locks.begin(), b.locks.end(), lock) != b.locks.end(); }) ||
           std::any_of(a.edits.begin(), a.edits.end(), [&](const RowEdit& e) { return reshapes(b, e.table); }) ||
           std::any_of(b.edits.begin(), b.edits.end(), [&](const RowEdit& e) { return reshapes(a, e.table); });
  };
  for (size_t i = settled_; i < log_.size() && log_[i]->id != tx.id; ++i) {
    if (!log_[i]->counted && meets(*log_[i], tx)) return false;
  }
  return true;
}

bool SourceServer::advance_mysql(SourceTx& tx, bool before_delivered, bool before_visible) {
  const bool may_deliver = !tx.deliverable && before_delivered;
  const bool may_show = !tx.visible && (before_visible || mode_.unordered_commits);
  if (may_deliver && (tx.counted || rng_.chance(1, 2))) {
    tx.deliverable = true;
    trace_.line("source: ", tx.id, " deliverable");
  } else if (may_show) {
    become_visible(tx);
    trace_.line("source: ", tx.id, " visible");
  } else if (tx.visible && !tx.counted && may_count(tx)) {
    tx.counted = true;
    trace_.line("source: ", tx.id, " counted");
  } else {
    return false;
  }
  return true;
}

bool SourceServer::advance() {
  while (settled_ < log_.size() && log_[settled_]->deliverable && log_[settled_]->counted && log_[settled_]->visible)
    ++settled_;
  if (settled_ == log_.size()) return false;
  const size_t pending = log_.size() - settled_;
  const size_t start = settled_ + rng_.below(pending);
  for (size_t step = 0; step < pending; ++step) {
    const size_t i = settled_ + (start - settled_ + step) % pending;
    SourceTx& tx = *log_[i];
    const SourceTx* before = i == settled_ ? nullptr : log_[i - 1].get();
    const bool counted = !before || before->counted;
    const bool delivered = !before || before->deliverable;
    const bool visible = !before || before->visible;
    const bool moved = mode_.kind == SourceKind::kMariaDb ? advance_mariadb(tx, counted, delivered, visible)
                                                          : advance_mysql(tx, delivered, visible);
    if (moved) return true;
  }
  CHECK_MSG(false, "some transaction can always move on");
}

void SourceServer::settle() {
  while (advance()) continue;
}

IdSet SourceServer::head() const {
  IdSet ids;
  for (const SourceTxRef& tx : log_) {
    if (tx->counted) ids.add(tx->id);
  }
  return ids;
}

ReadView SourceServer::open_view(bool exact_for_table) {
  ReadView view;
  view.exact = mode_.kind == SourceKind::kMariaDb || exact_for_table;
  if (mode_.kind == SourceKind::kMySql && exact_for_table) {
    // LOCK TABLES waits for whoever still holds the table; all of them are simplest.
    settle();
  }
  view.low = head();
  if (!view.exact) {
    for (uint64_t moves = rng_.below(3); moves > 0; --moves) (void)advance();
  }
  view.state = visible_;
  if (view.exact) view.low = visible_ids_;
  view.high = view.exact ? visible_ids_ : all_ids_;
  view.connection = connection_;
  view.generations = generations_;
  return view;
}

void SourceServer::restart() {
  settle();
  ++connection_;
}

void SourceServer::fail_over(size_t lost) {
  settle();
  lost = std::min(lost, log_.size());
  // What a log's purge has passed is surely on every replica.
  while (lost > 0 && purged_.contains(log_[log_.size() - lost]->id)) --lost;
  log_.resize(log_.size() - lost);
  settled_ = log_.size();
  recall_prepared();
  newest_ = log_.empty() ? State() : log_.back()->after;
  visible_ = newest_;
  all_ids_ = IdSet();
  for (const SourceTxRef& tx : log_) all_ids_.add(tx->id);
  visible_ids_ = all_ids_;
  for (uint64_t& generation : generations_) ++generation;
  ++failovers_;
  ++connection_;
}

void SourceServer::purge(size_t keep) {
  for (size_t i = 0; i + keep < settled_; ++i) purged_.add(log_[i]->id);
}

void SourceServer::acknowledge(const IdSet& position) {
  if (!mode_.forgets_acknowledged) return;
  for (size_t i = 0; i < settled_ && position.contains(log_[i]->id); ++i) purged_.add(log_[i]->id);
}

std::optional<std::string> SourceServer::lost(const IdSet& position) const {
  if (!all_ids_.includes(position))
    return cat("position ", position.text(), " is ahead of this server's ", all_ids_.text());
  if (!position.includes(purged_))
    return cat("the log up to ", purged_.text(), " is purged, asked for ", position.text());
  return std::nullopt;
}

std::optional<State> SourceServer::state_at(const IdSet& position) const {
  if (position.empty()) return State();
  // The history that ends with the newest of these transactions.
  std::vector<const SourceTx*> missing;
  const SourceTx* last_whole = nullptr;
  uint64_t found = 0;
  bool gap = false;
  std::vector<const SourceTx*> history;
  for (uint64_t id = position.ranges().back().second; id != 0; id = parent_.at(id)) {
    const auto at = every_.find(id);
    if (at == every_.end()) return std::nullopt;
    history.push_back(at->second.get());
  }
  std::reverse(history.begin(), history.end());
  for (const SourceTx* tx : history) {
    if (!position.contains(tx->id)) {
      gap = true;
      continue;
    }
    ++found;
    if (gap)
      missing.push_back(tx);
    else
      last_whole = tx;
  }
  if (found != position.count()) return std::nullopt;
  State state = last_whole ? last_whole->after : State();
  for (const SourceTx* tx : missing) {
    for (const RowEdit& edit : tx->edits) apply_edit(state, edit);
  }
  return state;
}

}  // namespace weft::sim
