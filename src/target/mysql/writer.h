// SPDX-License-Identifier: Apache-2.0
// Writer: the table batches of one open transaction. MariaDB takes an array of rows for one prepared statement; MySQL takes
// several rows in one INSERT, and the rest one by one, many of them on the way at once.
//
//   writer.start();  TRY(writer.write(plan, batch)); ...  TRY(writer.finish());  writer.affected()
//
// Uses a session's queue; its thread. A batch outlives finish(), for errors name its rows.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "engine/mysql/command_queue.h"
#include "target/mysql/payload.h"
#include "target/mysql/statements.h"
#include "target/mysql/values.h"

namespace weft::mysql {

class Writer {
 public:
  static constexpr uint64_t kNoPlace = UINT64_MAX;  // tag of statements that write no rows of a batch

  // `packet_limit`: bytes of a statement at most.
  Writer(CommandQueue& queue, size_t packet_limit) : queue_(queue), packet_limit_(packet_limit) {}

  void start();
  [[nodiscard]] Status write(const TablePlan& plan, const TableBatch& batch);

  // A batch that something else has written.
  void written(uint64_t affected) { affected_.push_back(affected); }

  // Waits for what is queued.
  [[nodiscard]] Status finish();

  // Rows touched, by batch. REQUIRES: finish() succeeded.
  [[nodiscard]] const std::vector<uint64_t>& affected() const { return affected_; }

 private:
  struct Shape {
    RowStatement statement;
    std::vector<uint16_t> types;  // of one row's parameters
  };

  // Where rows of a statement come from.
  struct Place {
    const TablePlan* plan = nullptr;
    const TableBatch* batch = nullptr;
    size_t number = 0;  // of the batch
    size_t first = 0;
    size_t count = 0;
  };

  [[nodiscard]] Status write_rows(const TablePlan& plan, const TableBatch& batch);
  [[nodiscard]] Status in_bulk(const TablePlan& plan, const TableBatch& batch);
  [[nodiscard]] Status in_statements(const TablePlan& plan, const TableBatch& batch);
  [[nodiscard]] Status mend(const TablePlan& plan, const TableBatch& batch);
  [[nodiscard]] const Shape& shape(const TablePlan& plan, BatchOp op, size_t rows);
  [[nodiscard]] const Shape& same_row_shape(const TablePlan& plan);
  static void measure(const TablePlan& plan, Shape& shape);
  [[nodiscard]] Status put_row(const TablePlan& plan, const Shape& shape, const TableBatch::Item& item);
  [[nodiscard]] Status send(const Shape& shape, const Place& place, bool bulk);
  [[nodiscard]] size_t rows_for_now(const TableBatch& batch, size_t first, size_t most) const;
  [[nodiscard]] Error explain(const Error& error, const Place& place) const;

  CommandQueue& queue_;
  size_t packet_limit_;
  Payload payload_;
  std::unordered_map<std::string, Shape> shapes_;
  std::string key_;
  std::vector<uint16_t> written_;  // columns of the batch that is being written
  std::vector<Place> places_;
  std::vector<uint64_t> affected_;
};

// A row in words: its key, or all of it where there is none.
[[nodiscard]] std::string describe_row(const TablePlan& plan, const TableBatch::Item& item);

}  // namespace weft::mysql
