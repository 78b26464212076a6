// SPDX-License-Identifier: Apache-2.0
// Server: the one server that all sessions of a source belong to (hard case 28), and small questions to it about its log.
//
//   TRY_ASSIGN(Server server, Server::find(options));      // of several hosts the first that can be written to
//   TRY_ASSIGN(Connection session, server.open({}));       // refused if another server answers there now
//
// Immutable; any thread. The functions below use a session of their caller's.
#pragma once

#include <optional>
#include <string>

#include "codec/mysql_binlog/position.h"
#include "engine/mysql/connection.h"

namespace weft::mysql {

class Server {
 public:
  [[nodiscard]] static Result<Server> find(const Options& options);
  [[nodiscard]] Result<Connection> open(const Timeouts& timeouts) const;
  // A session of another of the hosts that can be written to, while this one, found for want of such, still can't. Asks them
  // anew, a second each at most.
  [[nodiscard]] std::optional<Connection> writable_elsewhere() const;

  [[nodiscard]] const ServerFacts& facts() const { return facts_; }

  [[nodiscard]] bool mariadb() const { return facts_.flavor == Flavor::kMariaDb; }

  [[nodiscard]] mysql_binlog::Flavor flavor() const {
    return mariadb() ? mysql_binlog::Flavor::kMariaDb : mysql_binlog::Flavor::kMySql;
  }

  [[nodiscard]] const Host& host() const { return host_; }

 private:
  Server(Options options, Host host, ServerFacts facts)
      : options_(std::move(options)), host_(std::move(host)), facts_(std::move(facts)) {}

  Options options_;
  Host host_;
  ServerFacts facts_;
};

// The end of the log: what was written to it, be it visible yet or not.
struct LogStatus {
  mysql_binlog::FilePlace place;
  std::string executed;  // MySQL: gtid_executed
};

// kConfig if the server keeps no binary log.
[[nodiscard]] Result<LogStatus> log_status(Connection& session);
// MySQL: whether every transaction has a GTID (gtid_mode = ON). MariaDB: always.
[[nodiscard]] Result<bool> has_gtids(Connection& session);
// MySQL from 9.6 on: foreign keys are left to the storage engine.
[[nodiscard]] Result<bool> native_foreign_keys(Connection& session);
// What foreign keys say to a change (CASCADE, SET NULL) is done below the log: MariaDB, and MySQL but from 9.6 on.
[[nodiscard]] bool hides_key_actions(const Connection& session, bool native_keys);
// MariaDB's GTID state at a place of its log; nullopt if there is no such place. Reads the log file up to the place.
[[nodiscard]] Result<std::optional<mysql_binlog::GtidState>> state_at(Connection& session,
                                                                      const mysql_binlog::FilePlace& place);
// The position behind everything that is committed now.
[[nodiscard]] Result<mysql_binlog::MySqlPosition> head_of(Connection& session);

}  // namespace weft::mysql
