// SPDX-License-Identifier: Apache-2.0
// Shapes and rows for the tests of this folder, and a source of them in memory.
//
//   SampleSource source; source.catalogue = {orders_shape()}; source.deliver({insert(...)});
//
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/source.h"
#include "source/unplaced_point.h"

namespace weft::transform {

inline Column sample_column(const std::string& name, Kind kind, bool nullable = true) {
  Column column;
  column.name = name;
  column.kind = kind;
  column.int_bits = 64;
  column.nullable = nullable;
  return column;
}

// shop.orders (id, cust, amount, note)
inline TableSchema orders_shape() {
  TableSchema schema;
  schema.name = {"shop", "orders"};
  schema.columns = {sample_column("id", Kind::kInt, false),
                    sample_column("cust", Kind::kInt),
                    sample_column("amount", Kind::kDecimal),
                    sample_column("note", Kind::kText)};
  schema.key = {0};
  schema.unique_keys = {{1, 3}};
  schema.foreign_keys = {{"fk", {1}, {"shop", "customers"}, {"id"}}};
  return schema;
}

// shop.customers (id, name, ssn)
inline TableSchema customers_shape() {
  TableSchema schema;
  schema.name = {"shop", "customers"};
  schema.columns = {
      sample_column("id", Kind::kInt, false), sample_column("name", Kind::kText), sample_column("ssn", Kind::kText)};
  schema.key = {0};
  return schema;
}

inline SchemaRef shared(TableSchema schema) {
  return std::make_shared<const TableSchema>(std::move(schema));
}

inline std::vector<Value> order(int64_t id, int64_t cust, const char* amount, const char* note) {
  return {Value::int64(id),
          Value::int64(cust),
          amount == nullptr ? Value::null() : Value::decimal(amount),
          note == nullptr ? Value::null() : Value::text(note)};
}

class SamplePositions final : public PositionLog {
 public:
  std::string text(uint32_t index) const override { return std::to_string(index); }
};

// "insert shop.orders (1, 2)", one line for each change.
inline std::string text_of(const Batch& batch) {
  std::string out;
  for (const Transaction& tx : batch.transactions()) {
    for (const Change& change : tx.changes) {
      const TableSchema* schema = schema_of(change);
      const std::string name = schema == nullptr ? "-" : schema->name.text();
      if (const auto* row = std::get_if<RowChange>(&change)) {
        out += std::string(to_string(row->op)) + " " + name;
        if (!row->before.empty()) out += " " + describe(row->before);
        if (!row->after.empty()) out += " " + describe(row->after);
      } else if (const auto* ddl = std::get_if<SchemaChange>(&change)) {
        out += "ddl " + std::string(ddl->database) + "." + std::string(ddl->table);
        for (const AddedColumn& added : ddl->added) out += " +" + std::string(added.name);
      } else if (std::holds_alternative<Truncate>(change)) {
        out += "truncate " + name;
      } else {
        out += "other";
      }
      out += '\n';
    }
    out += tx.last ? "" : "...\n";
  }
  return out;
}

class SampleSource final : public Source {
 public:
  Result<SourceInfo> connect() override {
    SourceInfo info{"sample", "1"};
    info.hides_key_actions = hides_key_actions;
    return info;
  }

  std::vector<Finding> check() override { return {}; }

  Result<std::vector<SchemaRef>> tables() override { return catalogue; }

  void use_schemas(const std::vector<SchemaRef>& schemas) override { used = schemas; }

  Result<Position> head() override { return Position("0"); }

  Status open(const Position&) override { return ok(); }

  Result<std::optional<Batch>> next(Duration, std::stop_token) override {
    if (changes.empty()) return std::optional<Batch>();
    BatchBuilder builder(arena_);
    for (const SchemaRef& schema : catalogue) builder.keep(schema);
    builder.begin(1);
    for (const Change& change : changes) builder.add(change);
    builder.end(7);
    changes.clear();
    return std::optional(builder.finish(std::make_shared<SamplePositions>()));
  }

  Result<std::string> lacks_old_values(const TableSchema&) override { return lacks; }

  Status acknowledge(const Position&) override { return ok(); }

  bool includes(const Position&, const Batch&, const Transaction&) const override { return true; }

  bool includes(const Position&, const Position&) const override { return true; }

  Result<std::unique_ptr<TableReader>> table_reader() override {
    return std::unique_ptr<TableReader>(new Reader(*this));
  }

  std::vector<SchemaRef> catalogue;
  std::vector<SchemaRef> used;
  std::vector<Change> changes;           // of the next transaction
  std::vector<std::vector<Value>> rows;  // of the first table
  size_t chunk_rows = 2;
  std::string lacks;  // lacks_old_values()
  bool hides_key_actions = false;

 private:
  class Reader final : public TableReader {
   public:
    explicit Reader(SampleSource& source) : source_(source) {}

    Result<TableEstimate> estimate(const TableSchema&) override { return TableEstimate{source_.rows.size(), 0}; }

    Result<std::vector<OwnedRow>> split(const TableSchema&, size_t) override { return std::vector<OwnedRow>(); }

    bool chunkable(const TableSchema& schema) const override { return schema.taken == nullptr && !schema.keyless(); }

    Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) override {
      if (schema != source_.catalogue[0]) return Error(Blame::kBug, "another shape than the source's own");
      at_ = 0;
      return std::shared_ptr<const ReadPoint>(std::make_shared<UnplacedPoint>());
    }

    Result<Chunk> read(const KeyRange&, const ChunkLimit&) override {
      Chunk chunk;
      chunk.schema = source_.catalogue[0];
      while (at_ < source_.rows.size() && chunk.rows.size() < source_.chunk_rows) {
        chunk.rows.push_back(source_.rows[at_++]);
      }
      chunk.end = at_ == source_.rows.size();
      return chunk;
    }

    Result<Chunk> read_keys(std::span<const OwnedRow> keys) override {
      Chunk chunk;
      chunk.schema = source_.catalogue[0];
      for (const auto& row : source_.rows) {
        for (const OwnedRow& key : keys) {
          if (same_values(key_of(*chunk.schema, row).row(), key.row())) chunk.rows.push_back(row);
        }
      }
      chunk.end = true;
      return chunk;
    }

    void end() override {}

   private:
    SampleSource& source_;
    size_t at_ = 0;
  };

  Arena arena_{4096};
};

}  // namespace weft::transform
