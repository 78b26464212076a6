// SPDX-License-Identifier: Apache-2.0
#include "transform/transformed_reader.h"

#include <utility>

#include "base/text.h"

namespace weft::transform {
namespace {

constexpr size_t kSlabBytes = 64u << 10;

class TransformedReader final : public TableReader {
 public:
  TransformedReader(std::unique_ptr<TableReader> reader, Plans plans)
      : reader_(std::move(reader)), plans_(std::move(plans)) {}

  Result<TableEstimate> estimate(const TableSchema& schema) override { return reader_->estimate(at_source(schema)); }

  Result<std::vector<OwnedRow>> split(const TableSchema& schema, size_t parts) override {
    return reader_->split(at_source(schema), parts);
  }

  bool chunkable(const TableSchema& schema) const override { return reader_->chunkable(at_source(schema)); }

  Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) override {
    return reader_->begin(at_source(schema));
  }

  Result<Chunk> read(const KeyRange& range, const ChunkLimit& limit) override {
    TRY_ASSIGN(Chunk chunk, reader_->read(range, limit));
    return take_through(std::move(chunk));
  }

  Result<Chunk> read_keys(std::span<const OwnedRow> keys) override {
    TRY_ASSIGN(Chunk chunk, reader_->read_keys(keys));
    return take_through(std::move(chunk));
  }

  void end() override { reader_->end(); }

 private:
  // The range is read up to its last row, whether that goes on or not.
  static Status leave_out(const TableSteps& plan, Chunk& chunk) {
    if (!chunk.rows.empty() && !plan.source->keyless() && !chunk.read_upto) {
      chunk.read_upto = key_of(*plan.source, chunk.rows.back());
    }
    std::vector<Row> rows;
    for (const Row& row : chunk.rows) {
      const Match match = plan.judge(row);
      if (match == Match::kUnknown) {
        return Error(Blame::kData,
                     cat("table ",
                         plan.schema->name.text(),
                         " key ",
                         describe(key_of(*plan.source, row).row()),
                         ": transform: the filter can't tell whether this row goes on: a value is not of its column's "
                         "type"))
            .about(plan.schema->name.text());
      }
      if (match == Match::kYes) rows.push_back(row);
    }
    chunk.rows = std::move(rows);
    return ok();
  }

  Result<Chunk> take_through(Chunk chunk) {
    const TableSteps& plan = plans_.of(chunk.schema);
    if (plan.identity()) return chunk;
    if (!plan.schema->unfit().empty()) {
      return Error(Blame::kConfig, cat("transform: ", plan.schema->unfit())).about(plan.schema->name.text());
    }
    if (!plan.filters.empty()) TRY(leave_out(plan, chunk));
    for (Row& row : chunk.rows) row = plan.project(row, arena_);
    chunk.bytes += arena_.bytes();
    for (SlabRef& slab : arena_.take()) chunk.slabs.push_back(std::move(slab));
    chunk.schema = plan.schema;
    return chunk;
  }

  std::unique_ptr<TableReader> reader_;
  Plans plans_;
  Arena arena_{kSlabBytes};
};

}  // namespace

std::unique_ptr<TableReader> make_transformed_reader(std::unique_ptr<TableReader> reader, Plans plans) {
  return std::make_unique<TransformedReader>(std::move(reader), std::move(plans));
}

}  // namespace weft::transform
