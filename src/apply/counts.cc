// SPDX-License-Identifier: Apache-2.0
#include "apply/counts.h"

#include "base/log.h"
#include "base/text.h"

namespace weft {
namespace {

Error mismatch(const std::string& table, std::string what) {
  return Error(Blame::kData, cat("table ", table, what), std::string(kCountMismatch)).about(table);
}

// Of a batch of one row.
Status judge_row(const TableBatch& batch, uint64_t got, RowCounts& counts) {
  const TableSchema& schema = *batch.table->source;
  const std::string name = schema.name.text();
  const TableBatch::Item& item = batch.rows.front();
  const Row row = item.before.empty() ? item.after : item.before;
  const std::string key = schema.keyless() ? describe(row) : describe(key_of(schema, row).row());
  if (batch.op == BatchOp::kDelete && got == 0) {
    // The row is gone, as it should be; that it was gone already is worth a line and a counter.
    log_line(LogLevel::kWarning,
             cat("table ", name, " key ", key, ": a deleted row was not there at the target"),
             {{"table", name}});
    ++counts.missed;
    return ok();
  }
  return mismatch(name,
                  cat(" key ",
                      key,
                      ": an ",
                      batch.op == BatchOp::kUpdate ? "update" : "insert or delete",
                      " touched ",
                      got,
                      " rows instead of one at the target; compare both sides (the target was written by "
                      "someone else, or was not equal when following began)"));
}

}  // namespace

Result<RowCounts> check_counts(const Plan& plan, const PrepareReport& report, ApplyMode mode) {
  RowCounts counts;
  for (size_t i = 0; i < plan.batches.size(); ++i) {
    const TableBatch& batch = plan.batches[i].batch;
    const uint64_t expected = batch.rows.size();
    const uint64_t got = report.affected[i];
    if (batch.op == BatchOp::kKeyActions) counts.key_actions += got;
    if (!plan.batches[i].exact || batch.op == BatchOp::kTruncate || got == expected) continue;
    if (mode != ApplyMode::kRows || expected != 1) {
      return mismatch(batch.table->source->name.text(),
                      cat(": ", expected, " rows should have changed, ", got, " did"));
    }
    TRY(judge_row(batch, got, counts));
  }
  return counts;
}

}  // namespace weft
