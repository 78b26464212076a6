// SPDX-License-Identifier: Apache-2.0
#include "target/postgres/progress.h"

#include "base/hex.h"
#include "base/text.h"
#include "model/schema_text.h"
#include "target/postgres/params.h"
#include "target/refusals.h"

namespace weft::postgres {
namespace {

constexpr uint64_t kPruneEvery = 256;  // versions; as many rows stay for readers

// The sub-select locks the row before, so that a removal of old rows can't slip between the look at it and the insert.
const std::string kAdvance =
    "INSERT INTO _weft.progress_log (pipeline, version, epoch, sequence, position, journal_id, source_id, "
    "source_time_us) "
    "VALUES ($1, $2, (SELECT p.epoch FROM _weft.progress_log p WHERE p.pipeline = $1 AND p.version = $3 AND p.epoch = "
    "$4 "
    "FOR KEY SHARE), $5, $6, $7, $8, $9)";

const std::string kPrune = "DELETE FROM _weft.progress_log WHERE pipeline = $1 AND version >= $2 AND version < $3";

const std::string kColumns = "version, epoch, sequence, position, journal_id, source_id, source_time_us";

const std::string kState =
    "INSERT INTO _weft.table_state AS s (pipeline, table_schema, table_name, state_code, state, reason, ranges, rows, "
    "since) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (pipeline, table_schema, table_name) DO UPDATE SET "
    "state_code = EXCLUDED.state_code, state = EXCLUDED.state, reason = EXCLUDED.reason, ranges = EXCLUDED.ranges, "
    "rows = EXCLUDED.rows, since = EXCLUDED.since, changed_at = clock_timestamp()";

const std::string kSchema =
    "INSERT INTO _weft.schema_version (pipeline, table_schema, table_name, version, definition) VALUES ($1, $2, $3, "
    "$4, $5) "
    "ON CONFLICT (pipeline, table_schema, table_name, version) DO UPDATE SET definition = EXCLUDED.definition";

const std::string kKeep =
    "INSERT INTO _weft.prepared (pipeline, name, piece, position, changes) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (pipeline, name, piece) DO UPDATE SET position = EXCLUDED.position, changes = EXCLUDED.changes";

// A name that is used again may have been kept with more pieces.
const std::string kForgetFrom = "DELETE FROM _weft.prepared WHERE pipeline = $1 AND name = $2 AND piece >= $3";

Progress progress_in(const Answer& answer) {
  Progress p;
  p.version = static_cast<uint64_t>(answer.number(0, 0));
  p.epoch = static_cast<uint64_t>(answer.number(0, 1));
  p.sequence = Sequence(static_cast<uint64_t>(answer.number(0, 2)));
  p.position = Position(std::string(answer.text(0, 3)));
  p.journal_id = answer.text(0, 4);
  p.source_id = answer.text(0, 5);
  p.source_time_us = answer.number(0, 6);
  return p;
}

}  // namespace

Status send_advance(
    Pipeline& pipeline, const std::string& name, const Progress& from, const Progress& to, uint64_t tag) {
  Params row;
  row.text(name).number(to.version).number(from.version).number(from.epoch).number(to.sequence.value());
  row.text(to.position.text()).text(to.journal_id).text(to.source_id);
  row.number(static_cast<uint64_t>(to.source_time_us));
  TRY(row.send(pipeline, kAdvance, tag));
  if (to.version % kPruneEvery != 0 || to.version < 2 * kPruneEvery) return ok();
  // Bounded below too: rows that an old snapshot keeps would be walked over again and again.
  Params old;
  old.text(name).number(to.version - 2 * kPruneEvery).number(to.version - kPruneEvery);
  return old.send(pipeline, kPrune, tag);
}

bool is_moved(const ServerError& error) {
  return error.schema == "_weft" && error.table == "progress_log" &&
         (error.sqlstate == "23505" || error.sqlstate == "23502");
}

Error explain_moved(Connection& connection, const std::string& name, const Progress& from) {
  const auto now = read_progress(connection, name);
  if (!now) return now.error().with("reading progress after a refused commit");
  return progress_moved(name, from, *now);
}

Result<std::optional<Progress>> read_progress(Connection& connection, const std::string& name) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT " + kColumns +
                                  " FROM _weft.progress_log WHERE pipeline = $1 "
                                  "ORDER BY version DESC LIMIT 1",
                              {name}));
  if (found.rows() == 0) return std::optional<Progress>();
  return std::optional<Progress>(progress_in(found));
}

