// SPDX-License-Identifier: Apache-2.0
// classify(): what a statement of a Query event does, as far as replication must know: which tables it changes in shape,
// empties, or writes rows of. No SQL parser: a tokenizer, and the statements' first words.
//
//   Statement s = classify("ALTER TABLE shop.t ADD x INT", "db", {.mariadb = true});
//   s.verb == Verb::kSchema; s.tables == {{"shop", "t"}}
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/mysql_binlog/gtid_event.h"
#include "model/change.h"

namespace weft::mysql_binlog {

enum class Verb : uint8_t {
  kBegin,
  kCommit,
  kRollback,    // of the whole transaction
  kSavepoint,   // `savepoint` is set
  kRollbackTo,  // ... and what came after it is undone
  kRelease,
  kXaStart,
  kXaEnd,
  kXaPrepare,
  kXaCommit,
  kXaRollback,
  kSchema,      // changes the shape of `tables`, creates or drops them
  kDatabase,    // creates, alters or drops the database tables[0].schema and with it any of its tables
  kTruncate,    // empties `tables`
  kRows,        // writes rows of `tables`
  kStoredCode,  // calls functions or procedures that may write rows of any table
  kHarmless,    // changes neither shape nor rows of tables (users, views, SET ...)
  kUnknown,     // begins with a word that is not known; `tables` holds every name in it
};

struct TableRef {
  std::string schema;
  std::string table;

  bool operator==(const TableRef&) const = default;
};

// A column that ALTER TABLE adds.
struct NewColumn {
  std::string name;
  AddedColumn::Default kind = AddedColumn::Default::kNone;
  std::string text;  // of a literal default
  bool not_null = false;
};

struct Statement {
  Verb verb = Verb::kHarmless;
  std::vector<TableRef> tables;
  bool drops = false;            // kSchema, kDatabase: DROP
  bool creates = false;          // kSchema: CREATE TABLE
  bool renames = false;          // kSchema: a table or a column gets another name
  std::vector<NewColumn> added;  // kSchema: ALTER TABLE ... ADD
  Xid xid;                       // of XA statements
  std::string savepoint;
};

struct SqlDialect {
  bool mariadb = true;       // executes /*M! comments
  bool ansi_quotes = false;  // "x" is a name
  bool no_escapes = false;   // \ in strings means itself
};

// `database` is the statement's default database.
[[nodiscard]] Statement classify(std::string_view sql, std::string_view database, const SqlDialect& dialect);

}  // namespace weft::mysql_binlog
