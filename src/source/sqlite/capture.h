// SPDX-License-Identifier: Apache-2.0
// Capture: what `weft setup` keeps in a database so that its changes can be followed: read, compared with the catalogue,
// mended, removed. The connection is the caller's; one thread.
//
//   TRY_ASSIGN(Capture capture, read_capture(db));                 // in the caller's read transaction, or in one of its own
//   TRY_ASSIGN(Mending mending, plan_mending(db, capture, filter, made));
//   if (!mending.statements.empty()) ...                           // what set up would do
//
// mend() does both in one write transaction. Triggers follow the application's DDL where SQLite lets them (names); what they
// lack is told by comparing each trigger's text with the one that the table would get now.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/sqlite/catalogue.h"
#include "model/schema.h"
#include "model/table_filter.h"

namespace weft::sqlite {

struct CapturedTable {
  int64_t shape = 0;
  SchemaRef schema;
  bool active = false;  // its triggers write this shape
};

struct Capture {
  bool there = false;
  std::string database;  // identity of the database
  std::string capture;   // of the log: another one begins where a part of it is missing
  int64_t pruned = 0;    // changes up to here are gone, or may be
  std::map<int64_t, CapturedTable> tables;
  size_t width = 0;  // values of the widest table that fits

  [[nodiscard]] const CapturedTable* active(std::string_view name) const;
};

// `there` is false without the tables.
[[nodiscard]] Result<Capture> read_capture(Connection& db);

// The last change that is visible; 0 without a log.
[[nodiscard]] Result<int64_t> last_change(Connection& db);

// Captured tables as the catalogue has them, those that are refused among them.
[[nodiscard]] Result<std::vector<CatalogTable>> matching_tables(Connection& db, const TableFilter& filter);

struct Mending {
  std::vector<std::string> statements;  // in order
  std::vector<std::string> reasons;     // one for each table, for people
  std::string gap;                      // why what was logged does not hang together: the log begins anew
};

// Random names for what may have to be made.
struct NewNames {
  std::string database;
  std::string capture;
};

[[nodiscard]] NewNames random_names();

// Whether tables that have never been captured are to be: a stream that runs leaves them to the next start, which copies them.
enum class NewTables : uint8_t { kTaken, kLeft };

// kConfig names the tables that are refused.
[[nodiscard]] Result<Mending> plan_mending(
    Connection& db, const Capture& capture, const TableFilter& filter, const NewNames& names, NewTables taken);

// In one write transaction; gives what was done. REQUIRES: a connection that may write, not in a transaction.
[[nodiscard]] Result<Mending> mend(Connection& db, const TableFilter& filter, const NewNames& names, NewTables taken);

// Removes the reader, and with the last one the triggers and the tables; gives the statements, with `dry_run` without running
// them.
[[nodiscard]] Result<std::vector<std::string>> remove_capture(Connection& db, const std::string& reader, bool dry_run);

// Runs them in one write transaction.
[[nodiscard]] Status run_together(Connection& db, const std::vector<std::string>& statements);

}  // namespace weft::sqlite