Result<std::optional<Progress>> take_over_progress(Connection& connection, const std::string& name, uint64_t epoch) {
  TRY_ASSIGN(
      const Answer taken,
      connection.query("INSERT INTO _weft.progress_log (pipeline, version, epoch, stream, sequence, position, "
                       "journal_id, source_id, source_time_us) SELECT pipeline, version + 1, $2::bigint, stream, "
                       "sequence, position, journal_id, source_id, source_time_us FROM _weft.progress_log WHERE "
                       "pipeline = $1 ORDER BY version DESC LIMIT 1 RETURNING " +
                           kColumns,
                       {name, cat(epoch)}));
  if (taken.rows() == 0) return std::optional<Progress>();
  const Progress now = progress_in(taken);
  TRY(connection.query("DELETE FROM _weft.progress_log WHERE pipeline = $1 AND version < $2::bigint",
                       {name, cat(now.version < kPruneEvery ? 0 : now.version - kPruneEvery)}));
  return std::optional<Progress>(now);
}

Status insert_progress(Connection& connection, const std::string& name, const Progress& p) {
  TRY(connection.query(
      "INSERT INTO _weft.progress_log (pipeline, version, epoch, sequence, position, journal_id, source_id, "
      "source_time_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {name,
       cat(p.version),
       cat(p.epoch),
       cat(p.sequence.value()),
       p.position.text(),
       p.journal_id,
       p.source_id,
       cat(p.source_time_us)}));
  return ok();
}

Status send_states(Pipeline& pipeline,
                   const std::string& name,
                   const std::vector<TableStateRow>& states,
                   uint64_t tag) {
  for (const TableStateRow& state : states) {
    Params row;
    row.text(name).text(state.table.schema).text(state.table.table).number(static_cast<uint8_t>(state.state));
    row.text(to_string(state.state)).text(state.reason).text(state.ranges).number(state.rows).text(state.since);
    TRY(row.send(pipeline, kState, tag));
  }
  return ok();
}

Status send_schemas(Pipeline& pipeline, const std::string& name, const std::vector<SchemaRef>& schemas, uint64_t tag) {
  for (const SchemaRef& schema : schemas) {
    Params row;
    row.text(name)
        .text(schema->name.schema)
        .text(schema->name.table)
        .number(schema->version)
        .text(encode_schema(*schema));
    TRY(row.send(pipeline, kSchema, tag));
  }
  return ok();
}

Status send_prepared(Pipeline& pipeline,
                     const std::string& name,
                     const std::vector<PreparedStepRef>& steps,
                     uint64_t tag) {
  for (const PreparedStepRef& step : steps) {
    if (step->forget || step->piece == 0) {
      Params old;
      TRY(old.text(name).text(step->name).number(0).send(pipeline, kForgetFrom, tag));
    }
    if (step->forget) continue;
    Params row;
    row.text(name).text(step->name).number(step->piece).text(step->position).bytes(step->changes);
    TRY(row.send(pipeline, kKeep, tag));
  }
  return ok();
}

Result<std::vector<PreparedName>> read_prepared(Connection& connection, const std::string& name) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT name, count(*) FROM _weft.prepared WHERE pipeline = $1 GROUP BY 1", {name}));
  std::vector<PreparedName> names;
  for (size_t i = 0; i < found.rows(); ++i) {
    names.push_back({std::string(found.text(i, 0)), static_cast<uint64_t>(found.number(i, 1))});
  }
  return names;
}

Result<std::string> read_prepared_piece(Connection& connection,
                                        const std::string& name,
                                        const std::string& transaction,
                                        uint64_t piece) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT encode(changes, 'hex') FROM _weft.prepared WHERE pipeline = $1 AND name = $2 AND "
                              "piece = $3::bigint",
                              {name, transaction, cat(piece)}));
  if (found.rows() != 1) {
    // Whoever took the pipeline over may have committed it: opening again tells.
    return Error(Blame::kTransient,
                 cat("_weft.prepared lacks piece ", piece, " of the prepared transaction ", transaction));
  }
  return from_hex(found.text(0, 0));
}

