// SPDX-License-Identifier: Apache-2.0
#include "source/sqlite/change_log.h"

#include <algorithm>

#include "base/text.h"
#include "source/source.h"
#include "source/sqlite/capture_sql.h"
#include "source/sqlite/position.h"
#include "source/sqlite/row_values.h"

namespace weft::sqlite {
namespace {

constexpr int kShapeCell = 1;
constexpr int kOpCell = 2;
constexpr int kTimeCell = 3;
constexpr int kFirstCell = 4;

// SQLite carries out ON UPDATE before the trigger of the row itself fires: where a row refers to itself, what its own key's
// change makes of it is logged before the change.
Status refuse_own_child(const TableSchema& schema, const RowChange& change) {
  for (const ForeignKey& fk : schema.foreign_keys) {
    if (fk.on_update <= KeyAction::kNone || fk.parent.table != schema.name.table) continue;
    bool refers = true;
    bool moves = false;
    for (size_t i = 0; i < fk.columns.size(); ++i) {
      const int parent =
          fk.parent_columns.empty() ? (i < schema.key.size() ? schema.key[i] : -1) : schema.find(fk.parent_columns[i]);
      if (parent < 0) continue;
      const auto at = static_cast<size_t>(parent);
      refers = refers && change.before[fk.columns[i]].same(change.before[at]);
      moves = moves || !change.before[at].same(change.after[at]);
    }
    if (!refers || !moves) continue;
    return Error(Blame::kConfig,
                 cat("table ",
                     schema.name.text(),
                     ": the row with key ",
                     describe(key_of(schema, change.before).row()),
                     " referred to itself and changed its key, and ON UPDATE changed it in turn; start again with "
                     "--on-lost-position=resnapshot or repair"),
                 std::string(kNeedsCopy))
        .about(schema.name.text());
  }
  return ok();
}

}  // namespace

void ChangeLog::use_schemas(const std::vector<SchemaRef>& schemas) {
  known_.clear();
  for (const SchemaRef& schema : schemas) known_[schema->name.table] = schema;
}

void ChangeLog::use_capture(const Capture& capture, const TableFilter& filter) {
  capture_ = capture.capture;
  shapes_.clear();
  for (const auto& [shape, table] : capture.tables) {
    const bool ours = filter.matches("main", table.schema->name.table);
    shapes_[shape] = {ours ? table.schema : nullptr, 0};
  }
}

Status ChangeLog::begin(int64_t after, std::vector<int64_t> ends) {
  stop();
  ends_ = std::move(ends);
  TRY_ASSIGN(statement_, db_.prepare("SELECT * FROM _weft_capture_change WHERE id > ? AND id <= ? ORDER BY id"));
  statement_->bind(1, after);
  statement_->bind(2, ends_.back());
  first_ = true;
  return ok();
}

void ChangeLog::stop() {
  statement_.reset();
  row_ = false;
  if (builder_.in_transaction()) (void)builder_.abandon();
  (void)builder_.finish(nullptr);
  notes_.clear();
  ends_.clear();
  mark_ = 0;
}

void ChangeLog::open_transaction() {
  if (builder_.in_transaction()) return;
  builder_.begin(commit_us_, first_);
  mark_ = arena_.bytes();
}

void ChangeLog::end_transaction() {
  open_transaction();
  notes_.push_back(ends_.front());
  builder_.end(static_cast<uint32_t>(notes_.size() - 1));
  ends_.erase(ends_.begin());
  first_ = true;
}

void ChangeLog::keep(Shape& shape) {
  if (shape.kept_in == batch_) return;
  builder_.keep(shape.schema);
  shape.kept_in = batch_;
}

Row ChangeLog::image(const TableSchema& schema, size_t from) {
  const std::span<Value> out = arena_.array<Value>(schema.columns.size());
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = value_at(*statement_, kFirstCell + static_cast<int>(from + i), arena_);
  }
  return Row(out);
}

