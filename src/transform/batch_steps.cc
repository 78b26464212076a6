// SPDX-License-Identifier: Apache-2.0
#include "transform/batch_steps.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace weft::transform {
namespace {

class Passage {
 public:
  Passage(const Batch& batch, Plans& plans, Arena& arena) : batch_(batch), plans_(plans), arena_(arena) {}

  // Whether any step has anything to do with a change of the batch.
  bool needed() {
    for (const Transaction& tx : batch_.transactions()) {
      for (const Change& change : tx.changes) {
        if (needed_by(change)) return true;
      }
    }
    return false;
  }

  Batch take() {
    size_t before = 0;
    for (const Transaction& tx : batch_.transactions()) {
      builder_.begin(tx.commit_us, tx.first);
      for (const Change& change : tx.changes) std::visit([&](const auto& c) { add(c); }, change);
      if (added_ > before) builder_.viewed(tx.bytes);
      before = added_;
      builder_.end(tx.position_index, tx.last);
    }
    // Of rows that all stay behind nothing is held.
    if (added_ > 0) builder_.keep_all_of(batch_);
    return builder_.finish(batch_.shared_positions());
  }

 private:
  // A change of a shape may be of a table that no batch has shown yet.
  bool needed_by(const Change& change) {
    if (std::holds_alternative<SchemaChange>(change)) return true;
    const TableSchema* schema = schema_of(change);
    return schema != nullptr && !plan_of(schema).identity();
  }

  const TableSteps& plan_of(const TableSchema* schema) {
    if (schema != last_schema_) {
      last_ = &plans_.of(batch_, schema);
      last_schema_ = schema;
    }
    return *last_;
  }

  void add(const RowChange& change) {
    const TableSteps& plan = plan_of(change.schema);
    if (plan.filters.empty()) return hand_on(plan, plan.schema, change);
    switch (change.op) {
      case Op::kInsert:
        return add_one(plan, change, change.after);
      case Op::kDelete:
        return add_one(plan, change, change.before);
      case Op::kUpdate:
        return add_update(plan, change);
    }
  }

  // A row that comes, or goes.
  void add_one(const TableSteps& plan, const RowChange& change, Row row) {
    const Match match = plan.judge(row);
    if (match == Match::kYes) hand_on(plan, plan.schema, change);
    if (match == Match::kUnknown) hand_on(plan, plan.undecided, change);
  }

  // A row that a change takes across the filter comes or goes at the target.
  void add_update(const TableSteps& plan, const RowChange& change) {
    const Row after = filled(change.after, change.before);
    const Match was = plan.judge(change.before);
    const Match is = plan.judge(after);
    if (was == Match::kUnknown || is == Match::kUnknown) return hand_on(plan, plan.undecided, change);
    if (was == Match::kNo && is == Match::kNo) return;
    RowChange out = change;
    if (was == Match::kYes && is == Match::kNo) {
      out.op = Op::kDelete;
      out.after = {};
    }
    if (was == Match::kNo && is == Match::kYes) {
      out.op = Op::kInsert;
      out.before = {};
      out.after = after;
      // What was not sent is not its default: the row was there before.
      if (!complete(plan, after)) return hand_on(plan, plan.undecided, change);
    }
    hand_on(plan, plan.schema, out);
  }

  // The row after a change, with what it left as it was.
  Row filled(Row after, Row before) {
    const auto left = [](const Value& value) { return value.is_unchanged(); };
    if (before.size() != after.size() || std::none_of(after.begin(), after.end(), left)) return after;
    const std::span<Value> out = arena_.array<Value>(after.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = left(after[i]) ? before[i] : after[i];
    return out;
  }

  static bool complete(const TableSteps& plan, Row row) {
    return std::none_of(plan.columns.begin(), plan.columns.end(), [&](uint16_t o) {
      return row[o].is_unchanged() && !plan.source->columns[o].generated;
    });
  }

  void hand_on(const TableSteps& plan, const SchemaRef& schema, const RowChange& change) {
    RowChange out = change;
    out.schema = schema.get();
    out.before = plan.project(change.before, arena_);
    out.after = plan.project(change.after, arena_);
    keep(schema);
    put(out);
  }

  void add(const Truncate& change) {
    const TableSteps& plan = plan_of(change.schema);
    keep(plan.schema);
    put(Truncate{plan.schema.get()});
  }

  // Names after the steps; of columns that do not go on the new name is empty, and the old one beside it.
  void add(const SchemaChange& change) {
    const TableName name{std::string(change.database), std::string(change.table)};
    const NewName now = renamed(plans_.steps(), name, plans_.tables());
    SchemaChange out = change;
    out.database = arena_.copy(now.name.schema);
    out.table = arena_.copy(now.name.table);
    if (change.schema != nullptr) {
      const TableSteps& plan = plan_of(change.schema);
      keep(plan.schema);
      out.schema = plan.schema.get();
    }
    const std::span<AddedColumn> added = arena_.array<AddedColumn>(change.added.size());
    for (size_t i = 0; i < added.size(); ++i) {
      added[i] = change.added[i];
      const std::string column = renamed_column(plans_.steps(), name, std::string(added[i].name), plans_.tables());
      if (column == added[i].name) continue;
      added[i].at_source = added[i].name;
      added[i].name = arena_.copy(column);
    }
    out.added = added;
    put(out);
  }

  void add(const TwoPhase& change) { put(change); }

  void add(const Origin& change) { put(change); }

  void put(const Change& change) {
    builder_.add(change);
    ++added_;
  }

  void keep(const SchemaRef& schema) {
    if (schema.get() == kept_) return;
    builder_.keep(schema);
    kept_ = schema.get();
  }

  const Batch& batch_;
  Plans& plans_;
  Arena& arena_;
  BatchBuilder builder_{arena_};
  const TableSchema* last_schema_ = nullptr;
  const TableSteps* last_ = nullptr;
  const TableSchema* kept_ = nullptr;
  size_t added_ = 0;
};

}  // namespace

Batch take_through(Batch batch, Plans& plans, Arena& arena) {
  Passage passage(batch, plans, arena);
  if (!passage.needed()) return batch;
  return passage.take();
}

}  // namespace weft::transform