Result<std::vector<TableStateRow>> read_states(Connection& connection, const std::string& name) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT table_schema, table_name, state_code, reason, ranges, rows, since FROM "
                              "_weft.table_state WHERE pipeline = $1 ORDER BY 1, 2",
                              {name}));
  std::vector<TableStateRow> states;
  for (size_t i = 0; i < found.rows(); ++i) {
    const int64_t code = found.number(i, 2);
    if (code < 0 || code > static_cast<int64_t>(TableState::kFailed)) {
      return Error(Blame::kConfig,
                   cat("_weft.table_state holds an unknown state ", code, " for table ", found.text(i, 1)));
    }
    TableStateRow state;
    state.table = {std::string(found.text(i, 0)), std::string(found.text(i, 1))};
    state.state = static_cast<TableState>(code);
    state.reason = found.text(i, 3);
    state.ranges = found.text(i, 4);
    state.rows = static_cast<uint64_t>(found.number(i, 5));
    state.since = found.text(i, 6);
    states.push_back(std::move(state));
  }
  return states;
}

Status write_wish(Connection& connection,
                  const std::string& name,
                  const std::vector<std::string>& tables,
                  std::string_view what) {
  TRY(connection.execute("BEGIN"));
  if (tables.empty()) {
    const std::string sql =
        what == kAskedToPause
            ? "INSERT INTO _weft.table_state (pipeline, table_schema, table_name, state_code, state, reason, "
              "ranges, rows, since) VALUES ($1, '', '', 4, 'paused', $2, '', 0, '') ON CONFLICT (pipeline, "
              "table_schema, "
              "table_name) DO UPDATE SET reason = $2"
            : "DELETE FROM _weft.table_state WHERE pipeline = $1 AND table_name = '' AND $2 <> ''";
    TRY(connection.query(sql, {name, std::string(what)}));
  }
  for (const std::string& table : tables) {
    TRY_ASSIGN(const Answer found,
               connection.query("UPDATE _weft.table_state SET reason = $3 WHERE pipeline = $1 AND table_name <> '' AND "
                                "(table_name = $2 OR table_schema || '.' || table_name = $2)",
                                {name, table, std::string(what)}));
    if (found.affected() == 0) {
      return Error(
          Blame::kConfig,
          cat("pipeline ", name, " has no table ", table, " at this target; weft status lists those that it has"));
    }
  }
  TRY(connection.execute("COMMIT"));
  return ok();
}

Result<bool> read_wishes(Connection& connection, const std::string& name) {
  TRY_ASSIGN(
      const Answer found,
      connection.query("SELECT EXISTS (SELECT FROM _weft.table_state WHERE pipeline = $1 AND reason IN ($2, $3))",
                       {name, std::string(kAskedToPause), std::string(kAskedToResume)}));
  return found.truth(0, 0);
}

namespace {

Result<std::vector<SchemaRef>> schemas_in(const Answer& found) {
  std::vector<SchemaRef> schemas;
  for (size_t i = 0; i < found.rows(); ++i) {
    TRY_ASSIGN(TableSchema schema, decode_schema(found.text(i, 0)));
    schemas.push_back(std::make_shared<const TableSchema>(std::move(schema)));
  }
  return schemas;
}

}  // namespace

Result<std::vector<SchemaRef>> read_schemas(Connection& connection, const std::string& name) {
  TRY_ASSIGN(
      const Answer found,
      connection.query("SELECT DISTINCT ON (table_schema, table_name) definition FROM _weft.schema_version WHERE "
                       "pipeline = $1 ORDER BY table_schema, table_name, version DESC",
                       {name}));
  return schemas_in(found);
}

Result<std::vector<SchemaRef>> read_schema_history(Connection& connection, const std::string& name) {
  TRY_ASSIGN(const Answer found,
             connection.query("SELECT definition FROM _weft.schema_version WHERE pipeline = $1 ORDER BY table_schema, "
                              "table_name, version",
                              {name}));
  return schemas_in(found);
}

Status prune_schemas(Connection& connection, const std::string& name) {
  TRY(connection.query(
      "DELETE FROM _weft.schema_version AS old USING _weft.schema_version AS latest WHERE old.pipeline = $1 AND "
      "latest.pipeline = $1 AND latest.table_schema = old.table_schema AND latest.table_name = old.table_name AND "
      "latest.version > old.version AND NOT EXISTS (SELECT FROM _weft.dead_letter WHERE pipeline = $1) AND NOT "
      "EXISTS (SELECT FROM _weft.prepared WHERE pipeline = $1)",
      {name}));
  return ok();
}

}  // namespace weft::postgres
