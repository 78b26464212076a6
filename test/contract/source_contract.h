// SPDX-License-Identifier: Apache-2.0
// What every Source and its TableReader must do, as one suite for all adapters.
//
//   INSTANTIATE_TEST_SUITE_P(MariaDb, SourceContract, ::testing::Values(make_mariadb_harness));
//
// The harness holds a database with the tables items, words, bag of sim/tables.h (words under a collation that knows no
// case), all empty and captured, and executes transactions on it that are visible and counted when it returns.
#pragma once

#include <memory>

#include <gtest/gtest.h>

#include "sim/tables.h"
#include "source/source.h"

namespace weft::contract {

// A statement: insert (after), update (before by key, after), delete (before by key; keyless: one such row).
struct Statement {
  sim::TableId table = sim::kItems;
  sim::ModelRow before;
  sim::ModelRow after;
};

class SourceHarness {
 public:
  virtual ~SourceHarness() = default;
  // A process that has just started.
  [[nodiscard]] virtual std::unique_ptr<Source> process() = 0;
  virtual void execute(const std::vector<Statement>& transaction) = 0;
  // Everything logged so far is gone; what is logged from now on stays.
  virtual void purge() = 0;
  // A position that this server never reached.
  [[nodiscard]] virtual Position future() = 0;

  // The source delivers what became visible between two of its reads as one transaction: several of the application's at once
  // where it begins behind them.
  [[nodiscard]] virtual bool joins_transactions() const { return false; }
};

// Gives nothing where the server can't be had.
using SourceFactory = std::unique_ptr<SourceHarness> (*)();

class SourceContract : public ::testing::TestWithParam<SourceFactory> {
 protected:
  void SetUp() override {
    harness_ = GetParam()();
    if (!harness_) GTEST_SKIP() << "its server is not installed here";
    source_ = harness_->process();
    const auto info = source_->connect();
    ASSERT_TRUE(info) << info.error().message();
    const Status prepared = source_->prepare();
    ASSERT_TRUE(prepared) << prepared.error().message();
  }

  // One delivered transaction, with the batch that owns it.
  struct Delivered {
    std::shared_ptr<const Batch> batch;
    const Transaction* tx = nullptr;

    [[nodiscard]] Position position() const { return batch->position(*tx); }
  };

  [[nodiscard]] Position head();
  void open(const Position& after);
  // Waits for that many transactions that change something (fragments count as one).
  [[nodiscard]] std::vector<Delivered> take(size_t count);
  // As take(1) does, as text: "insert items (1, ...)".
  [[nodiscard]] std::vector<std::string> told(const Delivered& one) const;
  // The changes of all transactions that come, until there are that many.
  [[nodiscard]] std::vector<std::string> take_changes(size_t count);
  // Reads a range to its end in pieces of `rows`.
  [[nodiscard]] std::vector<sim::ModelRow> read(TableReader& reader, const KeyRange& range, size_t rows);
  [[nodiscard]] std::unique_ptr<TableReader> reader();
  [[nodiscard]] SchemaRef schema(sim::TableId table);

  std::unique_ptr<SourceHarness> harness_;
  std::unique_ptr<Source> source_;
};

}  // namespace weft::contract
