// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/lease.h"

#include <unistd.h>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "target/postgres/progress.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

constexpr int kMasterLock = 7301;  // seeds of the lock keys: who runs the pipeline, and its lanes
constexpr int kLaneLock = 7302;
constexpr int kAttempts = 5;
constexpr Duration kPoll = std::chrono::milliseconds(100);

std::string holder_name() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return cat("process ", getpid(), " on ", std::string_view(host));
}

std::string seconds(Duration d) {
  return cat(std::chrono::duration_cast<std::chrono::milliseconds>(d).count(), " milliseconds");
}

Error taken(const std::string& pipeline, const std::string& holder) {
  return Error(Blame::kConfig,
               cat("pipeline ", pipeline, " is run by ", holder, "; stop it first, or choose another --name"),
               std::string(kPipelineTaken));
}

}  // namespace

std::string lane_mark_sql(const std::string& pipeline) {
  return cat("SELECT pg_advisory_lock_shared(hashtextextended(", quote_literal(pipeline), ", ", kLaneLock, "))");
}

Result<bool> lease_held(Connection& connection, const std::string& pipeline) {
  TRY_ASSIGN(const Answer row,
             connection.query("SELECT FROM _weft.lease l WHERE l.pipeline = $1 AND l.expires_at > clock_timestamp() "
                              "AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = l.backend_pid AND "
                              "(a.backend_start = l.backend_start OR a.backend_start IS NULL))",
                              {pipeline}));
  return row.rows() > 0;
}

Result<Lease::Holder> Lease::look(Connection& connection, const std::string& pipeline) {
  TRY_ASSIGN(const Answer lock,
             connection.query(cat("SELECT pg_try_advisory_lock(hashtextextended($1, ", kMasterLock, "))"), {pipeline}));
  TRY_ASSIGN(
      const Answer row,
      connection.query("SELECT l.holder || ', lease until ' || l.expires_at, l.expires_at > clock_timestamp() AND "
                       "EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = l.backend_pid AND a.pid <> "
                       "pg_backend_pid() AND (a.backend_start = l.backend_start OR a.backend_start IS NULL)), "
                       "l.expires_at < clock_timestamp() - $2::interval, l.backend_pid, l.epoch "
                       "FROM _weft.lease l WHERE l.pipeline = $1",
                       {pipeline, seconds(options_.grace)}));
  Holder holder;
  holder.locked_by_us = lock.truth(0, 0);
  holder.text = "another process";
  if (row.rows() == 0) return holder;
  holder.text = row.text(0, 0);
  holder.alive = row.truth(0, 1);
  holder.stale = row.truth(0, 2);
  holder.pid = static_cast<int>(row.number(0, 3));
  holder.ours = pipeline == pipeline_ && epoch_ != 0 && static_cast<uint64_t>(row.number(0, 4)) == epoch_;
  return holder;
}

void Lease::end_session(Connection& connection, int pid) {
  if (!options_.end_zombies || pid <= 0) return;
  // Not being allowed to is fine: the epoch fences.
  (void)connection.query(cat("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1::int AND "
                             "pid <> pg_backend_pid() AND application_name LIKE 'weft%'"),
                         {cat(pid)});
}

void Lease::end_lanes(Connection& connection, const std::string& pipeline) {
  if (!options_.end_zombies) return;
  const auto lanes = connection.query(
      cat("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND database = (SELECT oid FROM "
          "pg_database "
          "WHERE datname = current_database()) AND (classid::bigint << 32 | objid::bigint) = hashtextextended($1, ",
          kLaneLock,
          ")"),
      {pipeline});
  if (!lanes) return;
  for (size_t i = 0; i < lanes->rows(); ++i) end_session(connection, static_cast<int>(lanes->number(i, 0)));
}

