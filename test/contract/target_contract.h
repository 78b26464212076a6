// SPDX-License-Identifier: Apache-2.0
// What every Target must do, as one suite for all adapters.
//
//   INSTANTIATE_TEST_SUITE_P(Postgres, TargetContract, ::testing::Values(make_postgres_harness));
//
// The harness gives processes, each a Target of its own on one database that holds the tables items, bag, parents and
// children of sim/tables.h (unique index on items.code, foreign key from children to parents), all empty.
#pragma once

#include <memory>

#include <gtest/gtest.h>

#include "sim/tables.h"
#include "target/target.h"

namespace weft::contract {

class TargetHarness {
 public:
  virtual ~TargetHarness() = default;
  // A process that has just started. The harness outlives it.
  [[nodiscard]] virtual std::unique_ptr<Target> process() = 0;
  // The committed rows of a table, sorted, read beside weft.
  [[nodiscard]] virtual std::vector<sim::ModelRow> rows(sim::TableId table) = 0;
  // Time passes until the lease of a process that has gone silent has run out.
  virtual void outlive_lease() = 0;
  // Time passes until what was committed so far is on disk.
  virtual void reach_disk() = 0;
};

// Gives nothing where the server can't be had.
using TargetFactory = std::unique_ptr<TargetHarness> (*)();

class TargetContract : public ::testing::TestWithParam<TargetFactory> {
 protected:
  void SetUp() override {
    harness_ = GetParam()();
    if (!harness_) GTEST_SKIP() << "its server is not installed here";
  }

  // The vocabulary: a running process with one session.
  struct Running {
    std::unique_ptr<Target> target;
    std::unique_ptr<TargetSession> session;
    Progress progress;
  };

  [[nodiscard]] Running run_process();
  [[nodiscard]] TargetTableRef matched(Running& p, sim::TableId table);
  // One batch; empty `columns` means all that the operation needs.
  TableBatch batch(Running& p, sim::TableId table, BatchOp op, std::vector<uint16_t> columns = {});
  void add(TableBatch& to, const sim::ModelRow& before, const sim::ModelRow& after);
  // Prepares and commits; gives the rows touched by each batch.
  Result<std::vector<uint64_t>> apply(Running& p, std::vector<TableBatch> batches);
  [[nodiscard]] Group group(const Running& p, std::vector<TableBatch> batches) const;
  [[nodiscard]] static Progress after(const Progress& from);
  void insert(Running& p, sim::TableId table, const std::vector<sim::ModelRow>& rows);

  std::unique_ptr<TargetHarness> harness_;
  Arena arena_{4096};
};

[[nodiscard]] inline sim::ModelRow item(int64_t id, sim::Cell code, const std::string& name) {
  return {sim::Cell::integer(id), std::move(code), sim::Cell::word(name), sim::Cell::null()};
}

[[nodiscard]] inline sim::ModelRow item_key(int64_t id) {
  return {sim::Cell::integer(id), sim::Cell::unchanged(), sim::Cell::unchanged(), sim::Cell::unchanged()};
}

}  // namespace weft::contract
