// SPDX-License-Identifier: Apache-2.0
// Progress of a pipeline as one row of `_weft_progress`, moved by a compare-and-set of (epoch, version): an UPDATE that must
// find its row. No chain of rows as at PostgreSQL: InnoDB purges and SQLite overwrites old versions of a row by themselves, and
// an UPDATE by primary key waits for one that is under way and then looks at what that has left, so a late commit never gets
// through. Format and proof: docs/formats/progress.md.
//
//   TRY(advance(port, "shop", from, to));    // within the transaction that has the rows, last before its COMMIT
//
// Free functions over a SqlPort; its one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "target/bookkeeping/port.h"
#include "target/target.h"

namespace weft::bookkeeping {

// SQL with its parameters, which view what the statement was made of.
struct Statement {
  std::string sql;
  std::vector<Parameter> parameters;
};

// The compare-and-set, for who sends it together with COMMIT. It must find one row, else the transaction is to be rolled back
// and explain_moved() tells why. `position`: to.position.text(); views all four.
[[nodiscard]] Statement advance_statement(
    Dialect dialect, const std::string& name, const Progress& from, const Progress& to, const std::string& position);
// Runs it. False: progress is not at `from`, roll back.
[[nodiscard]] Result<bool> advance(SqlPort& port, const std::string& name, const Progress& from, const Progress& to);
// What a failed advance means: kEpochLost or kProgressMoved. REQUIRES: no open transaction.
[[nodiscard]] Error explain_moved(SqlPort& port, const std::string& name, const Progress& from);

[[nodiscard]] Result<std::optional<Progress>> read_progress(SqlPort& port, const std::string& name);
// Takes progress over for `epoch` inside the open transaction: the version goes on by one. None: no progress yet.
[[nodiscard]] Result<std::optional<Progress>> take_over_progress(SqlPort& port,
                                                                 const std::string& name,
                                                                 uint64_t epoch);
// The first row, inside the open transaction.
[[nodiscard]] Status insert_progress(SqlPort& port, const std::string& name, const Progress& first);

}  // namespace weft::bookkeeping
