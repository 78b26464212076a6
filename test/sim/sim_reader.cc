// SPDX-License-Identifier: Apache-2.0
// Reading the simulated source's tables beside its stream.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "sim/sim_source.h"

namespace weft::sim {
namespace {

class SimReadPoint final : public ReadPoint {
 public:
  SimReadPoint(IdSet low, IdSet high, bool exact) : low_(std::move(low)), high_(std::move(high)), exact_(exact) {}

  Covers covers(const Batch& batch, const Transaction& tx) const override {
    const uint64_t id = id_of(batch, tx);
    if (low_.contains(id)) return Covers::kYes;
    return high_.contains(id) ? Covers::kMaybe : Covers::kNo;
  }

  bool contains(const Position& position) const override { return low_.includes(ids_of(position)); }

  bool reached_by(const Position& position) const override { return ids_of(position).includes(low_); }

  bool passed_by(const Position& position) const override { return ids_of(position).includes(high_); }

  bool exact() const override { return exact_; }

  std::string text() const override { return cat(low_.text(), "..", high_.text()); }

 private:
  IdSet low_;
  IdSet high_;
  bool exact_;
};

}  // namespace

Status SimReader::alive() const {
  if (w_.life.dead) return Error(Blame::kTransient, "this process is dead");
  if (connection_ != w_.server.connection()) return Error(Blame::kTransient, "reader: lost connection to the source");
  return ok();
}

// Whether the open view can still read its table.
Status SimReader::usable() {
  TRY(alive());
  CHECK_MSG(view_.has_value(), "a read without begin()");
  if (w_.faults.hit(Fault::kReaderFails)) {
    connection_ = 0;
    view_.reset();
    w_.trace.line("fault: a reader fails");
    return Error(Blame::kTransient, "reader: connection reset by peer");
  }
  if (w_.server.reshaping(table_) || view_->generations[table_] != w_.server.generation(table_)) {
    view_.reset();
    w_.trace.line("reader: ", name_of(table_), " was reshaped under the view");
    return Error(
        Blame::kTransient, cat("table ", name_of(table_), " has changed under the view"), std::string(kSchemaChanged));
  }
  return ok();
}

Result<TableEstimate> SimReader::estimate(const TableSchema& schema) {
  TRY(alive());
  const auto table = table_named(schema.name);
  CHECK(table.has_value());
  const size_t rows = w_.server.newest()[*table].size();
  return TableEstimate{rows + rng_.below(3), rows * 40};
}

Result<std::vector<OwnedRow>> SimReader::split(const TableSchema& schema, size_t parts) {
  TRY(alive());
  const auto table = table_named(schema.name);
  CHECK(table.has_value() && !schema.keyless());
  const SourceTable& rows = w_.server.newest()[*table];
  std::vector<OwnedRow> borders;
  Arena arena(512);
  const size_t stride = rows.size() / std::max<size_t>(parts, 1);
  if (stride < 2) return borders;
  for (size_t i = stride; i < rows.size() && borders.size() + 1 < parts; i += stride) {
    borders.emplace_back(to_row(key_cells(*table, *rows[i]), arena));
  }
  return borders;
}

Result<std::shared_ptr<const ReadPoint>> SimReader::begin(const SchemaRef& schema) {
  TRY(alive());
  const auto table = table_named(schema->name);
  CHECK(table.has_value());
  view_.reset();
  if (w_.faults.hit(Fault::kReaderFails)) {
    connection_ = 0;
    w_.trace.line("fault: a reader fails to begin");
    return Error(Blame::kTransient, "reader: connection reset by peer");
  }
  const bool acted_upon = !schema->foreign_keys.empty() && schema->foreign_keys[0].acts();
  const bool exact = schema->keyless() || acted_upon;
  const bool lock_needed = exact && w_.server.mode().kind == SourceKind::kMySql;
  if (lock_needed && w_.faults.hit(Fault::kLockWaitTimesOut)) {
    w_.trace.line("fault: LOCK TABLES times out");
    return Error(Blame::kTransient, "lock wait timeout exceeded");
  }
  schema_ = schema;
  table_ = *table;
  view_ = w_.server.open_view(exact);
  range_open_ = false;
  w_.trace.line("reader: view of ",
                name_of(table_),
                " at ",
                view_->low.text(),
                view_->exact ? "" : cat(" .. ", view_->high.text()));
  return std::shared_ptr<const ReadPoint>(std::make_shared<SimReadPoint>(view_->low, view_->high, view_->exact));
}

Chunk SimReader::make_chunk(const std::vector<RowRef>& rows, bool end) const {
  Chunk chunk;
  chunk.schema = schema_;
  chunk.end = end;
  Arena arena(1024);
  std::vector<std::string_view> none;
  for (const RowRef& row : rows) chunk.rows.push_back(to_row(*row, arena));
  chunk.bytes = arena.bytes();
  chunk.slabs = arena.take();
  return chunk;
}

Result<Chunk> SimReader::read(const KeyRange& range, const ChunkLimit& limit) {
  TRY(usable());
  if (!range_open_) {
    range_open_ = true;
    left_.clear();
    at_ = 0;
    for (const RowRef& row : view_->state[table_]) {
      const ModelRow key = key_cells(table_, *row);
      if (range.after && compare_at_source(key, to_model(range.after->row())) <= 0) continue;
      if (range.upto && compare_at_source(key, to_model(range.upto->row())) > 0) continue;
      left_.push_back(row);
    }
  }
  CHECK_MSG(limit.rows > 0, "a chunk of no rows");
  // A limit in bytes may end a chunk earlier than its limit in rows.
  size_t count = std::min(limit.rows, left_.size() - at_);
  if (count > 1 && rng_.chance(1, 6)) count = 1 + rng_.below(count);
  const std::vector<RowRef> rows(left_.begin() + static_cast<ptrdiff_t>(at_),
                                 left_.begin() + static_cast<ptrdiff_t>(at_ + count));
  at_ += count;
  // A chunk that ends exactly at its limit does not know that nothing follows.
  const bool end = at_ == left_.size() && (count < limit.rows || rng_.chance(1, 2));
  if (end) range_open_ = false;
  w_.trace.line("reader: ", rows.size(), " rows of ", name_of(table_), end ? ", the end" : "");
  return make_chunk(rows, end);
}

Result<Chunk> SimReader::read_keys(std::span<const OwnedRow> keys) {
  TRY(usable());
  std::vector<RowRef> rows;
  for (const OwnedRow& key : keys) {
    const RowRef row = find_by_key(view_->state, table_, to_model(key.row()));
    if (row && std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
  }
  w_.trace.line("reader: ", rows.size(), " of ", keys.size(), " keys of ", name_of(table_));
  w_.trace.line("reader: by ", keys.size(), " keys of ", schema_->name.text());
  return make_chunk(rows, true);
}

}  // namespace weft::sim
