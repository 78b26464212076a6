// SPDX-License-Identifier: Apache-2.0
// SimSource and SimReader: the Source and TableReader of the simulated world, as strict about their contract as real
// adapters: a broken connection stays broken until connect(), the stream begins strictly after the position asked for,
// fragments keep their order, a view dies with its connection. One per simulated process; one thread.
#pragma once

#include <functional>

#include "sim/faults.h"
#include "sim/process.h"
#include "sim/source_server.h"
#include "source/source.h"

namespace weft::sim {

class SimPositions;

// What a journal kept of positions of this world.
[[nodiscard]] Result<std::shared_ptr<const PositionLog>> load_sim_positions(std::string_view before,
                                                                            std::string_view saved,
                                                                            size_t count);

// What a source process shares with its readers.
struct SourceWires {
  SourceServer& server;
  Faults& faults;
  ProcessLife& life;
  Trace& trace;
  std::function<void(const IdSet&)> on_acknowledge;  // checkers listen
};

class SimSource final : public Source {
 public:
  SimSource(SourceWires wires, uint64_t seed) : w_(wires), rng_(seed) {}

  Result<SourceInfo> connect() override;

  std::vector<Finding> check() override { return {}; }

  Result<std::vector<SchemaRef>> tables() override;
  void use_schemas(const std::vector<SchemaRef>& schemas) override;
  Result<Position> head() override;
  Status open(const Position& after) override;
  Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override;
  Status acknowledge(const Position& position) override;
  bool includes(const Position& position, const Batch& batch, const Transaction& tx) const override;
  bool includes(const Position& a, const Position& b) const override;
  Result<std::unique_ptr<TableReader>> table_reader() override;

  Result<std::shared_ptr<const PositionLog>> load_positions(std::string_view before,
                                                            std::string_view saved,
                                                            size_t count) const override {
    return load_sim_positions(before, saved, count);
  }

  // What the source has been told that it may forget.
  [[nodiscard]] const IdSet& acknowledged() const { return acknowledged_; }

  // The most that next() puts into one batch; 1 makes scripted histories easy to follow.
  void limit_batches(size_t transactions) { batch_limit_ = transactions; }

 private:
  [[nodiscard]] Status alive() const;
  [[nodiscard]] const SchemaRef& schema_here(TableId table) const;
  [[nodiscard]] SourceTx* next_transaction();
  bool add_piece(BatchBuilder& builder, Arena& arena, SimPositions& positions, SourceTx& tx);

  SourceWires w_;
  Rng rng_;
  uint64_t connection_ = 0;
  bool streaming_ = false;
  IdSet delivered_;        // includes what the stream was opened after
  size_t cursor_ = 0;      // into the log: everything before it is in delivered_
  size_t sent_edits_ = 0;  // of the huge transaction in progress
  size_t stalled_ = 0;     // polls that give nothing
  size_t batch_limit_ = 4;
  IdSet acknowledged_;
};

class SimReader final : public TableReader {
 public:
  SimReader(SourceWires wires, uint64_t connection, uint64_t seed) : w_(wires), connection_(connection), rng_(seed) {}

  Result<TableEstimate> estimate(const TableSchema& schema) override;
  Result<std::vector<OwnedRow>> split(const TableSchema& schema, size_t parts) override;

  bool chunkable(const TableSchema& schema) const override { return !schema.keyless(); }

  Result<std::shared_ptr<const ReadPoint>> begin(const SchemaRef& schema) override;
  Result<Chunk> read(const KeyRange& range, const ChunkLimit& limit) override;
  Result<Chunk> read_keys(std::span<const OwnedRow> keys) override;

  void end() override { view_.reset(); }

 private:
  [[nodiscard]] Status alive() const;
  [[nodiscard]] Status usable();
  [[nodiscard]] Chunk make_chunk(const std::vector<RowRef>& rows, bool end) const;

  SourceWires w_;
  uint64_t connection_;
  Rng rng_;
  SchemaRef schema_;
  TableId table_ = kItems;
  std::optional<ReadView> view_;
  bool range_open_ = false;
  std::vector<RowRef> left_;  // of the range being read
  size_t at_ = 0;
};

// The set of transactions in a position of this world. A text that is not ours fails a CHECK.
[[nodiscard]] IdSet ids_of(const Position& position);
// The id of a transaction in a batch of this world.
[[nodiscard]] uint64_t id_of(const Batch& batch, const Transaction& tx);

}  // namespace weft::sim
