// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/writer.h"

#include <algorithm>

#include "base/text.h"
#include "target/sqlite/key_actions.h"
#include "target/sqlite/values.h"

namespace weft::sqlite {
namespace {

constexpr size_t kShapesLimit = 1000;

}  // namespace

std::string describe_row(const TablePlan& plan, const TableBatch::Item& item) {
  const Row row = item.before.empty() ? item.after : item.before;
  if (plan.keyless()) return describe(row).substr(0, 400);
  return describe(key_of(*plan.table.source, row).row());
}

const RowStatement& Writer::shape(const TablePlan& plan, const TableBatch& batch) {
  std::string id = cat(plan.table.handle, " ", static_cast<int>(batch.op));
  for (const uint16_t o : batch.columns) id += cat(" ", o);
  if (shapes_.size() > kShapesLimit) shapes_.clear();
  const auto [at, added] = shapes_.try_emplace(std::move(id));
  if (added) at->second = row_statement(plan, batch.op, batch.columns);
  return at->second;
}

Result<uint64_t> Writer::write_row(const TablePlan& plan,
                                   const TableBatch& batch,
                                   const RowStatement& shape,
                                   const TableBatch::Item& item) {
  const auto where = [&] { return cat("table ", plan.table.source->name.text(), ", row ", describe_row(plan, item)); };
  TRY_ASSIGN(Statement * statement, connection_.statement(shape.sql));
  if (texts_.size() < shape.params.size()) texts_.resize(shape.params.size());
  for (size_t i = 0; i < shape.params.size(); ++i) {
    const ParamColumn& part = shape.params[i];
    const Value& value = (part.before ? item.before : item.after)[part.ordinal];
    const PlannedColumn& column = plan.columns[part.ordinal];
    const std::string_view wrong = bind_value(*statement, static_cast<int>(i) + 1, value, column.affinity, texts_[i]);
    if (wrong.empty()) continue;
    statement->reset();
    return Error(Blame::kData,
                 cat(where(), ": column ", column.quoted, ": value ", describe(value), " ", wrong),
                 "SQLITE_MISMATCH")
        .about(plan.table.source->name.text());
  }
  if (Status done = statement->run(); !done) {
    return std::move(done).error().with(where()).about(plan.table.source->name.text());
  }
  const auto touched = static_cast<uint64_t>(connection_.changes());
  if (batch.op == BatchOp::kUpsert && touched == 0) {
    return Error(Blame::kData,
                 cat(where(), ": the target holds another row whose key its collation takes for the same"),
                 "SQLITE_CONSTRAINT_UNIQUE")
        .about(plan.table.source->name.text());
  }
  return touched;
}

Result<uint64_t> Writer::act(const TableBatch& batch) {
  KeyActionRunner runner(connection_, *batch.keys, plan_of_);
  Result<uint64_t> touched = runner.run(batch);
  if (touched) return touched;
  return std::move(touched).error().with(cat("foreign-key actions of table ", batch.table->source->name.text()));
}

Result<uint64_t> Writer::write(const TableBatch& batch) {
  if (batch.op == BatchOp::kKeyActions) return act(batch);
  TRY_ASSIGN(const TablePlan* plan, plan_of_(*batch.table));
  if (batch.op == BatchOp::kTruncate) {
    if (Status done = connection_.execute(cat("DELETE FROM ", plan->name)); !done) {
      return std::move(done).error().with(cat("table ", plan->table.source->name.text()));
    }
    return static_cast<uint64_t>(connection_.changes());
  }
  uint64_t touched = 0;
  if (batch.rows.empty()) return touched;
  const RowStatement& row_shape = shape(*plan, batch);
  for (const TableBatch::Item& item : batch.rows) {
    TRY_ASSIGN(const uint64_t one, write_row(*plan, batch, row_shape, item));
    touched += one;
  }
  return touched;
}

}  // namespace weft::sqlite
