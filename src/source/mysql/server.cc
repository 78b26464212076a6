// SPDX-License-Identifier: Apache-2.0
#include "source/mysql/server.h"

#include <charconv>

#include "base/text.h"
#include "engine/mysql/errors.h"
#include "engine/mysql/quote.h"
#include "source/source.h"

namespace weft::mysql {
namespace {

using mysql_binlog::FilePlace;
using mysql_binlog::GtidSet;
using mysql_binlog::GtidState;
using mysql_binlog::MySqlPosition;

static_assert(kPositionLostCode == kPositionLost);
static_assert(kUnreachableCode == kUnreachable);
static_assert(kSchemaChangedCode == kSchemaChanged);

// Where a log file's first event stands.
constexpr uint64_t kLogStart = 4;
constexpr int kQuietTries = 3;
constexpr Timeouts kQuickly = {std::chrono::seconds(1), std::chrono::seconds(1), std::chrono::seconds(1)};

uint64_t number(const std::string& text) {
  uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

// The GTIDs at the end of the log, and that end. SHOW MASTER STATUS waits for what is being written, so a
// log that ends at the same place before and after gtid_binlog_pos was read ends with it. Only a log that never stands still
// is asked with BINLOG_GTID_POS, for which the server reads the file from its begin (0.7 s per GiB).
Result<MySqlPosition> mariadb_head(Connection& session, FilePlace end) {
  MySqlPosition head;
  head.form = MySqlPosition::Form::kMariaDbGtid;
  for (int tries = 0; tries < kQuietTries; ++tries) {
    TRY_ASSIGN(const auto now, session.value("SELECT @@global.gtid_binlog_pos"));
    TRY_ASSIGN(LogStatus later, log_status(session));
    if (later.place == end) {
      TRY_ASSIGN(head.state, GtidState::parse(now.value_or("")));
      head.place = std::move(end);
      return head;
    }
    end = std::move(later.place);
  }
  TRY_ASSIGN(std::optional<GtidState> state, state_at(session, end));
  if (state) {
    head.state = *std::move(state);
    head.place = std::move(end);
    return head;
  }
  // The log was rotated or reset between the two questions: the GTIDs alone are a position.
  TRY_ASSIGN(const auto now, session.value("SELECT @@global.gtid_binlog_pos"));
  TRY_ASSIGN(head.state, GtidState::parse(now.value_or("")));
  return head;
}

}  // namespace

Result<Server> Server::find(const Options& options) {
  std::optional<Error> first;
  std::optional<Server> read_only;
  const size_t hosts = options.socket.empty() ? options.hosts.size() : 1;
  for (size_t i = 0; i < hosts; ++i) {
    Result<Connection> session = Connection::open(options, options.hosts[i], {});
    if (!session) {
      if (!first) first = session.error();
      continue;
    }
    Server found(options, options.hosts[i], session->facts());
    if (!session->facts().read_only || hosts == 1) return found;
    if (!read_only) read_only = std::move(found);
  }
  if (read_only) return *std::move(read_only);
  return *std::move(first);
}

Result<Connection> Server::open(const Timeouts& timeouts) const {
  TRY_ASSIGN(Connection session, Connection::open(options_, host_, timeouts));
  if (session.facts().identity != facts_.identity) {
    return Error(Blame::kTransient,
                 cat("another server answers at ",
                     session.address(),
                     " now: ",
                     session.facts().identity,
                     " instead of ",
                     facts_.identity,
                     "; name one server, not a load balancer, as the source"));
  }
  return session;
}

std::optional<Connection> Server::writable_elsewhere() const {
  if (!options_.several() || !facts_.read_only) return std::nullopt;
  const Result<Connection> here = open(kQuickly);
  if (here && !here->facts().read_only) return std::nullopt;
  for (const Host& other : options_.hosts) {
    if (other == host_) continue;
    Result<Connection> session = Connection::open(options_, other, kQuickly);
    if (session && !session->facts().read_only) return *std::move(session);
  }
  return std::nullopt;
}

Result<LogStatus> log_status(Connection& session) {
  const bool renamed = !session.mariadb() && session.facts().version >= 80200;
  TRY_ASSIGN(const Rows rows, session.query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS"));
  if (rows.empty()) {
    return Error(Blame::kConfig,
                 cat("the server at ", session.address(), " keeps no binary log; start it with log_bin"));
  }
  LogStatus status;
  status.place = {rows.text(0, 0), number(rows.text(0, 1))};
  status.executed = rows.named("Executed_Gtid_Set");
  return status;
}

Result<bool> has_gtids(Connection& session) {
  if (session.mariadb()) return true;
  TRY_ASSIGN(const auto mode, session.variable("gtid_mode"));
  return mode.value_or("OFF") == "ON";
}

Result<std::optional<GtidState>> state_at(Connection& session, const FilePlace& place) {
  TRY_ASSIGN(const auto text,
             session.value(cat("SELECT BINLOG_GTID_POS(", quote_literal(place.file), ",", place.offset, ")")));
  if (!text) return std::optional<GtidState>();
  TRY_ASSIGN(GtidState state, GtidState::parse(*text));
  return std::optional(std::move(state));
}

Result<MySqlPosition> head_of(Connection& session) {
  TRY_ASSIGN(const LogStatus end, log_status(session));
  if (session.mariadb()) return mariadb_head(session, end.place);
  TRY_ASSIGN(const bool gtids, has_gtids(session));
  if (!gtids) return MySqlPosition::at_file(end.place.file, end.place.offset);
  MySqlPosition head;
  head.form = MySqlPosition::Form::kMySqlGtid;
  // The set lags behind the log by what commits right now, so the end of the log would be too far. All that is in older
  // files has been committed: a file is closed only then.
  head.place = {end.place.file, kLogStart};
  TRY_ASSIGN(const auto executed, session.value("SELECT @@global.gtid_executed"));
  TRY_ASSIGN(head.set, GtidSet::parse(executed.value_or("")));
  return head;
}

Result<bool> native_foreign_keys(Connection& session) {
  if (session.mariadb()) return false;
  TRY_ASSIGN(const auto native, session.variable("innodb_native_foreign_keys"));
  return native.value_or("") == "ON" || native.value_or("") == "1";
}

bool hides_key_actions(const Connection& session, bool native_keys) {
  return session.mariadb() || session.facts().version < 90600 || native_keys;
}

}  // namespace weft::mysql
