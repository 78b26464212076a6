// SPDX-License-Identifier: Apache-2.0
// FakeSource, FakeTarget: the least that a Pipeline runs on, for tests of its threads: one table, one transaction, and a
// target that hangs when told to, until go_on() or its stop token. What they do is checked by the simulator's own.
#pragma once

#include <memory>
#include <vector>

#include "base/guarded.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

inline SchemaRef fake_schema() {
  auto schema = std::make_shared<TableSchema>();
  schema->name = {"shop", "t"};
  schema->columns.resize(1);
  schema->columns[0].name = "id";
  schema->columns[0].kind = Kind::kInt;
  schema->key = {0};
  return schema;
}

class FakePositions final : public PositionLog {
 public:
  std::string text(uint32_t index) const override { return std::to_string(index); }
};

class FakeSource final : public Source {
 public:
  Result<SourceInfo> connect() override { return SourceInfo{"fake", "1"}; }

  std::vector<Finding> check() override { return {}; }

  Result<std::vector<SchemaRef>> tables() override { return std::vector<SchemaRef>{schema_}; }

  void use_schemas(const std::vector<SchemaRef>&) override {}

  Result<Position> head() override { return Position("0"); }

  Status open(const Position&) override { return ok(); }

  Result<std::optional<Batch>> next(Duration timeout, std::stop_token stop) override {
    if (sent_) {
      real_clock().sleep(timeout, stop);
      return std::optional<Batch>();
    }
    sent_ = true;
    BatchBuilder builder(arena_);
    builder.keep(schema_);
    builder.begin(real_clock().wall_us());
    builder.add(RowChange{schema_.get(), Op::kInsert, {}, values_});
    builder.end(1);
    return std::optional(builder.finish(std::make_shared<FakePositions>()));
  }

  Status acknowledge(const Position&) override { return ok(); }

  bool includes(const Position&, const Batch&, const Transaction&) const override { return true; }

  bool includes(const Position&, const Position&) const override { return true; }

  Result<std::unique_ptr<TableReader>> table_reader() override { return Error(Blame::kBug, "nothing to copy"); }

 private:
  SchemaRef schema_ = fake_schema();
  Arena arena_{4096};
  std::vector<Value> values_{Value::int64(7)};
  bool sent_ = false;
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(std::stop_token stop) : shared_(std::make_shared<Shared>()) { shared_->stop = std::move(stop); }

  void hang_in_open() {
    set([](State& s) { s.hang_in_open = true; });
  }

  void hang_in_prepare() {
    set([](State& s) { s.hang_in_prepare = true; });
  }

  void go_on() {
    set([](State& s) { s.hang_in_open = s.hang_in_prepare = false; });
  }

  void wait_until_hanging() {
    while (!shared_->state.wait_for(std::chrono::hours(1), {}, [](const State& s) { return s.hanging; })) continue;
  }

  // The progress version that is committed.
  [[nodiscard]] uint64_t committed() const {
    return shared_->state.with([](const State& s) { return s.progress.version; });
  }

  Result<Opened> open(const OpenRequest&) override {
    TRY(shared_->hang([](const State& s) { return s.hang_in_open; }));
    Opened opened;
    opened.epoch = 1;
    return opened;
  }

  Status start(const Progress& initial, const std::vector<TableStateRow>&, const std::vector<SchemaRef>&) override {
    set([&](State& s) { s.progress = initial; });
    return ok();
  }

  Status keep_lease() override { return ok(); }

  using Target::table;

  Result<TargetTableRef> table(const SchemaRef& source, bool /*leave_out*/) override {
    auto table = std::make_shared<TargetTable>();
    table->source = source;
    table->name = source->name;
    table->columns = {{"id", "integer", false, false, true}};
    table->unique_keys = {{0}};
    return TargetTableRef(table);
  }

  Result<std::string> create_table_sql(const TableSchema&) override { return std::string(); }

  Status create_table(const TableSchema&) override { return ok(); }

  Result<bool> exists(const TableSchema&) override { return true; }

  Result<bool> has_rows(const TargetTable&) override { return false; }

  Status analyze(const TargetTable&) override { return ok(); }

  Result<std::unique_ptr<TargetKeys>> keys(const TargetTableRef& /*table*/) override {
    return Error(Blame::kBug, "keys of a fake");
  }

  Result<std::unique_ptr<TargetSession>> session() override {
    return std::unique_ptr<TargetSession>(std::make_unique<Session>(shared_));
  }

  Result<uint64_t> flushed() override { return committed(); }

  std::vector<Finding> check(const std::vector<SchemaRef>&) override { return {}; }

  void close() override {}

 private:
  struct State {
    bool hang_in_open = false;
    bool hang_in_prepare = false;
    bool hanging = false;
    Progress progress;
  };

  struct Shared {
    template <class Hangs>
    Status hang(Hangs hangs) {
      while (state.with(hangs)) {
        state.change([](State& s) { s.hanging = true; });
        state.wait_for(std::chrono::hours(1), stop, [&](const State& s) { return !hangs(s); });
        if (stop.stop_requested()) return Error(Blame::kCancelled, "stopped while waiting for the fake target");
      }
      return ok();
    }

    Guarded<State> state;
    std::stop_token stop;
  };

  class Session final : public TargetSession {
   public:
    explicit Session(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    Result<PrepareReport> prepare(const Group& group) override {
      TRY(shared_->hang([](const State& s) { return s.hang_in_prepare; }));
      PrepareReport report;
      for (const TableBatch& batch : group.batches) report.affected.push_back(batch.rows.size());
      return report;
    }

    Status commit(const Progress&, const Progress& to) override {
      shared_->state.change([&](State& s) { s.progress = to; });
      return ok();
    }

    void rollback() override {}

   private:
    std::shared_ptr<Shared> shared_;
  };

  template <class F>
  void set(F&& change) {
    shared_->state.change(std::forward<F>(change));
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace weft