Result<std::optional<Progress>> Lease::acquire(Connection& connection, const OpenRequest& request) {
  const SteadyTime deadline = clock().now() + request.wait;
  for (;;) {
    TRY_ASSIGN(const Holder holder, look(connection, request.pipeline));
    if (holder.locked_by_us && !holder.alive) break;
    if (!holder.locked_by_us && (holder.stale || holder.ours)) {
      end_session(connection, holder.pid);
      TRY(lock_if_free(connection, request.pipeline));
      break;
    }
    if (holder.locked_by_us) {
      TRY(connection.query(cat("SELECT pg_advisory_unlock(hashtextextended($1, ", kMasterLock, "))"),
                           {request.pipeline}));
    }
    if (clock().now() >= deadline) return taken(request.pipeline, holder.text);
    clock().sleep(kPoll, options_.stop);
    if (options_.stop.stop_requested())
      return Error(Blame::kCancelled, "stopped while waiting for the pipeline's holder");
  }
  TRY_ASSIGN(const auto now, read_progress(connection, request.pipeline));
  TRY(check_source(now, request, connection.where()));
  end_lanes(connection, request.pipeline);
  return take(connection, request.pipeline);
}

// The lock of a session that was just ended is free a moment later. If it is not, the epoch has to do.
Status Lease::lock_if_free(Connection& connection, const std::string& pipeline) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    TRY_ASSIGN(const Holder holder, look(connection, pipeline));
    if (holder.locked_by_us) return ok();
    clock().sleep(kPoll, options_.stop);
  }
  return ok();
}

Result<std::optional<Progress>> Lease::take(Connection& connection, const std::string& pipeline) {
  pipeline_ = pipeline;
  for (int attempt = 1;; ++attempt) {
    auto raised = raise(connection, pipeline);
    if (raised || connection.broken()) return raised;
    const ServerError why = connection.last_error();
    TRY(connection.execute("ROLLBACK"));
    // A commit of the former holder that was under way came first (try again), or hangs (its session is still there).
    if (why.sqlstate == "55P03") return taken(pipeline, "a session that does not end its transaction");
    if (!is_moved(why) || attempt == kAttempts) return raised;
  }
}

Result<std::optional<Progress>> Lease::raise(Connection& connection, const std::string& pipeline) {
  // Durable whatever the default is: everything committed before is flushed with it.
  TRY(
      connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; "
                         "SET LOCAL lock_timeout = '5s'"));
  TRY_ASSIGN(
      const Answer lease,
      connection.query("INSERT INTO _weft.lease AS l (pipeline, epoch, holder, backend_pid, backend_start, expires_at) "
                       "SELECT $1, coalesce((SELECT epoch FROM _weft.progress_log WHERE pipeline = $1 ORDER BY "
                       "version DESC LIMIT 1), 0) + 1, $2, pg_backend_pid(), (SELECT backend_start FROM "
                       "pg_stat_activity WHERE pid = pg_backend_pid()), clock_timestamp() + $3::interval "
                       "ON CONFLICT (pipeline) DO UPDATE SET epoch = greatest(l.epoch + 1, EXCLUDED.epoch), "
                       "holder = EXCLUDED.holder, backend_pid = EXCLUDED.backend_pid, backend_start = "
                       "EXCLUDED.backend_start, expires_at = EXCLUDED.expires_at RETURNING epoch",
                       {pipeline, holder_name(), seconds(options_.length)}));
  epoch_ = static_cast<uint64_t>(lease.number(0, 0));
  TRY_ASSIGN(const auto progress, take_over_progress(connection, pipeline, epoch_));
  TRY(connection.execute("COMMIT"));
  return progress;
}

Status Lease::renew(Connection& connection) {
  TRY_ASSIGN(
      const Answer renewed,
      connection.query("UPDATE _weft.lease SET expires_at = clock_timestamp() + $3::interval WHERE pipeline = $1 AND "
                       "epoch = $2::bigint",
                       {pipeline_, cat(epoch_), seconds(options_.length)}));
  if (renewed.affected() == 1) return ok();
  return Error(Blame::kConfig,
               cat("pipeline ", pipeline_, " was taken over by another process; ours was epoch ", epoch_),
               std::string(kEpochLost));
}

void Lease::release(Connection& connection) {
  if (epoch_ == 0 || connection.broken()) return;
  (void)connection.query(
      "UPDATE _weft.lease SET expires_at = clock_timestamp() WHERE pipeline = $1 AND epoch = $2::bigint",
      {pipeline_, cat(epoch_)});
  (void)connection.query(cat("SELECT pg_advisory_unlock(hashtextextended($1, ", kMasterLock, "))"), {pipeline_});
  epoch_ = 0;
}

}  // namespace weft::postgres
