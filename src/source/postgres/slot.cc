// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/slot.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "source/source.h"

namespace weft::postgres {
namespace {

constexpr size_t kNameMax = 63;
constexpr std::string_view kMendLost =
    "; start again with --on-lost-position=resnapshot or repair (or point the URL at the server that has the position)";

Error lost(std::string message) {
  return Error(Blame::kConfig, std::move(message) + std::string(kMendLost), std::string(kPositionLost));
}

// A statement's part of one table. Plain tables alone, without those that inherit from them: they are tables of their own.
std::string published(const CatalogueTable& table) {
  return cat(table.partitioned ? "" : "ONLY ", quote_name(table.schema->name));
}

Result<std::string> publication_statement(Connection& session,
                                          const std::string& name,
                                          const std::vector<CatalogueTable>& tables) {
  TRY_ASSIGN(const Answer there,
             session.query("SELECT puballtables FROM pg_catalog.pg_publication WHERE pubname = $1", {name}));
  TRY_ASSIGN(const Answer listed,
             session.query("SELECT r.prrelid FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON "
                           "p.oid = r.prpubid WHERE p.pubname = $1",
                           {name}));
  std::string missing;
  for (const CatalogueTable& table : tables) {
    bool has = false;
    for (size_t i = 0; i < listed.rows(); ++i) has = has || listed.number(i, 0) == int64_t{table.oid};
    if (!has) missing += cat(missing.empty() ? "" : ", ", published(table));
  }
  const bool all = there.rows() > 0 && there.truth(0, 0);
  if (missing.empty() || all) return std::string();
  const std::string quoted = quote_identifier(name);
  if (there.rows() > 0) return cat("ALTER PUBLICATION ", quoted, " ADD TABLE ", missing);
  return cat("CREATE PUBLICATION ", quoted, " FOR TABLE ", missing, " WITH (publish_via_partition_root = true)");
}

}  // namespace

std::string slot_name(std::string_view database) {
  std::string name = "weft_";
  for (const char c : database) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool upper = c >= 'A' && c <= 'Z';
    name += kept ? c : upper ? static_cast<char>(c - 'A' + 'a') : '_';
  }
  return name.substr(0, kNameMax);
}

Result<SystemIdentity> identify(Connection& walsender) {
  TRY_ASSIGN(const Answer answer, walsender.execute("IDENTIFY_SYSTEM"));
  if (answer.rows() != 1 || answer.columns() < 4) {
    return Error(Blame::kConfig, cat(walsender.where(), " does not identify itself as a PostgreSQL server"));
  }
  SystemIdentity found;
  found.system = answer.text(0, 0);
  found.timeline = static_cast<uint32_t>(answer.number(0, 1));
  found.database = answer.text(0, 3);
  return found;
}

// pg_control_system() and pg_control_checkpoint() are open to everyone (PostgreSQL manual, 9.27.11).
Result<SystemIdentity> identify_by_sql(Connection& session) {
  TRY_ASSIGN(const Answer answer,
             session.execute("SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()), CASE WHEN "
                             "pg_catalog.pg_is_in_recovery() THEN (SELECT timeline_id FROM "
                             "pg_catalog.pg_control_checkpoint()) ELSE ('x' || pg_catalog.left(pg_catalog."
                             "pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8))::bit(32)::bigint END, "
                             "pg_catalog.current_database()"));
  SystemIdentity found;
  found.system = answer.text(0, 0);
  found.timeline = static_cast<uint32_t>(answer.number(0, 1));
  found.database = answer.text(0, 2);
  return found;
}

Result<std::optional<Slot>> find_slot(Connection& session, const std::string& name) {
  TRY_ASSIGN(const Answer found,
             session.query("SELECT coalesce(plugin, ''), coalesce(database, ''), coalesce(confirmed_flush_lsn, '0/0'), "
                           "coalesce(wal_status, '') = 'lost', database = pg_catalog.current_database() FROM "
                           "pg_catalog.pg_replication_slots WHERE slot_name = $1",
                           {name}));
  if (found.rows() == 0) return std::optional<Slot>();
  if (found.text(0, 0) != "pgoutput" || !found.truth(0, 4)) {
    return Error(Blame::kConfig,
                 cat("the replication slot ",
                     name,
                     " is of another kind (plugin ",
                     found.text(0, 0),
                     ", database ",
                     found.text(0, 1),
                     "); drop it, or let it be renamed: SELECT pg_drop_replication_slot('",
                     name,
                     "')"));
  }
  Slot slot;
  TRY_ASSIGN(slot.confirmed, parse_lsn(found.text(0, 2)));
  slot.lost = found.truth(0, 3);
  return std::optional(slot);
}

