// SPDX-License-Identifier: Apache-2.0
// Result codes: sqlite.org/rescode.html.
#include <array>
#include <sqlite3.h>

#include "base/text.h"
#include "engine/sqlite/connection.h"

namespace weft::sqlite {
namespace {

struct CodeName {
  int code;
  std::string_view name;
};

constexpr std::array kNames = {
    CodeName{SQLITE_ERROR, "SQLITE_ERROR"},
    CodeName{SQLITE_PERM, "SQLITE_PERM"},
    CodeName{SQLITE_BUSY, "SQLITE_BUSY"},
    CodeName{SQLITE_LOCKED, "SQLITE_LOCKED"},
    CodeName{SQLITE_NOMEM, "SQLITE_NOMEM"},
    CodeName{SQLITE_READONLY, "SQLITE_READONLY"},
    CodeName{SQLITE_INTERRUPT, "SQLITE_INTERRUPT"},
    CodeName{SQLITE_IOERR, "SQLITE_IOERR"},
    CodeName{SQLITE_CORRUPT, "SQLITE_CORRUPT"},
    CodeName{SQLITE_FULL, "SQLITE_FULL"},
    CodeName{SQLITE_CANTOPEN, "SQLITE_CANTOPEN"},
    CodeName{SQLITE_SCHEMA, "SQLITE_SCHEMA"},
    CodeName{SQLITE_TOOBIG, "SQLITE_TOOBIG"},
    CodeName{SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"},
    CodeName{SQLITE_MISMATCH, "SQLITE_MISMATCH"},
    CodeName{SQLITE_AUTH, "SQLITE_AUTH"},
    CodeName{SQLITE_NOTADB, "SQLITE_NOTADB"},
    CodeName{SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK"},
    CodeName{SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY"},
    CodeName{SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"},
    CodeName{SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY"},
    CodeName{SQLITE_CONSTRAINT_TRIGGER, "SQLITE_CONSTRAINT_TRIGGER"},
    CodeName{SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE"},
    CodeName{SQLITE_CONSTRAINT_ROWID, "SQLITE_CONSTRAINT_ROWID"},
    CodeName{SQLITE_CONSTRAINT_DATATYPE, "SQLITE_CONSTRAINT_DATATYPE"},
};

}  // namespace

std::string name_of_code(int code) {
  for (const int tried : {code, code & 0xff}) {
    for (const CodeName& known : kNames) {
      if (known.code == tried) return std::string(known.name);
    }
  }
  return cat("SQLITE_", code);
}

Blame blame_of(int code) {
  if (code == SQLITE_CONSTRAINT_FOREIGNKEY) return Blame::kConflict;  // the row that it refers to may come yet
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_SCHEMA:
    case SQLITE_PROTOCOL:
      return Blame::kTransient;
    case SQLITE_INTERRUPT:
      return Blame::kCancelled;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return Blame::kData;
    case SQLITE_MISUSE:
      return Blame::kBug;
    default:
      return Blame::kConfig;
  }
}

std::string_view hint_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
      return "another program holds a lock on it";
    case SQLITE_READONLY:
      return "let weft's user write the file and its directory";
    case SQLITE_CANTOPEN:
      return "check that the path is right, and that weft's user may read and write it";
    case SQLITE_FULL:
      return "make room on its disk";
    case SQLITE_CORRUPT:
      return "look at it with PRAGMA integrity_check, and restore it";
    case SQLITE_NOTADB:
      return "the file is no SQLite database, or an encrypted one";
    default:
      return {};
  }
}

}  // namespace weft::sqlite
