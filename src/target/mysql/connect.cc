// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/connect.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace weft::mysql {
namespace {

// Invalid and zero dates are values that a source may hold; all else that a server would change is an error. Zero is a key like
// others.
constexpr std::string_view kStrict =
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,"
    "ALLOW_INVALID_DATES', foreign_key_checks=1, unique_checks=1";

}  // namespace

Result<Connection> open_any(const Options& options, const SessionFlags& flags) {
  std::optional<Error> first;
  std::optional<Connection> read_only;
  const size_t hosts = options.socket.empty() ? options.hosts.size() : 1;
  for (size_t i = 0; i < hosts; ++i) {
    Result<Connection> session = Connection::open(options, options.hosts[i], {}, flags);
    if (!session) {
      if (!first) first = session.error();
      continue;
    }
    if (!session->facts().read_only || hosts == 1) return session;
    if (!read_only) read_only = std::move(session).value();
  }
  if (read_only) return *std::move(read_only);
  return *std::move(first);
}

Result<Connection> open_writer(const Options& options) {
  TRY_ASSIGN(Connection session, open_any(options, {.found_rows = true}));
  TRY(session.execute(kStrict));
  TRY(session.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  TRY(session.execute("SET SESSION innodb_lock_wait_timeout = 60"));
  TRY(session.execute("SET SESSION autocommit = 0"));
  return session;
}

Result<Connection> open_control(const Options& options) {
  TRY_ASSIGN(Connection session, open_any(options, {.found_rows = true}));
  TRY(session.execute(kStrict));
  TRY(session.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  TRY(session.execute("SET SESSION innodb_lock_wait_timeout = 1"));
  return session;
}

Result<size_t> packet_limit(Connection& session) {
  TRY_ASSIGN(const auto text, session.value("SELECT @@max_allowed_packet"));
  size_t bytes = 0;
  const std::string limit = text.value_or("");
  std::from_chars(limit.data(), limit.data() + limit.size(), bytes);
  if (bytes == 0) return Error(Blame::kTransient, cat(session.address(), " does not tell its max_allowed_packet"));
  return bytes;
}

}  // namespace weft::mysql
