// SPDX-License-Identifier: Apache-2.0
// check_position: a position against what the server has executed and what it still keeps (hard cases 5 and 6), before the
// stream is opened: a server asked for what it does not have may skip silently, or say so in words that help nobody.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "engine/mysql/quote.h"
#include "source/mysql/source_impl.h"

namespace weft::mysql {
namespace {

using mysql_binlog::FilePlace;
using mysql_binlog::Gtid;
using mysql_binlog::GtidSet;
using mysql_binlog::GtidState;
using mysql_binlog::MySqlPosition;

constexpr std::string_view kMend =
    "; start again with --on-lost-position=resnapshot or repair (or point the URL at the server that has the position)";

Error lost(std::string message) {
  return Error(Blame::kConfig, std::move(message) + std::string(kMend), std::string(kPositionLost));
}

// The server lacks a part of our position.
Error never_had(const Connection& session, Hosts hosts, std::string message) {
  if (hosts == Hosts::kOne || !session.facts().read_only) return lost(std::move(message));
  return Error(
      Blame::kTransient,
      cat(message, "; it is read-only, a replica that is behind: waiting for it, or for one that is written to"));
}

Status check_set(Connection& session, const MySqlPosition& from, Hosts hosts) {
  TRY_ASSIGN(const bool gtids, has_gtids(session));
  if (!gtids)
    return lost(cat("our position ", from.set.text(), " is in GTIDs, but ", session.address(), " has gtid_mode OFF"));
  TRY_ASSIGN(const auto purged_text, session.value("SELECT @@global.gtid_purged"));
  TRY_ASSIGN(const GtidSet purged, GtidSet::parse(purged_text.value_or("")));
  const GtidSet gone = from.set.missing(purged);
  if (!gone.empty()) {
    return lost(cat("the log of ",
                    session.address(),
                    " no longer holds ",
                    gone.text(),
                    ", which follows our position ",
                    from.set.text(),
                    " (gtid_purged is ",
                    purged.text(),
                    ")"));
  }
  TRY_ASSIGN(const auto executed_text, session.value("SELECT @@global.gtid_executed"));
  TRY_ASSIGN(const GtidSet executed, GtidSet::parse(executed_text.value_or("")));
  const GtidSet ahead = executed.missing(from.set);
  if (ahead.empty()) return ok();
  // What a semi-synchronous server is about to commit has been streamed already: give it a moment.
  TRY(session.query(cat("SELECT WAIT_FOR_EXECUTED_GTID_SET(", quote_literal(ahead.text()), ", 5)")));
  TRY_ASSIGN(const auto later_text, session.value("SELECT @@global.gtid_executed"));
  TRY_ASSIGN(const GtidSet later, GtidSet::parse(later_text.value_or("")));
  if (later.contains(from.set)) return ok();
  return never_had(session,
                   hosts,
                   cat(session.address(),
                       " has never executed ",
                       later.missing(from.set).text(),
                       ", which our position ",
                       from.set.text(),
                       " includes; its gtid_executed is ",
                       later.text()));
}

// gtid_binlog_state holds the last transaction of each pair of domain and server in the log.
Status check_state(Connection& session, const MySqlPosition& from, Hosts hosts) {
  TRY_ASSIGN(const auto text, session.value("SELECT @@global.gtid_binlog_state"));
  std::vector<Gtid> known;
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    TRY_ASSIGN(const GtidState one, GtidState::parse(rest.substr(0, comma)));
    known.insert(known.end(), one.domains().begin(), one.domains().end());
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  for (const Gtid& gtid : from.state.domains()) {
    const bool there = std::any_of(known.begin(), known.end(), [&](const Gtid& k) {
      return k.domain == gtid.domain && k.server == gtid.server && k.sequence >= gtid.sequence;
    });
    if (!there) {
      return never_had(session,
                       hosts,
                       cat("the log of ",
                           session.address(),
                           " has never held ",
                           gtid.text(),
                           " of our position ",
                           from.state.text(),
                           "; its gtid_binlog_state is ",
                           text.value_or("")));
    }
  }
  return ok();
}

Status check_place(Connection& session, const MySqlPosition& from) {
  TRY_ASSIGN(const Rows logs, session.query("SHOW BINARY LOGS"));
  for (size_t i = 0; i < logs.rows.size(); ++i) {
    if (logs.text(i, 0) != from.place.file) continue;
    uint64_t size = 0;
    const std::string text = logs.text(i, 1);
    std::from_chars(text.data(), text.data() + text.size(), size);
    if (from.place.offset <= size) return ok();
    return lost(cat("our position ",
                    from.place.text(),
                    " is behind the end of this file of ",
                    session.address(),
                    ", which has ",
                    size,
                    " bytes"));
  }
  const std::string oldest = logs.rows.empty() ? "none" : logs.text(0, 0);
  return lost(cat(session.address(),
                  " no longer has the log file ",
                  from.place.file,
                  " of our position ",
                  from.place.text(),
                  "; the oldest that it has is ",
                  oldest));
}

}  // namespace

Status check_position(Connection& session, const MySqlPosition& from, Hosts hosts) {
  switch (from.form) {
    case MySqlPosition::Form::kMySqlGtid:
      return check_set(session, from, hosts);
    case MySqlPosition::Form::kMariaDbGtid:
      return check_state(session, from, hosts);
    case MySqlPosition::Form::kFile:
      return check_place(session, from);
  }
  return ok();
}

}  // namespace weft::mysql
