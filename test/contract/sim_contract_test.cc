// SPDX-License-Identifier: Apache-2.0
// The simulated adapters keep the contracts that real ones keep; else the simulation would prove nothing about those.
#include "contract/source_contract.h"
#include "contract/target_contract.h"
#include "sim/draft.h"
#include "sim/sim_source.h"
#include "sim/sim_target.h"

namespace weft::contract {
namespace {

class SimTargetHarness final : public TargetHarness {
 public:
  SimTargetHarness() : server_(sim::TargetMode(), clock_, faults_, trace_, 1) {
    for (size_t t = 0; t < sim::kTableCount; ++t) server_.create(static_cast<TableId>(t));
  }

  std::unique_ptr<Target> process() override {
    return std::make_unique<sim::SimTarget>(sim::TargetWires{server_, faults_, life_, trace_, ++processes_});
  }

  std::vector<sim::ModelRow> rows(sim::TableId table) override { return sorted_rows(server_.newest(), table); }

  void outlive_lease() override { clock_.advance(std::chrono::seconds(10)); }

  void reach_disk() override { server_.flush_some(); }

 private:
  using TableId = sim::TableId;
  sim::FakeClock clock_;
  sim::Faults faults_{1};
  sim::Trace trace_;
  sim::ProcessLife life_;
  sim::TargetServer server_;
  uint64_t processes_ = 0;
};

class SimSourceHarness final : public SourceHarness {
 public:
  explicit SimSourceHarness(sim::SourceKind kind) : server_({.kind = kind}, clock_, trace_, 1) {}

  std::unique_ptr<Source> process() override {
    return std::make_unique<sim::SimSource>(sim::SourceWires{server_, faults_, life_, trace_, {}}, ++processes_);
  }

  void execute(const std::vector<Statement>& transaction) override {
    sim::Draft draft(server_);
    for (const Statement& s : transaction) {
      if (s.before.empty()) {
        EXPECT_TRUE(draft.insert(s.table, s.after));
        continue;
      }
      const sim::RowRef row = sim::find_by_key(draft.state(), s.table, sim::key_cells(s.table, s.before));
      EXPECT_TRUE(s.after.empty() ? draft.remove(s.table, row, true) : draft.update(s.table, row, s.after, true));
    }
    (void)draft.commit();
    server_.settle();
  }

  void purge() override { server_.purge(0); }

  Position future() override { return Position("sim:1-900"); }

 private:
  sim::FakeClock clock_;
  sim::Faults faults_{1};
  sim::Trace trace_;
  sim::ProcessLife life_;
  sim::SourceServer server_;
  uint64_t processes_ = 0;
};

std::unique_ptr<TargetHarness> make_target() {
  return std::make_unique<SimTargetHarness>();
}

std::unique_ptr<SourceHarness> make_exact_source() {
  return std::make_unique<SimSourceHarness>(sim::SourceKind::kMariaDb);
}

std::unique_ptr<SourceHarness> make_window_source() {
  return std::make_unique<SimSourceHarness>(sim::SourceKind::kMySql);
}

INSTANTIATE_TEST_SUITE_P(Sim, TargetContract, ::testing::Values(&make_target));
INSTANTIATE_TEST_SUITE_P(SimExact, SourceContract, ::testing::Values(&make_exact_source));
INSTANTIATE_TEST_SUITE_P(SimWindow, SourceContract, ::testing::Values(&make_window_source));

}  // namespace
}  // namespace weft::contract
