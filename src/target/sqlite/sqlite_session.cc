// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/sqlite_session.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/prepared.h"
#include "target/bookkeeping/progress.h"
#include "target/bookkeeping/recent_keys.h"
#include "target/bookkeeping/schemas.h"
#include "target/bookkeeping/table_states.h"

namespace weft::sqlite {
namespace {

constexpr Duration kPatience = std::chrono::seconds(60);
constexpr Duration kImpatience = std::chrono::milliseconds(50);

}  // namespace

SqliteSession::SqliteSession(std::shared_ptr<TargetShared> shared, std::unique_ptr<Connection> connection)
    : shared_(std::move(shared)),
      connection_(std::move(connection)),
      port_(*connection_),
      writer_(*connection_, [this](const TargetTable& table) { return plan(table); }),
      origin_(bookkeeping::Dialect::kSqlite, shared_->pipeline, 0) {}

SqliteSession::~SqliteSession() {
  rollback();
}

Result<const TablePlan*> SqliteSession::plan(const TargetTable& table) {
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

// The switch of foreign keys does nothing inside of a transaction (sqlite.org/pragma.html#pragma_foreign_keys). Rows that stay
// at the source although the row they refer to goes must not go here either.
Status SqliteSession::begin(const Group* group) {
  bool relax = group != nullptr && group->relax_foreign_keys;
  bool acts = false;
  if (group != nullptr) {
    for (const TableBatch& batch : group->batches) {
      relax = relax || batch.keep_children;
      acts = acts || batch.op == BatchOp::kKeyActions;
    }
  }
  if (relax != relaxed_) {
    TRY(connection_->execute(relax ? "PRAGMA foreign_keys = OFF" : "PRAGMA foreign_keys = ON"));
    relaxed_ = relax;
  }
  const bool waits = group == nullptr || group->wait_for_locks;
  connection_->wait_for_locks(waits ? kPatience : kImpatience);
  if (Status begun = connection_->execute("BEGIN IMMEDIATE"); !begun) {
    const Error& e = begun.error();
    return waits || e.code() != kBusy ? e : Error(Blame::kConflict, e.message(), e.code());
  }
  connection_->wait_for_locks(kPatience);
  open_ = true;
  told_ = false;
  if (acts || (group != nullptr && !group->last)) TRY(connection_->execute("PRAGMA defer_foreign_keys = ON"));
  return ok();
}

Status SqliteSession::run(const Group& group) {
  if (!open_) TRY(begin(&group));
  // Before the transaction's first rows; it may have begun with a look at letters.
  if (!std::exchange(told_, told_ || !group.batches.empty()) && !group.batches.empty() && origin_.any()) {
    TRY(port_.run(origin_.sql(), origin_.next()));
  }
  // What stays at the source can't be kept from going here, once the transaction has begun with foreign keys that act.
  const auto keeps = [](const TableBatch& batch) { return batch.keep_children; };
  if (!relaxed_ && std::ranges::any_of(group.batches, keeps)) {
    return Error(
        Blame::kConfig,
        "a transaction that had to begin with the target's foreign keys on changes rows whose children stay at the "
        "source, and those keys would act on them: make those keys ON DELETE NO ACTION, ON UPDATE NO ACTION at the "
        "target");
  }
  if (group.on_trial) {
    if (tried_) TRY(connection_->execute("RELEASE weft_trial"));
    TRY(connection_->execute("SAVEPOINT weft_trial"));
    tried_ = true;
  }
  if (group.defer_constraints) TRY(connection_->execute("PRAGMA defer_foreign_keys = ON"));
  if (group.check_constraints_now) TRY(connection_->execute("PRAGMA defer_foreign_keys = OFF"));
  affected_.clear();
  for (const TableBatch& batch : group.batches) {
    TRY_ASSIGN(const uint64_t touched, writer_.write(batch));
    affected_.push_back(touched);
  }
  TRY(bookkeeping::write_prepared(port_, shared_->pipeline, group.prepared));
  TRY(bookkeeping::write_letters(port_, shared_->pipeline, group.dead_letters));
  states_.insert(states_.end(), group.states.begin(), group.states.end());
  schemas_.insert(schemas_.end(), group.schemas.begin(), group.schemas.end());
  return ok();
}

Result<PrepareReport> SqliteSession::prepare(const Group& group) {
  if (group.first && open_) rollback();
  if (!group.first && !open_)
    return Error(Blame::kTransient, "the transaction that this group continues was rolled back");
  if (Status done = run(group); !done) {
    if (group.on_trial && tried_ && open_ && connection_->in_transaction()) {
      if (Status undone = undo(); !undone) return std::move(undone).error();
    } else {
      rollback();
    }
    return std::move(done).error();
  }
  return PrepareReport{affected_};
}

Status SqliteSession::write_books(const Progress& from, const Progress& to) {
  TRY(bookkeeping::write_states(port_, shared_->pipeline, std::exchange(states_, {})));
  TRY(bookkeeping::write_schemas(port_, shared_->pipeline, std::exchange(schemas_, {})));
  if (const auto keys = std::exchange(keys_, std::nullopt)) {
    TRY(bookkeeping::keep_keys(port_, shared_->pipeline, to, *keys));
  }
  TRY_ASSIGN(const bool moved, bookkeeping::advance(port_, shared_->pipeline, from, to));
  if (moved) return ok();
  rollback();
  return bookkeeping::explain_moved(port_, shared_->pipeline, from);
}

Status SqliteSession::commit(const Progress& from, const Progress& to) {
  if (!open_) return Error(Blame::kBug, "commit without a prepared group");
  if (to.version != from.version + 1) {
    return Error(Blame::kBug, cat("progress must go on by one version, not from ", from.version, " to ", to.version));
  }
  Status done = write_books(from, to);
  if (done) done = connection_->execute("COMMIT");
  if (!done) {
    rollback();
    return done.error().code().starts_with("SQLITE") ? Status(done.error().with("committing")) : done;
  }
  open_ = tried_ = false;
  shared_->committed.with([&](uint64_t& version) { version = to.version; });
  return ok();
}

void SqliteSession::rollback() {
  states_.clear();
  schemas_.clear();
  keys_.reset();
  tried_ = open_ = false;
  if (connection_->in_transaction()) (void)connection_->execute("ROLLBACK");
}

Status SqliteSession::undo() {
  if (!open_ || !tried_) return Error(Blame::kBug, "nothing on trial is to be taken back");
  const Status undone = connection_->execute("ROLLBACK TO weft_trial");
  if (undone) return ok();
  rollback();
  return undone.error().with("taking back a group on trial");
}

Result<std::vector<HeldKey>> SqliteSession::held(const std::string& table, const std::vector<std::string>& keys) {
  if (!open_) TRY(begin(nullptr));
  return bookkeeping::read_held_keys(port_, shared_->pipeline, table, keys);
}

Result<std::vector<DeadLetter>> SqliteSession::letters(const std::string& table, size_t limit) {
  if (!open_) TRY(begin(nullptr));
  return bookkeeping::read_letters(port_, shared_->pipeline, table, 0, limit);
}

Result<bool> SqliteSession::take_letter(uint64_t id) {
  if (!open_) TRY(begin(nullptr));
  TRY_ASSIGN(const uint64_t taken, bookkeeping::remove_letters(port_, shared_->pipeline, {id}));
  return taken == 1;
}

Status SqliteSession::commit_beside() {
  if (!open_) TRY(begin(nullptr));
  Status done = ok();
  if (const auto keys = std::exchange(keys_, std::nullopt)) {
    done = bookkeeping::keep_keys_beside(port_, shared_->pipeline, *keys);
  }
  if (done) done = connection_->execute("COMMIT");
  if (!done) {
    rollback();
    return done;
  }
  open_ = tried_ = false;
  return ok();
}

}  // namespace weft::sqlite
