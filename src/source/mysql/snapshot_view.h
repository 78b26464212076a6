// SPDX-License-Identifier: Apache-2.0
// SnapshotView: opens a read view over one table and tells its place in the log, as exactly as the server allows:
//
//   MariaDB, InnoDB        START TRANSACTION WITH CONSISTENT SNAPSHOT, whose place Binlog_snapshot_* tells     exact
//   MySQL with GTIDs       between gtid_executed before and the end of the log after                         not exact
//   MySQL, other cases     LOCK TABLES t READ in a second session while the view opens and the place is read    exact
//   no read views (Aria, MyISAM, MEMORY ...)      LOCK TABLES t READ for as long as the view is open            exact
//
// Nothing is written; a lock is waited for at most a second at a time, and held over the opening only where the engine has
// read views. One thread. The session belongs to the caller, who uses it for nothing else while the view is open.
#pragma once

#include <memory>
#include <optional>

#include "engine/mysql/connection.h"
#include "model/schema.h"
#include "source/mysql/read_point.h"
#include "source/mysql/server.h"

namespace weft::mysql {

enum class ViewKind : uint8_t { kSnapshotPlace, kGtidBounds, kLockedOpening, kLockedThroughout, kUnplaced };

// What decides about the kind of view.
struct ViewNeeds {
  bool mariadb = false;
  bool gtids = false;       // positions are GTIDs
  bool read_views = true;   // the table's engine has them
  bool exact = false;       // keyless, or read whole
  bool only_reads = false;  // nobody asks for the view's place
};

[[nodiscard]] ViewKind choose_view(const ViewNeeds& needs);

class SnapshotView {
 public:
  explicit SnapshotView(const Server& server) : server_(server) {}

  // `places_trusted`: the places in our positions are this server's; if not, MariaDB is asked for the view's GTIDs.
  [[nodiscard]] Result<std::shared_ptr<const ReadPoint>> open(Connection& session,
                                                              const TableName& table,
                                                              ViewKind kind,
                                                              bool places_trusted);
  // Ends the view; REQUIRES: the session is idle.
  [[nodiscard]] Status close(Connection& session);

 private:
  using Point = Result<std::shared_ptr<const ReadPoint>>;
  [[nodiscard]] Point open_place(Connection& session, bool places_trusted);
  [[nodiscard]] Point open_bounds(Connection& session);
  [[nodiscard]] Point open_locked(Connection& session, const TableName& table);
  [[nodiscard]] Point lock_throughout(Connection& session, const TableName& table, bool places_trusted);
  [[nodiscard]] Point at_end_of_log(Connection& session, bool places_trusted);
  [[nodiscard]] Status lock(Connection& session, const TableName& table);

  const Server& server_;
  std::optional<Connection> locker_;
  bool locked_ = false;
  TableName told_;  // of which the log has heard
};

}  // namespace weft::mysql
