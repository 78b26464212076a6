// SPDX-License-Identifier: Apache-2.0
// ChangeLog: reads the log of changes (capture_sql.h) as batches. What one read transaction shows is delivered as one
// transaction, or as several that end where Cuts says: it is what several of the application's transactions, whole ones, have
// made of the database together. The read transaction stays open while a large one is delivered in fragments.
//
//   TRY_ASSIGN(bool more, log.begin(position, upto))
//   while (log.reading()) { TRY_ASSIGN(Batch batch, log.read()); ... }
//
// The connection is the caller's; one thread. An error ends the reading.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/transaction.h"
#include "source/sqlite/capture.h"

namespace weft::sqlite {

class ChangeLog {
 public:
  struct Limits {
    size_t batch_bytes = 256u << 10;
    size_t fragment_bytes = 4u << 20;
  };

  ChangeLog(Connection& db, Limits limits) : db_(db), limits_(limits) {}

  // Shapes that the position has seen: a row of another shape of the same table tells of a change.
  void use_schemas(const std::vector<SchemaRef>& schemas);

  // The captured tables, and the filter of this pipeline: rows of other tables are passed over.
  void use_capture(const Capture& capture, const TableFilter& filter);

  // Changes in (after, ends.back()], a transaction up to each of `ends`. REQUIRES: the connection is in a read transaction,
  // which the caller ends when reading() is over.
  [[nodiscard]] Status begin(int64_t after, std::vector<int64_t> ends);

  [[nodiscard]] bool reading() const { return statement_ != nullptr; }

  [[nodiscard]] Result<Batch> read();
  void stop();

 private:
  struct Shape {
    SchemaRef schema;  // null: not captured by this pipeline
    uint64_t kept_in = 0;
  };

  [[nodiscard]] Result<bool> step();
  [[nodiscard]] Status take_row();
  [[nodiscard]] Status take_rows(Shape& shape, int64_t op);
  [[nodiscard]] Status change_shape(Shape& shape, int64_t op);
  [[nodiscard]] Row image(const TableSchema& schema, size_t from);
  void keep(Shape& shape);
  void end_transaction();
  void open_transaction();

  Connection& db_;
  Limits limits_;
  std::string capture_;
  std::map<int64_t, Shape> shapes_;
  std::map<std::string, SchemaRef> known_;  // by table, as far as the stream has told
  std::unique_ptr<Statement> statement_;
  Arena arena_{256u << 10};
  BatchBuilder builder_{arena_};
  std::vector<int64_t> ends_;  // of transactions, the next first
  std::vector<int64_t> notes_;
  bool row_ = false;  // the statement stands on a row that was not taken
  bool first_ = true;
  int64_t commit_us_ = 0;
  uint64_t batch_ = 1;
  size_t mark_ = 0;
};

}  // namespace weft::sqlite
