// SPDX-License-Identifier: Apache-2.0
#include "target/sqlite/writer.h"

#include <algorithm>

#include "base/text.h"
#include "target/sqlite/key_actions.h"
#include "target/sqlite/values.h"

namespace weft::sqlite {
namespace {

constexpr size_t kShapesLimit = 1000;

bool in_key(const TablePlan& plan, uint16_t ordinal) {
  return std::ranges::find(plan.key, ordinal) != plan.key.end();
}

}  // namespace

std::string describe_row(const TablePlan& plan, const TableBatch::Item& item) {
  const Row row = item.before.empty() ? item.after : item.before;
  if (plan.keyless()) return describe(row).substr(0, 400);
  return describe(key_of(*plan.table.source, row).row());
}

const Writer::Shape& Writer::shape(const TablePlan& plan, const TableBatch& batch) {
  std::string id = cat(plan.table.handle, " ", static_cast<int>(batch.op));
  for (const uint16_t o : batch.columns) id += cat(" ", o);
  if (shapes_.size() > kShapesLimit) shapes_.clear();
  const auto [at, added] = shapes_.try_emplace(std::move(id));
  Shape& s = at->second;
  if (!added) return s;
  std::vector<uint16_t> written;
  for (const uint16_t o : batch.columns) {
    if (plan.columns[o].written) written.push_back(o);
  }
  const auto list = [&](const std::vector<uint16_t>& columns, std::string_view between, auto&& print) {
    std::string out;
    for (const uint16_t o : columns) out += cat(out.empty() ? "" : between, print(plan.columns[o].quoted));
    return out;
  };
  const auto use = [&](const std::vector<uint16_t>& columns, bool before) {
    for (const uint16_t o : columns) s.parts.push_back({o, before});
  };
  const auto name = [](const std::string& c) { return c; };
  const auto is = [](const std::string& c) { return cat(c, " IS ?"); };
  const auto set = [](const std::string& c) { return cat(c, " = ?"); };
  std::vector<uint16_t> all;
  for (uint16_t o = 0; o < plan.columns.size(); ++o) {
    if (plan.columns[o].written) all.push_back(o);
  }
  const std::vector<uint16_t>& found_by = plan.keyless() ? all : plan.key;
  std::string where = list(found_by, " AND ", is);
  if (plan.keyless()) where = cat("rowid = (SELECT rowid FROM ", plan.name, " WHERE ", where, " LIMIT 1)");
  switch (batch.op) {
    case BatchOp::kUpdate:
      s.sql = cat("UPDATE ", plan.name, " SET ", list(written, ", ", set), " WHERE ", where);
      use(written, false);
      use(found_by, true);
      return s;
    case BatchOp::kDelete:
      s.sql = cat("DELETE FROM ", plan.name, " WHERE ", where);
      use(found_by, true);
      return s;
    case BatchOp::kDeleteRivals:
      s.sql = cat("DELETE FROM ",
                  plan.name,
                  " WHERE ",
                  list(batch.columns, " AND ", [](const std::string& c) { return cat(c, " = ?"); }),
                  " AND NOT (",
                  list(plan.key, " AND ", is),
                  ")");
      use(batch.columns, false);
      use(plan.key, false);
      return s;
    default:
      break;
  }
  s.sql = cat("INSERT INTO ", plan.name, " (", list(written, ", ", name), ") VALUES (");
  for (size_t i = 0; i < written.size(); ++i) s.sql += i == 0 ? "?" : ", ?";
  s.sql += ")";
  use(written, false);
  if (plan.keyless() || (batch.op != BatchOp::kUpsert && batch.op != BatchOp::kMend)) return s;
  std::vector<uint16_t> rest;
  for (const uint16_t o : written) {
    if (!in_key(plan, o)) rest.push_back(o);
  }
  // A row whose key is the same to a collation and not to the bytes is another row: it is not written over.
  const auto same = [&](const std::string& c) { return cat(plan.name, ".", c, " COLLATE BINARY IS excluded.", c); };
  s.sql += cat(" ON CONFLICT (", list(plan.key, ", ", name), ") DO UPDATE SET ");
  const std::vector<uint16_t>& updated = rest.empty() ? plan.key : rest;
  s.sql += cat(list(updated, ", ", [](const std::string& c) { return cat(c, " = excluded.", c); }),
               " WHERE ",
               list(plan.key, " AND ", same));
  if (batch.op == BatchOp::kMend && !rest.empty()) {
    const auto differs = [&](const std::string& c) {
      return cat(plan.name,
                 ".",
                 c,
                 " COLLATE BINARY IS NOT excluded.",
                 c,
                 " OR typeof(",
                 plan.name,
                 ".",
                 c,
                 ") <> typeof(excluded.",
                 c,
                 ")");
    };
    s.sql += cat(" AND (", list(rest, " OR ", differs), ")");
  }
  return s;
}

Result<uint64_t> Writer::write_row(const TablePlan& plan,
                                   const TableBatch& batch,
                                   const Shape& shape,
                                   const TableBatch::Item& item) {
  const auto where = [&] { return cat("table ", plan.table.source->name.text(), ", row ", describe_row(plan, item)); };
  TRY_ASSIGN(Statement * statement, connection_.statement(shape.sql));
  if (texts_.size() < shape.parts.size()) texts_.resize(shape.parts.size());
  for (size_t i = 0; i < shape.parts.size(); ++i) {
    const Part& part = shape.parts[i];
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
  const Shape& row_shape = shape(*plan, batch);
  for (const TableBatch::Item& item : batch.rows) {
    TRY_ASSIGN(const uint64_t one, write_row(*plan, batch, row_shape, item));
    touched += one;
  }
  return touched;
}

}  // namespace weft::sqlite
