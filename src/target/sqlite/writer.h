// SPDX-License-Identifier: Apache-2.0
// Writer: the table batches of one open transaction, a statement for each row: the database is in this process, so no round trip
// is saved by more. Uses a session's connection; its thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "target/sqlite/statements.h"

namespace weft::sqlite {

class Writer {
 public:
  using PlanOf = std::function<Result<const TablePlan*>(const TargetTable&)>;

  Writer(Connection& connection, PlanOf plan_of) : connection_(connection), plan_of_(std::move(plan_of)) {}

  // Gives the rows touched: kKeyActions: rows of children.
  [[nodiscard]] Result<uint64_t> write(const TableBatch& batch);

 private:
  [[nodiscard]] const RowStatement& shape(const TablePlan& plan, const TableBatch& batch);
  [[nodiscard]] Result<uint64_t> write_row(const TablePlan& plan,
                                           const TableBatch& batch,
                                           const RowStatement& shape,
                                           const TableBatch::Item& item);
  [[nodiscard]] Result<uint64_t> act(const TableBatch& batch);

  Connection& connection_;
  PlanOf plan_of_;
  std::unordered_map<std::string, RowStatement> shapes_;
  std::vector<std::string> texts_;  // what values are printed as, until the statement is done
};

// A row in words: its key, or all of it where there is none.
[[nodiscard]] std::string describe_row(const TablePlan& plan, const TableBatch::Item& item);

}  // namespace weft::sqlite
