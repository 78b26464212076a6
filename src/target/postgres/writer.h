// SPDX-License-Identifier: Apache-2.0
// Writer: the table batches of one open target transaction as statements: pipelined where rows are few or counted one by
// one, arrays in pieces where they are many, COPY where they are new. Knows which row a failed statement was about.
//
//   writer.start(begin_statements, batches);
//   TRY(writer.write(plan, batch));  ...  TRY(writer.finish());  writer.affected()
//
// Views the Connection and Pipeline of its session; the session's thread. Reuses its buffers from group to group.
#pragma once

#include <string>
#include <vector>

#include "engine/postgres/binary.h"
#include "engine/postgres/pipeline.h"
#include "target/postgres/statements.h"

namespace weft::postgres {

class Writer {
 public:
  static constexpr uint64_t kNoPlace = UINT64_MAX;  // tag of statements that are about no row

  Writer(Connection& connection, Pipeline& pipeline) : connection_(connection), pipeline_(pipeline) {}

  // `begin`: statements to be sent before the first one (BEGIN ...).
  void start(std::vector<std::string> begin);
  // Queues the next batch, or executes it. Its number is the count of batches before it.
  [[nodiscard]] Status write(const TablePlan& plan, const TableBatch& batch);

  // The next batch was carried out by somebody else, who touched so many rows. REQUIRES: finish(), then nothing was queued.
  void written(uint64_t affected) { affected_.push_back(affected); }

  // Waits for all answers. Nothing has been sent at all if no batch was written: see pending_begin().
  [[nodiscard]] Status finish();
  // Queues the statements of start() if they have not gone out yet.
  [[nodiscard]] Status send_begin();

  [[nodiscard]] const std::vector<uint64_t>& affected() const { return affected_; }

 private:
  // What a sent statement is about.
  struct Place {
    const TablePlan* plan;
    const TableBatch* batch;
    size_t number;  // of the batch
    size_t first;   // row
    size_t count;
  };

  Status copy(const TablePlan& plan, const TableBatch& batch);
  Status copy_rows(const TablePlan& plan, const TableBatch& batch);
  Status rows_by_statement(const TablePlan& plan, const TableBatch& batch);
  Status one_by_one(const TablePlan& plan, const TableBatch& batch, size_t first, size_t count);
  Status many(const TablePlan& plan, const TableBatch& batch, size_t first, size_t count);
  Status truncate(const TablePlan& plan, const TableBatch& batch);
  const RowStatement& shape(const TablePlan& plan, const TableBatch& batch, Rows rows);  // leaves its key in key_
  size_t piece(const TableBatch& batch, size_t first) const;
  Status send(const RowStatement& shape, const Place& place);
  Error explain(Error error, const Place& place) const;

  Connection& connection_;
  Pipeline& pipeline_;
  std::vector<std::string> begin_;
  std::vector<Place> places_;
  std::vector<uint64_t> affected_;
  std::unordered_map<std::string, RowStatement> shapes_;  // by statement key
  std::vector<uint16_t> written_;                         // columns of the batch that the target takes
  WireBuffer buffer_;
  std::vector<std::pair<size_t, size_t>> marks_;  // parameters in buffer_
  std::vector<Param> params_;
  std::string key_;
};

// "table shop.orders, row (5): column "qty" of type smallint: value 70000 is out of the type's range"
[[nodiscard]] Error misfit_error(
    const TablePlan& plan, const TableBatch::Item& item, uint16_t ordinal, const Value& value, Misfit misfit);
// A row in words: its key, or all of it where there is none.
[[nodiscard]] std::string describe_row(const TablePlan& plan, const TableBatch::Item& item);

}  // namespace weft::postgres
