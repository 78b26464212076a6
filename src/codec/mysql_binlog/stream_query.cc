// SPDX-License-Identifier: Apache-2.0
// Statements: what ends and begins transactions, what changes the shape of captured tables, and what may not be there.
#include <algorithm>

#include "base/text.h"
#include "codec/mysql_binlog/charset.h"
#include "codec/mysql_binlog/stream_impl.h"

namespace weft::mysql_binlog {
namespace {

// The fixed part of an Execute_load_query event that a Query event has not: file id, the file name's place, duplicates.
constexpr size_t kQueryHead = 13;
constexpr size_t kLoadHead = 13;
constexpr size_t kShownBytes = 200;

Error as_statement(std::string_view why, std::string_view sql) {
  return Error(Blame::kConfig, cat(why, ": ", sql.substr(0, kShownBytes)), std::string(kStatementFormat));
}

}  // namespace

Status BinlogStream::Impl::query(const EventHeader& header, std::string_view body, bool compressed) {
  TRY_ASSIGN(const QueryEvent event, parse_query(body, compressed, arena_));
  // What nearly every transaction of MySQL has, without ado.
  if (event.statement == "BEGIN") return control(header, Verb::kBegin, Xid());
  if (event.statement == "COMMIT") return control(header, Verb::kCommit, Xid());
  TRY_ASSIGN(const std::string_view sql, utf8(event));
  const SqlDialect dialect{.mariadb = options_.flavor == Flavor::kMariaDb,
                           .ansi_quotes = (event.sql_mode & kModeAnsiQuotes) != 0,
                           .no_escapes = (event.sql_mode & kModeNoBackslashEscapes) != 0};
  const Statement classified = classify(sql, event.database, dialect);
  if (classified.verb == Verb::kSavepoint && tx_.begun) return set_savepoint(classified.savepoint), ok();
  if (classified.verb == Verb::kRollbackTo && tx_.begun) return roll_back_to(classified.savepoint);
  if (classified.verb <= Verb::kXaRollback) return control(header, classified.verb, classified.xid);
  if (!tx_.open) TRY(open_transaction(header));
  TRY(statement(classified, sql));
  if (!tx_.begun) close_transaction();
  return ok();
}

// LOAD DATA whose file came in the events before: a statement that writes rows, like any other.
Status BinlogStream::Impl::execute_load(const EventHeader& header, std::string_view body) {
  if (body.size() < kQueryHead + kLoadHead) return corrupt("load event");
  std::string as_query(body.substr(0, kQueryHead));
  as_query += body.substr(kQueryHead + kLoadHead);
  return query(header, as_query, false);
}

Result<std::string_view> BinlogStream::Impl::utf8(const QueryEvent& event) {
  TRY_ASSIGN(Transcoder to_utf8, Transcoder::open(charset_of_collation(event.collation)));
  return to_utf8(event.statement, arena_);
}

void BinlogStream::Impl::set_savepoint(const std::string& name) {
  const size_t before = builder_.in_transaction() ? builder_.pending_changes() : 0;
  tx_.savepoints.emplace_back(name, before);
}

Status BinlogStream::Impl::roll_back_to(const std::string& name) {
  const auto at = std::find_if(
      tx_.savepoints.rbegin(), tx_.savepoints.rend(), [&](const auto& savepoint) { return savepoint.first == name; });
  if (at == tx_.savepoints.rend()) return corrupt(cat("ROLLBACK TO ", name, ", which was not set"));
  return undo(at->second, cat("to the savepoint ", name));
}

// What is rolled back is in the log only where tables that can't roll back were changed as well: the rows of those stand.
Status BinlogStream::Impl::undo(size_t from, std::string_view what) {
  if (tx_.cut) {
    return Error(Blame::kConfig,
                 cat("a transaction that is too large to be held was rolled back ",
                     what,
                     ", in the log behind what it undoes; make a new snapshot"),
                 std::string(kStatementFormat));
  }
  if (!builder_.in_transaction()) return ok();
  builder_.take_back(from, [this](const Change& change) {
    const auto* row = std::get_if<RowChange>(&change);
    return row != nullptr && catalogue_.rolls_back(row->schema->name);
  });
  if (builder_.pending_changes() == 0) (void)builder_.abandon();
  return ok();
}

// REQUIRES: verb <= kXaRollback.
Status BinlogStream::Impl::control(const EventHeader& header, Verb verb, const Xid& xid) {
  if (!tx_.open) TRY(open_transaction(header));
  switch (verb) {
    case Verb::kBegin:
      tx_.begun = true;
      return ok();
    case Verb::kRollback:
      TRY(undo(0, "as a whole"));
      [[fallthrough]];
    case Verb::kCommit:
      close_transaction();
      return ok();
    case Verb::kXaStart:
      tx_.begun = true;
      tx_.xa = true;
      tx_.xid = xid;
      return ok();
    case Verb::kXaPrepare:
      return prepare(xid);
    case Verb::kXaCommit:
      // ONE PHASE: the end of the very transaction whose rows came before.
      if (tx_.begun) break;
      complete(TwoPhase::Step::kCommit, xid);
      return ok();
    case Verb::kXaRollback:
      complete(TwoPhase::Step::kRollback, xid);
      return ok();
    default:  // savepoints outside of a transaction, XA END
      if (!tx_.begun) close_transaction();
      return ok();
  }
  tx_.xa = false;
  close_transaction();
  return ok();
}

bool BinlogStream::Impl::any_captured(const Statement& statement) {
  return std::any_of(statement.tables.begin(), statement.tables.end(), [this](const TableRef& ref) {
    return !ref.table.empty() && catalogue_.captured(ref.schema, ref.table);
  });
}

Status BinlogStream::Impl::statement(const Statement& statement, std::string_view sql) {
  switch (statement.verb) {
    case Verb::kSchema:
    case Verb::kDatabase:
      // MariaDB logs a two-phase ALTER at its start and at its end; only a committed end has an effect.
      if ((tx_.alter & (MariaGtidEvent::kStartAlter | MariaGtidEvent::kRollbackAlter)) != 0) return ok();
      return change_schemas(statement, sql);
    case Verb::kTruncate:
      return truncate(statement);
    case Verb::kRows:
      if (!any_captured(statement)) return ok();
      return as_statement(
          "a captured table was changed by a statement that is not in the log as rows; "
          "set binlog_format=ROW everywhere and make a new snapshot",
          sql);
    case Verb::kStoredCode:
      return as_statement(
          "a statement that calls stored code is not in the log as rows, so its effect on captured tables is "
          "unknown; set binlog_format=ROW everywhere and make a new snapshot",
          sql);
    case Verb::kUnknown:
      if (!any_captured(statement)) return ok();
      return as_statement("a statement of a kind that is not known names a captured table", sql);
    default:
      return ok();
  }
}

Status BinlogStream::Impl::change_schemas(const Statement& statement, std::string_view sql) {
  if (statement.verb == Verb::kDatabase && !statement.drops) return ok();
  const std::string_view kept = arena_.copy(sql);
  bool any = false;
  std::vector<TableRef> tables;
  for (const TableRef& ref : statement.tables) {
    tables.push_back(ref);
    if (!ref.table.empty()) continue;
    for (std::string& table : catalogue_.tables_of(ref.schema)) tables.push_back({ref.schema, std::move(table)});
  }
  for (const TableRef& ref : tables) {
    if (!catalogue_.captured(ref.schema, ref.table)) continue;
    // A change of shape in the middle of a transaction (CREATE TABLE ... SELECT) is a fragment of its own.
    if (!any && builder_.in_transaction()) cut_fragment();
    SchemaRef before;
    if (!ref.table.empty()) {
      TRY_ASSIGN(before, catalogue_.lookup(ref.schema, ref.table));
    }
    if (!builder_.in_transaction()) open_builder();
    if (before != nullptr) builder_.keep(before);
    builder_.add(SchemaChange{before.get(),
                              arena_.copy(ref.schema),
                              arena_.copy(ref.table),
                              kept,
                              statement.drops,
                              statement.creates,
                              statement.renames,
                              keep_added(statement)});
    any = true;
  }
  if (!any) return ok();
  for (const TableRef& ref : statement.tables) {
    if (catalogue_.captured(ref.schema, ref.table)) catalogue_.schema_changed(ref.schema, ref.table);
  }
  forget_tables();
  if (tx_.begun) cut_fragment();
  return ok();
}

std::span<const AddedColumn> BinlogStream::Impl::keep_added(const Statement& statement) {
  const std::span<AddedColumn> kept = arena_.array<AddedColumn>(statement.added.size());
  for (size_t i = 0; i < kept.size(); ++i) {
    const NewColumn& column = statement.added[i];
    kept[i] = {arena_.copy(column.name), column.kind, arena_.copy(column.text), column.not_null};
  }
  return kept;
}

Status BinlogStream::Impl::truncate(const Statement& statement) {
  for (const TableRef& ref : statement.tables) {
    if (!catalogue_.captured(ref.schema, ref.table)) continue;
    TRY_ASSIGN(const SchemaRef schema, catalogue_.lookup(ref.schema, ref.table));
    if (schema == nullptr) {
      return Error(Blame::kConfig,
                   cat("TRUNCATE of ", ref.schema, ".", ref.table, ", whose shape is not known"),
                   std::string(kSchemaUnknown));
    }
    if (!builder_.in_transaction()) open_builder();
    builder_.keep(schema);
    builder_.add(Truncate{schema.get()});
  }
  return ok();
}

}  // namespace weft::mysql_binlog
