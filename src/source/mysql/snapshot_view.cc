// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/snapshot_view.h"

#include <charconv>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/mysql/quote.h"
#include "source/unplaced_point.h"

namespace weft::mysql {
namespace {

using mysql_binlog::FilePlace;
using mysql_binlog::GtidSet;
using mysql_binlog::MySqlPosition;

constexpr std::string_view kOpen = "START TRANSACTION WITH CONSISTENT SNAPSHOT";
// Whoever waits for a table lock makes later writers wait behind it, so it is tried for a second and left alone for longer.
constexpr int kLockTries = 4;
constexpr Duration kLockPause = std::chrono::seconds(2);

Result<FilePlace> snapshot_place(Connection& session) {
  TRY_ASSIGN(const Rows rows,
             session.query("SHOW SESSION STATUS WHERE Variable_name IN "
                           "('Binlog_snapshot_file', 'Binlog_snapshot_position')"));
  FilePlace place;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const std::string value = rows.text(i, 1);
    if (rows.text(i, 0) == "Binlog_snapshot_file")
      place.file = value;
    else
      std::from_chars(value.data(), value.data() + value.size(), place.offset);
  }
  if (!place.known()) {
    return Error(Blame::kConfig,
                 cat("the server at ", session.address(), " keeps no binary log; start it with log_bin"));
  }
  return place;
}

}  // namespace

ViewKind choose_view(const ViewNeeds& needs) {
  if (needs.only_reads) return ViewKind::kUnplaced;
  if (!needs.read_views) return ViewKind::kLockedThroughout;
  if (needs.mariadb) return ViewKind::kSnapshotPlace;
  return needs.exact || !needs.gtids ? ViewKind::kLockedOpening : ViewKind::kGtidBounds;
}

Result<std::shared_ptr<const ReadPoint>> SnapshotView::open(Connection& session,
                                                            const TableName& table,
                                                            ViewKind kind,
                                                            bool places_trusted) {
  TRY(close(session));
  switch (kind) {
    case ViewKind::kSnapshotPlace:
      return open_place(session, places_trusted);
    case ViewKind::kGtidBounds:
      return open_bounds(session);
    case ViewKind::kLockedOpening:
      return open_locked(session, table);
    case ViewKind::kLockedThroughout:
      return lock_throughout(session, table, places_trusted);
    case ViewKind::kUnplaced:
      TRY(session.execute(kOpen));
      return std::shared_ptr<const ReadPoint>(std::make_shared<UnplacedPoint>());
  }
  return Error(Blame::kBug, "unknown kind of view");
}

Status SnapshotView::close(Connection& session) {
  TRY(session.execute("ROLLBACK"));
  if (!locked_) return ok();
  locked_ = false;
  return session.execute("UNLOCK TABLES");
}

SnapshotView::Point SnapshotView::open_place(Connection& session, bool places_trusted) {
  TRY(session.execute(kOpen));
  TRY_ASSIGN(const FilePlace place, snapshot_place(session));
  std::optional<MySqlPosition> state;
  if (!places_trusted) {
    TRY_ASSIGN(auto gtids, state_at(session, place));
    if (gtids) {
      state.emplace();
      state->state = *std::move(gtids);
    }
  }
  return std::shared_ptr<const ReadPoint>(std::make_shared<PlacePoint>(server_.flavor(), place, std::move(state)));
}

SnapshotView::Point SnapshotView::open_bounds(Connection& session) {
  TRY_ASSIGN(const auto executed, session.value("SELECT @@global.gtid_executed"));
  MySqlPosition low;
  low.form = MySqlPosition::Form::kMySqlGtid;
  TRY_ASSIGN(low.set, GtidSet::parse(executed.value_or("")));
  TRY(session.execute(kOpen));
  TRY_ASSIGN(const LogStatus end, log_status(session));
  return std::shared_ptr<const ReadPoint>(std::make_shared<SetPoint>(std::move(low), end.place));
}

// While nobody can write to the table, all that was written to it is visible and in the log: the end of the log is the
// view's place, for this table.
SnapshotView::Point SnapshotView::open_locked(Connection& session, const TableName& table) {
  if (!locker_) {
    TRY_ASSIGN(Connection locker, server_.open({}));
    locker_ = std::move(locker);
  }
  if (Status locked = lock(*locker_, table); !locked) {
    locker_.reset();
    return std::move(locked).error();
  }
  Status opened = session.execute(kOpen);
  Point point = opened ? at_end_of_log(session, true) : Point(std::move(opened).error());
  if (!locker_->execute("UNLOCK TABLES")) locker_.reset();  // closing the session unlocks, too
  return point;
}

SnapshotView::Point SnapshotView::lock_throughout(Connection& session, const TableName& table, bool places_trusted) {
  if (told_ != table) {
    log_line(LogLevel::kInfo,
             cat("table ",
                 table.text(),
                 " has no read views (its engine is not InnoDB): it is locked against writing while it is read"),
             {{"table", table.text()}});
    told_ = table;
  }
  TRY(lock(session, table));
  locked_ = true;
  return at_end_of_log(session, places_trusted);
}

SnapshotView::Point SnapshotView::at_end_of_log(Connection& session, bool places_trusted) {
  TRY_ASSIGN(const LogStatus end, log_status(session));
  std::optional<MySqlPosition> state;
  if (session.mariadb()) {
    if (!places_trusted) {
      TRY_ASSIGN(auto gtids, state_at(session, end.place));
      if (gtids) state.emplace().state = *std::move(gtids);
    }
  } else if (!end.executed.empty()) {
    state.emplace().form = MySqlPosition::Form::kMySqlGtid;
    TRY_ASSIGN(state->set, GtidSet::parse(end.executed));
  }
  return std::shared_ptr<const ReadPoint>(std::make_shared<PlacePoint>(server_.flavor(), end.place, std::move(state)));
}

Status SnapshotView::lock(Connection& session, const TableName& table) {
  TRY(session.execute("SET SESSION lock_wait_timeout=1"));
  for (int tries = 1;; ++tries) {
    Status locked = session.execute(cat("LOCK TABLES ", quote_name(table), " READ"));
    if (locked || locked.error().code() != "1205") return locked;
    if (tries == kLockTries) {
      return std::move(locked)
          .error()
          .with(cat("a long transaction keeps table ",
                    table.text(),
                    " from being locked for the moment that its snapshot needs"))
          .about(table.text());
    }
    real_clock().sleep(kLockPause, {});
  }
}

}  // namespace weft::mysql
