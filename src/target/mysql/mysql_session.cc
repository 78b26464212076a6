// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/mysql_session.h"

#include <utility>

#include "base/text.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/prepared.h"
#include "target/bookkeeping/progress.h"
#include "target/bookkeeping/recent_keys.h"
#include "target/bookkeeping/schemas.h"
#include "target/bookkeeping/table_states.h"
#include "target/mysql/key_actions.h"
#include "target/mysql/target_errors.h"

namespace weft::mysql {
namespace {

constexpr size_t kStatementsKept = 300;  // prepared at the server, which has a limit for all sessions together

Error lost() {
  return Error(Blame::kTransient, "the session's connection is lost", "2013");
}

}  // namespace

MySqlSession::MySqlSession(std::shared_ptr<TargetShared> shared,
                           Connection connection,
                           size_t packet_limit,
                           uint64_t lane)
    : shared_(std::move(shared)),
      connection_(std::move(connection)),
      queue_(connection_, {}),
      port_(queue_),
      writer_(queue_, packet_limit),
      origin_(bookkeeping::Dialect::kMySql, shared_->pipeline, lane) {}

MySqlSession::~MySqlSession() = default;

Result<const TablePlan*> MySqlSession::plan(const TargetTable& table) {
  const auto known = plans_.find(table.handle);
  if (known != plans_.end()) return known->second.get();
  auto found = shared_->plans.with([&](auto& plans) {
    const auto at = plans.find(table.handle);
    return at == plans.end() ? nullptr : at->second;
  });
  if (!found) return Error(Blame::kBug, cat("table ", table.name.text(), " was not matched by this target"));
  const TablePlan* plan = found.get();
  plans_.emplace(table.handle, std::move(found));
  return plan;
}

// autocommit is off: the first statement begins the transaction.
Status MySqlSession::begin(bool wait_for_locks) {
  if (!open_) {
    queue_.trim(kStatementsKept);
    told_ = relax_all_ = false;
  }
  if (waiting_ != wait_for_locks) {
    // A second is the least that MySQL knows.
    const std::string_view patience = wait_for_locks ? "60" : connection_.mariadb() ? "0" : "1";
    queue_.query(cat("SET SESSION innodb_lock_wait_timeout = ", patience), Writer::kNoPlace);
    waiting_ = wait_for_locks;
  }
  open_ = true;
  return ok();
}

// May be switched within a transaction, and holds for the statements behind it.
void MySqlSession::relax(bool on) {
  if (relaxed_ == on) return;
  queue_.query(on ? "SET SESSION foreign_key_checks = 0" : "SET SESSION foreign_key_checks = 1", Writer::kNoPlace);
  relaxed_ = on;
}

Status MySqlSession::run_key_actions(const TableBatch& batch) {
  TRY(writer_.finish());
  KeyActionRunner runner(
      connection_, *batch.keys, [this](const TargetTable& table) { return plan(table); }, relaxed_);
  Result<uint64_t> touched = runner.run(batch);
  if (!touched) {
    return std::move(touched).error().with(cat("foreign-key actions of table ", batch.table->source->name.text()));
  }
  writer_.written(*touched);
  return ok();
}

Status MySqlSession::run_batch(const TableBatch& batch) {
  if (batch.op == BatchOp::kKeyActions) return run_key_actions(batch);
  TRY_ASSIGN(const TablePlan* matched, plan(*batch.table));
  // Rows that stay at the source although the row they refer to goes.
  relax(relax_all_ || batch.keep_children);
  return writer_.write(*matched, batch);
}

Status MySqlSession::run(const Group& group) {
  TRY(begin(group.wait_for_locks));
  writer_.start();
  relax_all_ = relax_all_ || group.relax_foreign_keys;
  relax(relax_all_);
  // Before the transaction's first rows; it may have begun with a look at letters. In front of a savepoint, which may be taken back.
  if (!told_ && !group.batches.empty()) {
    told_ = true;
    if (origin_.any()) TRY(port_.queue(origin_.sql(), origin_.next(), Writer::kNoPlace));
  }
  if (group.on_trial) {
    if (tried_) queue_.query("RELEASE SAVEPOINT weft_trial", Writer::kNoPlace);
    queue_.query("SAVEPOINT weft_trial", Writer::kNoPlace);
    TRY(writer_.finish());
    tried_ = true;
  }
  for (const TableBatch& batch : group.batches) TRY(run_batch(batch));
  TRY(writer_.finish());
  TRY(bookkeeping::write_prepared(port_, shared_->pipeline, group.prepared));
  TRY(bookkeeping::write_letters(port_, shared_->pipeline, group.dead_letters));
  states_.insert(states_.end(), group.states.begin(), group.states.end());
  schemas_.insert(schemas_.end(), group.schemas.begin(), group.schemas.end());
  return ok();
}

Result<PrepareReport> MySqlSession::prepare(const Group& group) {
  if (queue_.broken()) return lost();
  if (group.first && open_) rollback();
  if (!group.first && !open_)
    return Error(Blame::kTransient, "the transaction that this group continues was rolled back");
  Status done = run(group);
  if (done) return PrepareReport{writer_.affected()};
  // What was queued behind the error has been answered, or will never be.
  (void)queue_.finish([](uint64_t, const CommandQueue::Answer&) {});
  const bool whole = ends_transaction(done.error());
  const Error error = target_error(done.error(), group.wait_for_locks);
  if (group.on_trial && tried_ && !queue_.broken() && !whole) {
    if (Status undone = undo(); !undone) return std::move(undone).error();
  } else {
    rollback();
  }
  return error;
}

Result<bool> MySqlSession::write_books(const Progress& from, const Progress& to) {
  TRY(bookkeeping::write_states(port_, shared_->pipeline, std::exchange(states_, {})));
  TRY(bookkeeping::write_schemas(port_, shared_->pipeline, std::exchange(schemas_, {})));
  if (const auto keys = std::exchange(keys_, std::nullopt)) {
    TRY(bookkeeping::keep_keys(port_, shared_->pipeline, to, *keys));
  }
  return bookkeeping::advance(port_, shared_->pipeline, from, to);
}

Status MySqlSession::send_commit() {
  queue_.query("COMMIT", Writer::kNoPlace);
  const Status done = queue_.finish([](uint64_t, const CommandQueue::Answer&) {});
  open_ = tried_ = false;
  if (done || !queue_.broken()) return done;
  const Blame blame = done.error().blame() == Blame::kCancelled ? Blame::kCancelled : Blame::kTransient;
  return Error(blame, cat("the answer to COMMIT never came: ", done.error().message()), std::string(kCommitUnknown));
}

Status MySqlSession::commit(const Progress& from, const Progress& to) {
  if (!open_) return Error(Blame::kBug, "commit without a prepared group");
  if (to.version != from.version + 1) {
    return Error(Blame::kBug, cat("progress must go on by one version, not from ", from.version, " to ", to.version));
  }
  const Result<bool> moved = write_books(from, to);
  if (!moved || !*moved) {
    rollback();
    if (!moved) return moved.error().with("committing");
    return bookkeeping::explain_moved(port_, shared_->pipeline, from);
  }
  if (Status done = send_commit(); !done) {
    if (!queue_.broken()) rollback();
    return done.error().code() == kCommitUnknown ? done : Status(done.error().with("committing"));
  }
  shared_->committed.with([&](uint64_t& version) { version = to.version; });
  return ok();
}

void MySqlSession::rollback() {
  states_.clear();
  schemas_.clear();
  keys_.reset();
  tried_ = false;
  if (queue_.broken()) {
    open_ = false;
    return;
  }
  // What is still queued runs for nothing; its errors are of no interest. Settings are no part of the transaction.
  (void)queue_.finish([](uint64_t, const CommandQueue::Answer&) {});
  if (open_) queue_.query("ROLLBACK", Writer::kNoPlace);
  open_ = false;
  // An error may have kept the switch from being put back.
  queue_.query("SET SESSION foreign_key_checks = 1", Writer::kNoPlace);
  relaxed_ = relax_all_ = false;
  (void)queue_.finish([](uint64_t, const CommandQueue::Answer&) {});
}

Status MySqlSession::undo() {
  if (!open_ || !tried_) return Error(Blame::kBug, "nothing on trial is to be taken back");
  (void)queue_.finish([](uint64_t, const CommandQueue::Answer&) {});
  queue_.query("ROLLBACK TO SAVEPOINT weft_trial", Writer::kNoPlace);
  queue_.query(relax_all_ ? "SET SESSION foreign_key_checks = 0" : "SET SESSION foreign_key_checks = 1",
               Writer::kNoPlace);
  relaxed_ = relax_all_;
  const Status undone = queue_.finish([](uint64_t, const CommandQueue::Answer&) {});
  if (undone) return ok();
  rollback();
  return undone.error().with("taking back a group on trial");
}

Result<std::vector<HeldKey>> MySqlSession::held(const std::string& table, const std::vector<std::string>& keys) {
  if (queue_.broken()) return lost();
  if (!open_) TRY(begin(true));
  TRY(writer_.finish());
  return bookkeeping::read_held_keys(port_, shared_->pipeline, table, keys);
}

Result<std::vector<DeadLetter>> MySqlSession::letters(const std::string& table, size_t limit) {
  if (queue_.broken()) return lost();
  if (!open_) TRY(begin(true));
  TRY(writer_.finish());
  return bookkeeping::read_letters(port_, shared_->pipeline, table, 0, limit);
}

Result<bool> MySqlSession::take_letter(uint64_t id) {
  if (queue_.broken()) return lost();
  if (!open_) TRY(begin(true));
  TRY_ASSIGN(const uint64_t taken, bookkeeping::remove_letters(port_, shared_->pipeline, {id}));
  return taken == 1;
}

Status MySqlSession::commit_beside() {
  if (queue_.broken()) return lost();
  if (!open_) TRY(begin(true));
  if (const auto keys = std::exchange(keys_, std::nullopt)) {
    if (Status kept = bookkeeping::keep_keys_beside(port_, shared_->pipeline, *keys); !kept) {
      rollback();
      return kept;
    }
  }
  Status done = send_commit();
  if (!done && !queue_.broken()) rollback();
  return done;
}

}  // namespace weft::mysql
