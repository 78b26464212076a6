// SPDX-License-Identifier: Apache-2.0
// Plans: the steps compiled for every shape that comes by, each once. One thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "model/transaction.h"
#include "transform/table_steps.h"

namespace weft::transform {

class Plans {
 public:
  Plans(std::shared_ptr<const Steps> steps, std::set<TableName> tables)
      : steps_(std::move(steps)), tables_(std::move(tables)) {}

  [[nodiscard]] const TableSteps& of(const SchemaRef& source);

  // The shape of a change of the batch.
  [[nodiscard]] const TableSteps& of(const Batch& batch, const TableSchema* source);

  [[nodiscard]] const Steps& steps() const { return *steps_; }

  [[nodiscard]] const std::shared_ptr<const Steps>& shared_steps() const { return steps_; }

  [[nodiscard]] const std::set<TableName>& tables() const { return tables_; }

 private:
  std::shared_ptr<const Steps> steps_;
  std::set<TableName> tables_;
  std::map<const TableSchema*, TableSteps> known_;  // each holds what it is found by
};

}  // namespace weft::transform
