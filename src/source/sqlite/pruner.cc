// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/pruner.h"

#include <algorithm>

#include "base/text.h"

namespace weft::sqlite {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(500);  // between two rounds
constexpr Duration kWait = std::chrono::milliseconds(20);    // for the application's lock
constexpr int64_t kRowsAtOnce = 2000;                        // some milliseconds of the write lock

}  // namespace

Status enter_reader(Connection& db, const std::string& reader, int64_t id) {
  TRY_ASSIGN(
      Statement * s,
      db.statement("INSERT INTO _weft_capture_reader(name,acknowledged) VALUES(?1,?2) ON CONFLICT(name) DO UPDATE "
                   "SET acknowledged=?2"));
  s->bind_text(1, reader);
  s->bind(2, id);
  return s->run();
}

// True: there is more to remove.
Result<bool> Pruner::step(Connection& db, const std::string& capture, int64_t id) {
  TRY_ASSIGN(const auto now, db.value("SELECT capture FROM _weft_capture"));
  if (now != capture) return false;  // a position of another capture says nothing of this one
  TRY(enter_reader(db, reader_, id));
  // The last row stays, so that ids go on from it.
  TRY_ASSIGN(Statement * find,
             db.statement("SELECT (SELECT min(id) FROM _weft_capture_change), min((SELECT max(id) FROM "
                          "_weft_capture_change)-1, (SELECT min(acknowledged) FROM _weft_capture_reader))"));
  TRY(find->step());
  const int64_t first = find->integer(0);
  const int64_t last = find->integer(1);
  find->reset();
  if (last < first) return false;
  const int64_t upto = std::min(last, first + kRowsAtOnce - 1);
  TRY_ASSIGN(Statement * remove, db.statement("DELETE FROM _weft_capture_change WHERE id <= ?"));
  remove->bind(1, upto);
  TRY(remove->run());
  TRY_ASSIGN(Statement * note, db.statement("UPDATE _weft_capture SET pruned = ? WHERE pruned < ?1"));
  note->bind(1, upto);
  TRY(note->run());
  // Outside of the application's transactions nothing is pending.
  TRY(db.execute("DELETE FROM _weft_capture_pending"));
  return upto < last;
}

Status Pruner::work(Connection& db, const std::string& capture, int64_t id) {
  for (bool more = true; more && !stop_.stop_requested();) {
    TRY(db.execute("BEGIN IMMEDIATE"));
    Result<bool> done = step(db, capture, id);
    if (done) {
      TRY(db.execute("COMMIT"));
      more = *done;
      // Whoever waited has the lock before us.
      if (more) real_clock().sleep(std::chrono::milliseconds(1), stop_);
      continue;
    }
    if (db.in_transaction()) (void)db.execute("ROLLBACK");
    return std::move(done).error();
  }
  return ok();
}

Status Pruner::acknowledge(const std::string& capture, int64_t id) {
  const SteadyTime now = real_clock().now();
  std::unique_ptr<Connection> db;
  const bool mine = state_.with([&](State& state) {
    if (state.busy || id <= state.pruned || (state.pruned > 0 && now - state.at < kPause)) return false;
    state.busy = true;
    db = std::move(state.db);
    return true;
  });
  if (!mine) return ok();
  Status done;
  if (!db) {
    auto opened = Connection::open({.path = path_, .mode = Mode::kReadWrite, .busy_wait = kWait, .stop = stop_});
    if (opened) {
      db = *std::move(opened);
    } else {
      done = std::move(opened).error();
    }
  }
  if (done) done = work(*db, capture, id);
  const bool busy = !done && done.error().code().starts_with(kBusy);
  state_.with([&](State& state) {
    state.busy = false;
    state.db = std::move(db);
    if (!done) return;
    state.pruned = id;
    state.at = now;
  });
  return busy ? ok() : done;
}

}  // namespace weft::sqlite
