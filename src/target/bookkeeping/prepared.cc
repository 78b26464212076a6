// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/prepared.h"

#include "base/text.h"
#include "target/bookkeeping/dialect.h"

namespace weft::bookkeeping {
namespace {

std::string keep_sql(Dialect dialect) {
  return cat("INSERT INTO _weft_prepared (pipeline, name, piece, position, changes, prepared_at) VALUES (?, ?, ?, ?, ",
             dialect == Dialect::kSqlite ? "CAST(? AS BLOB)" : "?",
             ", ",
             now_text(dialect),
             ")",
             on_duplicate(dialect, "pipeline, name, piece", {"position", "changes"}));
}

}  // namespace

Status write_prepared(SqlPort& port, const std::string& name, const std::vector<PreparedStepRef>& steps) {
  for (const PreparedStepRef& step : steps) {
    // A name that is used again may have been kept with more pieces.
    if (step->forget || step->piece == 0) {
      TRY(port.run("DELETE FROM _weft_prepared WHERE pipeline = ? AND name = ?",
                   std::vector<Parameter>{name, step->name}));
    }
    if (step->forget) continue;
    TRY(port.run(keep_sql(port.dialect()),
                 std::vector<Parameter>{name, step->name, number(step->piece), step->position, step->changes}));
  }
  return ok();
}

Result<std::vector<PreparedName>> read_prepared(SqlPort& port, const std::string& name) {
  TRY_ASSIGN(const auto records,
             port.rows("SELECT name, COUNT(*) FROM _weft_prepared WHERE pipeline = ? GROUP BY name",
                       std::vector<Parameter>{name}));
  std::vector<PreparedName> names;
  for (const Record& record : records) {
    names.push_back({text_of(record, 0), static_cast<uint64_t>(number_of(record, 1))});
  }
  return names;
}

Result<std::string> read_prepared_piece(SqlPort& port,
                                        const std::string& name,
                                        const std::string& transaction,
                                        uint64_t piece) {
  TRY_ASSIGN(const auto records,
             port.rows("SELECT changes FROM _weft_prepared WHERE pipeline = ? AND name = ? AND piece = ?",
                       std::vector<Parameter>{name, transaction, number(piece)}));
  if (records.size() != 1) {
    // Whoever took the pipeline over may have committed it: opening again tells.
    return Error(Blame::kTransient,
                 cat("_weft_prepared lacks piece ", piece, " of the prepared transaction ", transaction));
  }
  return text_of(records[0], 0);
}

}  // namespace weft::bookkeeping
