// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/postgres_session.h"

#include <utility>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "model/origin.h"
#include "target/postgres/dead_letters.h"
#include "target/postgres/key_actions.h"
#include "target/postgres/progress.h"
#include "target/postgres/recent_keys.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kLockNotAvailable = "55P03";
constexpr uint64_t kCommitTag = Writer::kNoPlace - 1;

}  // namespace

PostgresSession::PostgresSession(std::shared_ptr<TargetShared> shared, std::unique_ptr<Connection> connection)
    : shared_(std::move(shared)),
      connection_(std::move(connection)),
      pipeline_(*connection_),
      writer_(*connection_, pipeline_) {}

PostgresSession::~PostgresSession() = default;

Result<const TablePlan*> PostgresSession::plan(const TargetTable& table) {
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

std::vector<std::string> PostgresSession::begin_statements(const Group& group) const {
  std::vector<std::string> sql;
  if (!open_) sql.emplace_back("BEGIN");
  if (!group.wait_for_locks && (waiting_ || !open_)) sql.emplace_back("SET LOCAL lock_timeout = 50");
  if (group.wait_for_locks && !waiting_ && open_) sql.emplace_back("SET LOCAL lock_timeout = '60s'");
  if (group.relax_foreign_keys && group.first) sql.emplace_back("SET LOCAL session_replication_role = replica");
  if (group.defer_constraints) sql.emplace_back("SET CONSTRAINTS ALL DEFERRED");
  if (group.check_constraints_now) sql.emplace_back("SET CONSTRAINTS ALL IMMEDIATE");
  if (tells(group)) sql.push_back(origin_);
  return sql;
}

// Decoded with the transaction, in its place in it (pg_logical_emit_message, PostgreSQL 9.6 on): no row is written for it.
void PostgresSession::say_origin(std::string chain) {
  origin_.clear();
  if (chain.empty() || !shared_->messages) return;
  origin_ = cat("SELECT pg_catalog.pg_logical_emit_message(true, ",
                quote_literal(kOriginMessage),
                ", ",
                quote_literal(chain),
                ")");
}

// Before the transaction's first rows; it may have begun with a look at letters. In front of a savepoint, which may be taken back.
bool PostgresSession::tells(const Group& group) const {
  return !(open_ && told_) && !origin_.empty() && !group.batches.empty();
}

Status PostgresSession::run(const Group& group) {
  if (!open_) TRY(pipeline_.trim());
  if (group.first) relaxed_ = shared_->replica || group.relax_foreign_keys;
  writer_.start(begin_statements(group));
  told_ = (open_ && told_) || tells(group);
  open_ = true;
  waiting_ = group.wait_for_locks;
  if (group.on_trial) TRY(begin_trial());
  for (const TableBatch& batch : group.batches) {
    if (batch.op == BatchOp::kKeyActions) {
      TRY(run_key_actions(batch));
      continue;
    }
    TRY_ASSIGN(const TablePlan* matched, plan(*batch.table));
    // Rows that stay at the source although the row they refer to goes.
    const bool keep = batch.keep_children && !relaxed_;
    if (keep) TRY(switch_role("replica"));
    TRY(writer_.write(*matched, batch));
    if (keep) TRY(switch_role("origin"));
  }
  if (!group.last) TRY(writer_.send_begin());
  TRY(run_prepared(group));
  if (!group.dead_letters.empty()) {
    TRY(writer_.send_begin());
    TRY(send_letters(pipeline_, shared_->pipeline, group.dead_letters, Writer::kNoPlace));
  }
  states_.insert(states_.end(), group.states.begin(), group.states.end());
  schemas_.insert(schemas_.end(), group.schemas.begin(), group.schemas.end());
  return writer_.finish();
}

Status PostgresSession::switch_role(std::string_view role) {
  TRY(writer_.send_begin());
  return pipeline_.send(cat("SET LOCAL session_replication_role = ", role), Writer::kNoPlace);
}

Status PostgresSession::run_key_actions(const TableBatch& batch) {
  TRY(writer_.send_begin());
  TRY(writer_.finish());
  KeyActionRunner runner(
      *connection_, *batch.keys, [this](const TargetTable& table) { return plan(table); }, relaxed_);
  Result<uint64_t> touched = runner.run(batch);
  if (!touched) {
    return std::move(touched).error().with(cat("foreign-key actions of table ", batch.table->source->name.text()));
  }
  writer_.written(*touched);
  return ok();
}

// A piece of many need not wait in memory for the commit: nothing else is in flight with it.
Status PostgresSession::run_prepared(const Group& group) {
  if (group.first && group.last) {
    prepared_ = group.prepared;
    return ok();
  }
  TRY(writer_.send_begin());
  return send_prepared(pipeline_, shared_->pipeline, group.prepared, Writer::kNoPlace);
}

// Lock waits and constraints mean different things by circumstance: a patient wait that ended is nobody's fault.
Error PostgresSession::classify(Error error, bool waited) const {
  if (error.code() == kLockNotAvailable && waited) {
    return Error(Blame::kTransient, error.message() + "; another session holds the lock", error.code())
        .about(error.table());
  }
  return error;
}

Result<PrepareReport> PostgresSession::prepare(const Group& group) {
  if (connection_->broken())
    return Error(Blame::kTransient, "the session's connection is lost", std::string(kConnectionLost));
  if (group.first && open_) rollback();
  if (!group.first && !open_)
    return Error(Blame::kTransient, "the transaction that this group continues was rolled back");
  if (Status done = run(group); !done) {
    Error error = classify(std::move(done).error(), group.wait_for_locks);
    if (group.on_trial && tried_ && !connection_->broken()) {
      if (Status undone = undo(); !undone) return std::move(undone).error();
    } else {
      rollback();
    }
    return error;
  }
  return PrepareReport{writer_.affected()};
}

Status PostgresSession::commit(const Progress& from, const Progress& to) {
  if (!open_) return Error(Blame::kBug, "commit without a prepared group");
  if (to.version != from.version + 1) {
    return Error(Blame::kBug, cat("progress must go on by one version, not from ", from.version, " to ", to.version));
  }
  TRY(writer_.send_begin());
  bool committed = false;
  Status sent = send_states(pipeline_, shared_->pipeline, std::exchange(states_, {}), Writer::kNoPlace);
  if (sent) sent = send_schemas(pipeline_, shared_->pipeline, std::exchange(schemas_, {}), Writer::kNoPlace);
  if (sent) sent = send_prepared(pipeline_, shared_->pipeline, std::exchange(prepared_, {}), Writer::kNoPlace);
  const std::optional<std::string> keys = std::exchange(keys_, std::nullopt);
  if (sent && keys) sent = send_recent_keys(pipeline_, shared_->pipeline, to, *keys, Writer::kNoPlace);
  if (sent) sent = send_advance(pipeline_, shared_->pipeline, from, to, Writer::kNoPlace);
  if (sent) sent = pipeline_.send("COMMIT", kCommitTag);
  if (sent) {
    sent = pipeline_.finish([&](uint64_t tag, const Answer& answer) {
      if (tag == kCommitTag) committed = answer.tag() == "COMMIT";
    });
  }
  open_ = false;
  tried_ = false;
  if (sent && committed) {
    shared_->committed.with([&](uint64_t& version) { version = to.version; });
    return ok();
  }
  if (sent) return Error(Blame::kBug, "COMMIT rolled the transaction back without an error");
  if (connection_->broken()) {
    const Blame blame = sent.error().blame() == Blame::kCancelled ? Blame::kCancelled : Blame::kTransient;
    return Error(blame, cat("the answer to COMMIT never came: ", sent.error().message()), std::string(kCommitUnknown));
  }
  const ServerError why = connection_->last_error();
  open_ = true;
  rollback();
  if (connection_->broken()) return sent;
  if (is_moved(why)) return explain_moved(*connection_, shared_->pipeline, from);
  return classify(std::move(sent).error(), waiting_).with("committing");
}

void PostgresSession::rollback() {
  states_.clear();
  schemas_.clear();
  prepared_.clear();
  keys_.reset();
  tried_ = false;
  if (!open_) return;
  open_ = false;
  if (connection_->broken()) return;
  // What is still queued runs for nothing; its errors are of no interest.
  (void)pipeline_.finish([](uint64_t, const Answer&) {});
  if (!connection_->broken() && connection_->in_transaction()) (void)connection_->execute("ROLLBACK");
}

// One savepoint is enough: what has passed its trial stays.
Status PostgresSession::begin_trial() {
  TRY(writer_.send_begin());
  if (tried_) TRY(pipeline_.send("RELEASE SAVEPOINT weft_trial", Writer::kNoPlace));
  TRY(pipeline_.send("SAVEPOINT weft_trial", Writer::kNoPlace));
  TRY(writer_.finish());
  tried_ = true;
  return ok();
}

Status PostgresSession::undo() {
  if (!open_ || !tried_) return Error(Blame::kBug, "nothing on trial is to be taken back");
  (void)pipeline_.finish([](uint64_t, const Answer&) {});  // what was queued behind the error
  const auto undone = connection_->execute("ROLLBACK TO SAVEPOINT weft_trial");
  if (undone) return ok();
  rollback();
  return undone.error().with("taking back a group on trial");
}

// Everything that was queued is done, and the transaction is open.
Status PostgresSession::end_queued() {
  if (connection_->broken())
    return Error(Blame::kTransient, "the session's connection is lost", std::string(kConnectionLost));
  if (!open_) {
    writer_.start({"BEGIN"});
    told_ = false;
    open_ = true;
    waiting_ = true;
  }
  TRY(writer_.send_begin());
  return writer_.finish();
}

Result<std::vector<HeldKey>> PostgresSession::held(const std::string& table, const std::vector<std::string>& keys) {
  TRY(end_queued());
  return read_held_keys(*connection_, shared_->pipeline, table, keys);
}

Result<std::vector<DeadLetter>> PostgresSession::letters(const std::string& table, size_t limit) {
  TRY(end_queued());
  return read_letters(*connection_, shared_->pipeline, table, 0, limit);
}

Result<bool> PostgresSession::take_letter(uint64_t id) {
  TRY(end_queued());
  TRY_ASSIGN(const uint64_t taken, remove_letters(*connection_, shared_->pipeline, {id}));
  return taken == 1;
}

Status PostgresSession::commit_beside() {
  TRY(end_queued());
  if (const auto keys = std::exchange(keys_, std::nullopt)) {
    if (Status kept = write_keys_beside(*connection_, shared_->pipeline, *keys); !kept) {
      rollback();
      return kept;
    }
  }
  // A person was told, and is not told again: not even a crash takes it back.
  const auto done = connection_->execute("SET LOCAL synchronous_commit = on; COMMIT");
  if (!done || done->tag() != "COMMIT") {
    if (!connection_->broken()) rollback();
    open_ = tried_ = false;
    return done ? Status(Error(Blame::kBug, "COMMIT rolled the transaction back without an error"))
                : Status(done.error());
  }
  open_ = tried_ = false;
  return ok();
}

}  // namespace weft::postgres