Result<std::vector<std::string>> missing_statements(Connection& session,
                                                    const std::string& name,
                                                    const std::vector<CatalogueTable>& tables,
                                                    Slots slots) {
  std::vector<std::string> statements;
  TRY_ASSIGN(const std::string publication, publication_statement(session, name, tables));
  if (!publication.empty()) statements.push_back(publication);
  if (slots == Slots::kLeft) return statements;
  TRY_ASSIGN(const auto slot, find_slot(session, name));
  // One that has lost its log is good for nothing any more; the position is judged by the new one.
  if (slot && slot->lost) {
    statements.push_back(cat("SELECT pg_catalog.pg_drop_replication_slot(", quote_literal(name), ")"));
  }
  if (!slot || slot->lost) {
    statements.push_back(
        cat("SELECT pg_catalog.pg_create_logical_replication_slot(", quote_literal(name), ", 'pgoutput')"));
  }
  return statements;
}

Result<std::vector<std::string>> removing_statements(Connection& session, const std::string& name) {
  std::vector<std::string> statements;
  TRY_ASSIGN(const auto slot, find_slot(session, name));
  if (slot) statements.push_back(cat("SELECT pg_catalog.pg_drop_replication_slot(", quote_literal(name), ")"));
  TRY_ASSIGN(const Answer there, session.query("SELECT FROM pg_catalog.pg_publication WHERE pubname = $1", {name}));
  if (there.rows() > 0) statements.push_back(cat("DROP PUBLICATION ", quote_identifier(name)));
  return statements;
}

// The history file's lines: a timeline, where the next one left it, and why (timeline.c).
Status check_timeline(Connection& walsender, const SystemIdentity& now, const PgPosition& from) {
  if (from.timeline == now.timeline) return ok();
  if (from.timeline > now.timeline) {
    return lost(cat("our position ", from.text(), " is of a later timeline than the server's, ", now.timeline));
  }
  TRY_ASSIGN(const Answer history, walsender.execute(cat("TIMELINE_HISTORY ", now.timeline)));
  std::string_view lines = history.rows() == 1 ? history.text(0, 1) : std::string_view();
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, std::min(lines.find('\n'), lines.size()));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    uint32_t timeline = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), timeline);
    if (parsed.ec != std::errc() || timeline != from.timeline) continue;
    line.remove_prefix(static_cast<size_t>(parsed.ptr - line.data()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    TRY_ASSIGN(const uint64_t left, parse_lsn(line.substr(0, std::min(line.find_first_of(" \t"), line.size()))));
    if (from.lsn <= left) return ok();
    return lost(cat("the server that answers left timeline ",
                    timeline,
                    " at ",
                    lsn_text(left),
                    ", before our position ",
                    from.text(),
                    ": it was promoted without the last transactions that weft has applied"));
  }
  return lost(cat("the server's history does not lead from our position ", from.text(), " to timeline ", now.timeline));
}

Status check_slot(Connection& session, const std::string& name, const PgPosition& from) {
  const std::string mend = "; start again with --on-lost-position=resnapshot or repair";
  const auto gone = [&](const std::string& why) {
    return Error(Blame::kConfig, cat(why, mend), std::string(kPositionLost));
  };
  TRY_ASSIGN(const auto slot, find_slot(session, name));
  if (!slot) return gone(cat("there is no replication slot ", name, " at ", session.where()));
  if (slot->lost)
    return gone(cat("the server has removed the log that slot ", name, " needs (max_slot_wal_keep_size)"));
  if (slot->confirmed > from.lsn) {
    return gone(cat("slot ", name, " begins at ", lsn_text(slot->confirmed), ", behind our position ", from.text()));
  }
  TRY_ASSIGN(const Answer now, session.query("SELECT pg_catalog.pg_current_wal_insert_lsn()", {}));
  TRY_ASSIGN(const uint64_t end, parse_lsn(now.text(0, 0)));
  if (from.lsn <= end) return ok();
  return gone(cat("our position ", from.text(), " is ahead of the server's log, which ends at ", lsn_text(end)));
}

std::string without_identity(const std::vector<CatalogueTable>& tables) {
  std::string out;
  for (const CatalogueTable& table : tables) {
    if (!table.identity_columns.empty()) continue;
    out += cat(out.empty() ? "" : "; ",
               "table ",
               table.schema->name.text(),
               " has no replica identity, so its log does not say which row an update or delete is of: ALTER TABLE ",
               quote_name(table.schema->name),
               " REPLICA IDENTITY FULL, or leave it out with --exclude");
  }
  return out;
}

// Each partition logs by an identity of its own.
Result<std::string> without_old_values(Connection& session, const TableName& table) {
  TRY_ASSIGN(
      const Answer found,
      session.query("SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON "
                    "n.oid = c.relnamespace WHERE c.relreplident <> 'f' AND (c.oid = pg_catalog.to_regclass($1) OR "
                    "c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)))) ORDER "
                    "BY c.oid LIMIT 1",
                    {quote_name(table)}));
  if (found.rows() == 0) return std::string();
  return cat("its replica identity is not FULL, so the log has old values of its key only: ALTER TABLE ",
             quote_name({std::string(found.text(0, 0)), std::string(found.text(0, 1))}),
             " REPLICA IDENTITY FULL");
}

}  // namespace weft::postgres
