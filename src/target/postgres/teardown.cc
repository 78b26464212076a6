// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/teardown.h"

#include "base/text.h"
#include "engine/postgres/quote.h"
#include "target/postgres/progress.h"

namespace weft::postgres {
namespace {

constexpr std::string_view kTables[] = {
    "progress_log", "table_state", "schema_version", "prepared", "dead_letter", "recent_keys", "lease"};

// Sequences that a column of the table takes its values from: identities and serials own theirs, defaults may name any. Those
// that count downwards go below the data.
constexpr std::string_view kSequencesSql =
    "SELECT DISTINCT a.attname, n.nspname, s.relname, q.seqincrement < 0 FROM pg_attribute a JOIN LATERAL ("
    "SELECT d.objid AS id FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = "
    "'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i') UNION "
    "SELECT d.refobjid FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid "
    "AND "
    "d.refclassid = 'pg_class'::regclass WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) AS behind ON true JOIN "
    "pg_class s ON s.oid = behind.id AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid JOIN pg_namespace n "
    "ON n.oid = s.relnamespace WHERE a.attrelid = to_regclass($1) AND a.atttypid IN (20, 21, 23, "
    "1700) ORDER BY 2, 3";

// Moves it only onwards, and not at all where there are no rows.
std::string move_sequence(const TableName& table, const std::string& column, const TableName& sequence, bool down) {
  return cat("SELECT setval(",
             quote_literal(quote_name(sequence)),
             ", data.last) FROM (SELECT ",
             down ? "min(" : "max(",
             quote_identifier(column),
             ")::bigint AS last FROM ",
             quote_name(table),
             ") AS data, ",
             quote_name(sequence),
             " AS now WHERE data.last ",
             down ? "<=" : ">=",
             " now.last_value");
}

Status add_sequences(Connection& connection, const TableName& table, std::vector<std::string>& statements) {
  TRY_ASSIGN(const Answer found, connection.query(std::string(kSequencesSql), {quote_name(table)}));
  for (size_t i = 0; i < found.rows(); ++i) {
    const TableName sequence{std::string(found.text(i, 1)), std::string(found.text(i, 2))};
    statements.push_back(move_sequence(table, std::string(found.text(i, 0)), sequence, found.truth(i, 3)));
  }
  return ok();
}

Status add_cutover(Connection& connection, const Teardown& request, std::vector<std::string>& statements) {
  TRY_ASSIGN(const std::vector<TableStateRow> tables, read_states(connection, request.pipeline));
  for (const TableStateRow& row : tables) {
    if (row.state != TableState::kStreaming) {
      return Error(
                 Blame::kConfig,
                 cat("table ",
                     row.table.text(),
                     " is ",
                     to_string(row.state),
                     ", not streaming: the target does not hold all of it; let `weft run --until now` finish first, or "
                     "leave out --cutover"))
          .about(row.table.text());
    }
    const TableName there{request.schema.empty() ? row.table.schema : request.schema, row.table.table};
    TRY(add_sequences(connection, there, statements));
  }
  return ok();
}

// Rows are gone for good where they are kept nowhere else.
Status check_dead_letters(Connection& connection, const std::string& pipeline) {
  TRY_ASSIGN(const Answer letters,
             connection.query("SELECT count(*) FROM _weft.dead_letter WHERE pipeline = $1", {pipeline}));
  if (letters.number(0, 0) == 0) return ok();
  return Error(Blame::kConfig,
               cat("pipeline ",
                   pipeline,
                   " has ",
                   letters.number(0, 0),
                   " dead letters, which are kept nowhere else; weft dead-letters replay applies them, "
                   "weft dead-letters discard lets go of them"));
}

}  // namespace

Result<std::vector<std::string>> teardown_statements(Connection& connection, const Teardown& request) {
  TRY_ASSIGN(
      const Answer known,
      connection.query("SELECT DISTINCT pipeline FROM (SELECT pipeline FROM _weft.lease UNION SELECT pipeline FROM "
                       "_weft.progress_log UNION SELECT pipeline FROM _weft.dead_letter) AS p ORDER BY 1",
                       {}));
  std::string others;
  bool ours = false;
  for (size_t i = 0; i < known.rows(); ++i) {
    const std::string_view name = known.text(i, 0);
    ours = ours || name == request.pipeline;
    if (name != request.pipeline) others += cat(others.empty() ? "" : ", ", name);
  }
  if (!ours && !others.empty()) {
    return Error(Blame::kConfig,
                 cat("pipeline ", request.pipeline, " never ran into ", connection.where(), ", which knows ", others));
  }
  TRY(check_dead_letters(connection, request.pipeline));
  std::vector<std::string> statements;
  if (request.cutover) TRY(add_cutover(connection, request, statements));
  for (const std::string_view table : kTables) {
    statements.push_back(cat("DELETE FROM _weft.", table, " WHERE pipeline = ", quote_literal(request.pipeline)));
  }
  TRY_ASSIGN(
      const Answer owner,
      connection.query("SELECT bool_and(pg_has_role(c.relowner, 'USAGE')) AND bool_and(pg_has_role(n.nspowner, "
                       "'USAGE')) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                       "'_weft' AND c.relkind IN ('r', 'v')",
                       {}));
  if (!others.empty() || !owner.truth(0, 0)) return statements;
  // No CASCADE: what someone built upon them is theirs.
  statements.emplace_back("DROP VIEW _weft.progress");
  statements.emplace_back(
      "DROP TABLE _weft.progress_log, _weft.lease, _weft.table_state, _weft.schema_version, _weft.prepared, "
      "_weft.dead_letter, _weft.recent_keys, "
      "_weft.version");
  statements.emplace_back("DROP SCHEMA _weft");
  return statements;
}

}  // namespace weft::postgres