Status ChangeLog::change_shape(Shape& shape, int64_t op) {
  const std::string& name = shape.schema->name.table;
  SchemaRef& known = known_[name];
  const bool drops = op == kLoggedDrop;
  if (known != nullptr && !drops && same_shape(*known, *shape.schema)) {
    // Another number for the same columns; what is remembered stays.
    shape = {known, 0};
    return ok();
  }
  if (!first_) {
    return Error(Blame::kConfig,
                 cat("table ",
                     name,
                     " comes in another shape in the middle of more changes than travel in one piece; start again with "
                     "--on-lost-position=resnapshot or repair"),
                 std::string(kNeedsCopy))
        .about(name);
  }
  SchemaChange change;
  change.schema = known.get();
  change.table = arena_.copy(name);
  change.statement = drops ? "DROP TABLE" : "ALTER TABLE (rows come in another shape)";
  change.drops = drops;
  change.creates = known == nullptr;
  if (known != nullptr && !drops) {
    const std::vector<AddedColumnText> added = added_columns(*known, *shape.schema);
    const std::span<AddedColumn> kept = arena_.array<AddedColumn>(added.size());
    for (size_t i = 0; i < added.size(); ++i) {
      kept[i] = {arena_.copy(added[i].name), added[i].kind, arena_.copy(added[i].text), added[i].not_null};
    }
    change.added = kept;
    const auto gone = [&](const Column& column) { return shape.schema->find(column.name) < 0; };
    change.renames = !added.empty() && std::ranges::any_of(known->columns, gone);
  }
  if (known != nullptr) builder_.keep(known);
  open_transaction();
  builder_.add(change);
  if (drops) {
    known_.erase(name);
    return ok();
  }
  TableSchema next = *shape.schema;
  if (known != nullptr) next.version = std::max(next.version, known->version + 1);
  shape.schema = std::make_shared<const TableSchema>(std::move(next));
  shape.kept_in = 0;
  known = shape.schema;
  return ok();
}

Status ChangeLog::take_rows(Shape& shape, int64_t op) {
  const SchemaRef& schema = shape.schema;
  RowChange change{schema.get(), Op::kInsert, {}, {}, false};
  change.op = op == kLoggedInsert ? Op::kInsert : op == kLoggedUpdate ? Op::kUpdate : Op::kDelete;
  if (op != kLoggedInsert) change.before = image(*schema, 0);
  if (op != kLoggedDelete) change.after = image(*schema, op == kLoggedUpdate ? schema->columns.size() : 0);
  if (op != kLoggedInsert) TRY(check_row_key(*schema, change.before));
  if (op != kLoggedDelete) TRY(check_row_key(*schema, change.after));
  if (op == kLoggedUpdate) TRY(refuse_own_child(*schema, change));
  keep(shape);
  open_transaction();
  builder_.add(change);
  return ok();
}

Status ChangeLog::take_row() {
  const int64_t shape_number = statement_->integer(kShapeCell);
  const int64_t op = statement_->integer(kOpCell);
  commit_us_ = statement_->integer(kTimeCell) * 1000;
  if (op == kLoggedStart) return ok();
  const auto found = shapes_.find(shape_number);
  if (found == shapes_.end()) {
    return Error(Blame::kConfig,
                 cat("a logged change is of shape ", shape_number, ", which _weft_capture_table does not know"),
                 std::string(kNeedsCopy));
  }
  Shape& shape = found->second;
  if (!shape.schema) return ok();
  const auto known = known_.find(shape.schema->name.table);
  if (op == kLoggedDrop || known == known_.end() || known->second != shape.schema) TRY(change_shape(shape, op));
  if (op == kLoggedDrop) return ok();
  return take_rows(shape, op);
}

Result<bool> ChangeLog::step() {
  if (row_) return true;
  TRY_ASSIGN(row_, statement_->step());
  return row_;
}

Result<Batch> ChangeLog::read() {
  const auto fill = [&]() -> Status {
    while (true) {
      TRY_ASSIGN(const bool row, step());
      while (!ends_.empty() && (!row || statement_->integer(0) > ends_.front())) end_transaction();
      if (!row) {
        statement_.reset();
        return ok();
      }
      if (builder_.transaction_count() > 0 && !builder_.in_transaction() && arena_.bytes() >= limits_.batch_bytes)
        return ok();
      TRY(take_row());
      row_ = false;
      if (builder_.in_transaction() && arena_.bytes() - mark_ > limits_.fragment_bytes) {
        notes_.push_back(ends_.front());
        builder_.end(static_cast<uint32_t>(notes_.size() - 1), false);
        first_ = false;
        return ok();
      }
    }
  };
  if (Status filled = fill(); !filled) {
    stop();
    return std::move(filled).error();
  }
  auto log = std::make_shared<SqlitePositionLog>(capture_);
  for (const int64_t id : notes_) log->add(id);
  notes_.clear();
  ++batch_;
  mark_ = 0;
  return builder_.finish(std::move(log));
}

}  // namespace weft::sqlite
