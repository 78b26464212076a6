// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/read_view.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/clock.h"
#include "base/text.h"
#include "engine/postgres/quote.h"
#include "source/unplaced_point.h"

namespace weft::postgres {
namespace {

constexpr int kTries = 40;
constexpr Duration kFirstPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::milliseconds(50);

// What was so just before the view opened.
struct Before {
  uint64_t low = 0;
  std::vector<uint32_t> running;  // have an id and are not over, prepared ones included
  std::set<uint32_t> waiting;     // of those: for a synchronous standby, or maybe so
  std::string snapshot;
  bool written = false;  // somebody may have changed the table and is not over
};

Result<uint64_t> lsn_at(const Answer& answer, size_t row, size_t column) {
  return parse_lsn(answer.text(row, column));
}

// A standby's log ends with what it has replayed. What it has received counts for the upper end: what a record did shows
// shortly before the record counts as replayed.
std::string log_end(const ServerState& server, bool upper) {
  if (!server.in_recovery) return "pg_current_wal_insert_lsn()";
  if (!upper) return "pg_last_wal_replay_lsn()";
  return "greatest(pg_last_wal_replay_lsn(), pg_last_wal_receive_lsn())";
}

// xid, waits. The id of a session that runs COMMIT PREPARED is not its own: while one without an id waits, every prepared
// transaction may be what it waits for.
constexpr std::string_view kRunning =
    "SELECT backend_xid, coalesce(wait_event = 'SyncRep', false) FROM pg_stat_activity WHERE backend_xid IS NOT NULL "
    "UNION ALL SELECT transaction, EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_xid "
    "IS "
    "NULL) FROM pg_prepared_xacts";

// Whether commits wait for a standby at all, whether this role sees who waits, the snapshot, and whether another session (or
// a prepared transaction, which has no process) holds a lock on the table as writers do. Locks last until a transaction
// shows.
std::string moment_sql(const ViewRequest& request) {
  const std::string tables =
      request.with_partitions ? cat("SELECT relid FROM pg_partition_tree(", request.oid, "::oid)") : cat(request.oid);
  return cat(
      "SELECT current_setting('synchronous_standby_names') <> '', pg_has_role('pg_read_all_stats', 'USAGE'), "
      "pg_current_snapshot(), EXISTS (SELECT FROM pg_locks WHERE locktype = 'relation' AND database = (SELECT oid FROM "
      "pg_database WHERE datname = current_database()) AND relation IN (",
      tables,
      ") AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareUpdateExclusiveLock', 'ShareLock') "
      "AND granted AND pid IS DISTINCT FROM pg_backend_pid())");
}

Result<Before> look_before(Connection& session, const ServerState& server, const ViewRequest& request) {
  Before before;
  // Statements of their own, in this order: who is in the log before `low` and does not show in the view runs between them.
  TRY_ASSIGN(const Answer end, session.execute("SELECT " + log_end(server, false)));
  TRY_ASSIGN(before.low, lsn_at(end, 0, 0));
  before.low = end_of_record(before.low, server.page_bytes, server.segment_bytes);
  TRY_ASSIGN(const Answer running, session.execute(std::string(kRunning)));
  for (size_t r = 0; r < running.rows(); ++r) {
    const auto xid = static_cast<uint32_t>(running.number(r, 0));
    before.running.push_back(xid);
    if (running.truth(r, 1)) before.waiting.insert(xid);
  }
  TRY_ASSIGN(const Answer moment, session.execute(moment_sql(request)));
  if (!moment.truth(0, 0)) before.waiting.clear();
  if (moment.truth(0, 0) && !moment.truth(0, 1)) {
    return Error(Blame::kConfig,
                 "commits at the source wait for synchronous standbys, and weft's role may not see which: "
                 "GRANT pg_read_all_stats to it");
  }
  before.snapshot = moment.text(0, 2);
  before.written = moment.truth(0, 3);
  return before;
}

Result<PgReadPoint::Facts> open_once(Connection& session, const ServerState& server, const ViewRequest& request) {
  TRY(session.execute(cat("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ",
                          request.with_partitions ? "" : "ONLY ",
                          quote_name(*request.table),
                          " IN ACCESS SHARE MODE")));
  const std::string timeline = server.in_recovery
                                   ? "(SELECT timeline_id FROM pg_control_checkpoint())"
                                   : "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint";
  TRY_ASSIGN(const Answer view,
             session.execute(cat("SELECT pg_current_snapshot(), ", log_end(server, true), ", ", timeline)));
  PgReadPoint::Facts facts;
  TRY_ASSIGN(facts.snapshot, XidSnapshot::parse(view.text(0, 0)));
  TRY_ASSIGN(facts.high, lsn_at(view, 0, 1));
  facts.high = end_of_record(facts.high, server.page_bytes, server.segment_bytes);
  facts.timeline = static_cast<uint32_t>(view.number(0, 2));
  return facts;
}

// Why a view can't be used.
struct Doubts {
  std::set<uint32_t> xids;  // committed maybe, somewhere, and not to be seen
  bool order = false;
};

Error no_moment(const ViewRequest& request, const Doubts& doubts) {
  if (doubts.order) {
    return Error(
               Blame::kTransient,
               cat("table ",
                   request.table->text(),
                   " has no key and is being written: no moment was found to read it; the copy tries again (a primary "
                   "key lets it be read beside writers)"))
        .about(request.table->text());
  }
  return Error(Blame::kTransient,
               cat("table ",
                   request.table->text(),
                   " can't be read: transaction ",
                   *doubts.xids.begin(),
                   " of the source waits for a synchronous standby; the copy tries again"))
      .about(request.table->text());
}

}  // namespace

Result<ServerState> server_state(Connection& session) {
  TRY_ASSIGN(const Answer answer,
             session.execute("SELECT pg_is_in_recovery(), current_setting('wal_block_size'), "
                             "pg_size_bytes(current_setting('wal_segment_size'))"));
  return ServerState{.in_recovery = answer.truth(0, 0),
                     .page_bytes = static_cast<uint64_t>(answer.number(0, 1)),
                     .segment_bytes = static_cast<uint64_t>(answer.number(0, 2))};
}

// A transaction that waits for a standby and that the stream has not delivered since Delivered began may lie anywhere in the
// log: also before a position that the stream was opened at. One that is delivered later tells its place then, so only those
// count that waited at the first look and do not show yet; where every commit waits for a moment there are always others.
//
// The order of the log holds for the table if nobody was in the middle of changing it, and nothing ended between that look
// and the view: then what shows in the view showed at the look; what is in the log before any of that, changed the table and
// did not show held its lock at the look. A standby shows what it has replayed, so always in the order of the log.
Result<std::shared_ptr<const ReadPoint>> open_view(Connection& session,
                                                   const ServerState& server,
                                                   const ViewRequest& request,
                                                   const std::shared_ptr<const Delivered>& delivered) {
  std::optional<std::set<uint32_t>> waited;
  Doubts doubts;
  Duration pause = kFirstPause;
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) {
      real_clock().sleep(pause, {});
      pause = std::min(pause * 2, kLongestPause);
    }
    TRY_ASSIGN(const Before before, look_before(session, server, request));
    TRY_ASSIGN(PgReadPoint::Facts facts, open_once(session, server, request));
    facts.low = before.low;
    facts.in_log_order = server.in_recovery || (!before.written && facts.snapshot.text() == before.snapshot);
    std::copy_if(before.running.begin(), before.running.end(), std::back_inserter(facts.unseen), [&](uint32_t xid) {
      return !facts.snapshot.shows(xid);
    });
    if (!waited) waited = before.waiting;
    doubts = {.xids = {}, .order = request.in_log_order && !facts.in_log_order};
    for (const uint32_t xid : *waited) {
      if (!facts.snapshot.shows(xid) && !delivered->end_of(xid)) doubts.xids.insert(xid);
    }
    if (doubts.xids.empty() && !doubts.order) {
      return std::shared_ptr<const ReadPoint>(std::make_shared<const PgReadPoint>(std::move(facts), delivered));
    }
    TRY(close_view(session));
  }
  return no_moment(request, doubts);
}

Result<std::shared_ptr<const ReadPoint>> open_unplaced_view(Connection& session) {
  TRY(session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return std::shared_ptr<const ReadPoint>(std::make_shared<const UnplacedPoint>());
}

Status close_view(Connection& session) {
  if (!session.in_transaction()) return ok();
  TRY(session.execute("ROLLBACK"));
  return ok();
}

}  // namespace weft::postgres
