// SPDX-License-Identifier: Apache-2.0
// Sides of a comparison in memory, for tests: tables with rows, read in chunks of a few rows, with faults on demand and a hook
// that runs before every question, so that rows change between two looks.
//
//   FakeSide source(schema), target_side(schema); source.rows = {...};
//   FakeTarget target({"s", "t"}); target.runs = true; ...
//
// One side is read by one thread at a time; both have their own data.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "source/source.h"
#include "source/unplaced_point.h"
#include "target/target.h"

namespace weft::verify {

// (id, v): a row of text and numbers.
[[nodiscard]] inline OwnedRow fake_row(int64_t id, const std::string& v) {
  return OwnedRow(std::vector<Value>{Value::int64(id), Value::text(v)});
}

class FakeSide final : public Source {
 public:
  explicit FakeSide(SchemaRef of) : schema(std::move(of)) {}

  Result<SourceInfo> connect() override { return SourceInfo{"fake", "1"}; }

  std::vector<Finding> check() override { return {}; }

  Result<std::vector<SchemaRef>> tables() override { return std::vector<SchemaRef>{schema}; }

  void use_schemas(const std::vector<SchemaRef>&) override {}

  Result<Position> head() override {
    if (on_head) on_head();
    return Position(std::to_string(position));
  }

  Status open(const Position&) override { return ok(); }

  Result<std::optional<Batch>> next(Duration, std::stop_token) override { return std::optional<Batch>(); }

  Status acknowledge(const Position&) override { return ok(); }

  bool includes(const Position&, const Batch&, const Transaction&) const override { return true; }

  bool includes(const Position& a, const Position& b) const override {
    return std::stoll(a.text()) >= std::stoll(b.text());
  }

  Result<std::unique_ptr<TableReader>> table_reader() override {
    return std::unique_ptr<TableReader>(new Reader(*this));
  }

  SchemaRef schema;
  std::vector<OwnedRow> rows;  // in order of the key
  bool chunkable = true;
  size_t chunk_rows = 7;
  int64_t position = 1;  // of everything committed
  int faults = 0;        // so many reads fail, at their second chunk
  uint64_t rows_read = 0;
  uint64_t estimated = 0;
  std::vector<OwnedRow> cuts;  // what split() says
  std::function<void()> on_head;
  std::function<void()> before_keys;  // runs before rows are asked for by key

 private:
  class Reader final : public TableReader {
   public:
    explicit Reader(FakeSide& side) : side_(side) {}

    Result<TableEstimate> estimate(const TableSchema&) override { return TableEstimate{side_.estimated, 0}; }

    Result<std::vector<OwnedRow>> split(const TableSchema&, size_t) override { return side_.cuts; }

    bool chunkable(const TableSchema&) const override { return side_.chunkable; }

    Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef&) override {
      at_ = 0;
      fixed_ = false;
      return std::shared_ptr<const ReadPoint>(std::make_shared<UnplacedPoint>());
    }

    Result<Chunk> read(const KeyRange& range, const ChunkLimit&) override {
      if (!fixed_) range_ = side_.chunkable ? range : KeyRange();
      const bool first = !fixed_;
      fixed_ = true;
      if (!first && side_.faults > 0) {
        --side_.faults;
        return Error(Blame::kTransient, "the line broke");
      }
      Chunk chunk;
      for (; at_ < side_.rows.size() && chunk.rows.size() < side_.chunk_rows; ++at_) {
        if (inside(side_.rows[at_].row())) chunk.rows.push_back(side_.rows[at_].row());
      }
      chunk.end = at_ == side_.rows.size();
      side_.rows_read += chunk.rows.size();
      return chunk;
    }

    Result<Chunk> read_keys(std::span<const OwnedRow> keys) override {
      if (side_.before_keys) side_.before_keys();
      Chunk chunk;
      for (const OwnedRow& row : side_.rows) {
        const OwnedRow own = key_of(*side_.schema, row.row());
        for (const OwnedRow& key : keys) {
          if (same_values(own.row(), key.row())) chunk.rows.push_back(row.row());
        }
      }
      chunk.end = true;
      return chunk;
    }

    void end() override {}

   private:
    bool inside(Row row) const {
      const OwnedRow key = key_of(*side_.schema, row);
      return (!range_.after || compare_keys(range_.after->row(), key.row()) < 0) &&
             (!range_.upto || compare_keys(key.row(), range_.upto->row()) <= 0);
    }

    FakeSide& side_;
    KeyRange range_;
    bool fixed_ = false;
    size_t at_ = 0;
  };
};

// A target that knows its tables and how far a pipeline has come.
class FakeTarget final : public Target {
 public:
  explicit FakeTarget(TableName name) : name_(std::move(name)) {}

  Result<std::optional<Opened>> peek(const std::string&) override {
    if (on_peek) on_peek();
    if (!known) return std::optional<Opened>();
    Opened opened;
    opened.progress.emplace();
    opened.progress->version = static_cast<uint64_t>(position);
    opened.progress->position = Position(std::to_string(position));
    opened.runs = runs;
    opened.tables = states;
    return std::optional<Opened>(std::move(opened));
  }

  using Target::table;

  Result<TargetTableRef> table(const SchemaRef& source, bool) override {
    auto table = std::make_shared<TargetTable>();
    table->source = source;
    table->name = name_;
    for (const Column& column : source->columns) {
      TargetColumn c;
      c.name = column.name;
      c.generated = column.name == generated;
      table->columns.push_back(std::move(c));
    }
    return TargetTableRef(std::move(table));
  }

  Result<Opened> open(const OpenRequest&) override { return unused(); }

  Status start(const Progress&, const std::vector<TableStateRow>&, const std::vector<SchemaRef>&) override {
    return unused();
  }

  Status keep_lease() override { return unused(); }

  Result<std::string> create_table_sql(const TableSchema&) override { return unused(); }

  Status create_table(const TableSchema&) override { return unused(); }

  Result<bool> exists(const TableSchema&) override { return true; }

  Result<bool> has_rows(const TargetTable&) override { return true; }

  Status analyze(const TargetTable&) override { return unused(); }

  Result<std::unique_ptr<TargetSession>> session() override { return unused(); }

  Result<std::unique_ptr<TargetKeys>> keys(const TargetTableRef&) override { return unused(); }

  Result<uint64_t> flushed() override { return unused(); }

  std::vector<Finding> check(const std::vector<SchemaRef>&) override { return {}; }

  void close() override {}

  bool known = false;
  bool runs = false;
  int64_t position = 1;
  std::vector<TableStateRow> states;
  std::string generated;
  std::function<void()> on_peek;

 private:
  static Error unused() { return Error(Blame::kBug, "nothing of this is used by a comparison"); }

  TableName name_;
};

}  // namespace weft::verify
