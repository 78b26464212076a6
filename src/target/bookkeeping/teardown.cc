// SPDX-License-Identifier: Apache-2.0
#include "target/bookkeeping/teardown.h"

#include "base/text.h"
#include "target/bookkeeping/dead_letters.h"
#include "target/bookkeeping/dialect.h"
#include "target/bookkeeping/objects.h"
#include "target/bookkeeping/table_states.h"

namespace weft::bookkeeping {
namespace {

// Rows are gone for good where they are kept nowhere else.
Status check_dead_letters(SqlPort& port, const std::string& pipeline) {
  TRY_ASSIGN(const auto counts, count_letters(port, pipeline));
  uint64_t letters = 0;
  for (const auto& [table, count] : counts) letters += count;
  if (letters == 0) return ok();
  return Error(Blame::kConfig,
               cat("pipeline ",
                   pipeline,
                   " has ",
                   letters,
                   " dead letters, which are kept nowhere else; weft dead-letters replay applies them, "
                   "weft dead-letters discard lets go of them"));
}

Status check_complete(SqlPort& port, const std::string& pipeline) {
  TRY_ASSIGN(const auto tables, read_states(port, pipeline));
  for (const TableStateRow& row : tables) {
    if (row.table.table.empty() || row.state == TableState::kStreaming) continue;
    return Error(Blame::kConfig,
                 cat("table ",
                     row.table.text(),
                     " is ",
                     to_string(row.state),
                     ", not streaming: the target does not hold all of it; let `weft run --until now` finish first, or "
                     "leave out --cutover"))
        .about(row.table.text());
  }
  return ok();
}

}  // namespace

Result<std::vector<std::string>> teardown_statements(SqlPort& port, const Teardown& request, std::string_view where) {
  TRY_ASSIGN(
      const auto known,
      port.rows("SELECT pipeline FROM _weft_lease UNION SELECT pipeline FROM _weft_progress UNION SELECT pipeline "
                "FROM _weft_dead_letter ORDER BY 1",
                {}));
  std::string others;
  bool ours = false;
  for (const Record& record : known) {
    const std::string& name = text_of(record, 0);
    ours = ours || name == request.pipeline;
    if (name != request.pipeline) others += cat(others.empty() ? "" : ", ", name);
  }
  if (!ours && !others.empty()) {
    return Error(Blame::kConfig,
                 cat("pipeline ", request.pipeline, " never ran into ", where, ", which knows ", others));
  }
  TRY(check_dead_letters(port, request.pipeline));
  if (request.cutover) TRY(check_complete(port, request.pipeline));
  std::vector<std::string> statements;
  for (const std::string_view table : object_names()) {
    if (table == "_weft_version" || table == "_weft_origin") continue;  // of all pipelines
    statements.push_back(cat("DELETE FROM ", table, " WHERE pipeline = ", literal(port.dialect(), request.pipeline)));
  }
  if (!others.empty()) return statements;
  for (const std::string_view table : object_names()) statements.push_back(cat("DROP TABLE ", table));
  return statements;
}

}  // namespace weft::bookkeeping
