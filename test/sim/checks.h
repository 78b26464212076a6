// SPDX-License-Identifier: Apache-2.0
// Checks: the invariants of the design, watched at every committed state of the target, at every acknowledgement and after
// every step. The first violation is kept, with what was expected and what was there. One thread.
#pragma once

#include <optional>

#include "pipeline/status.h"
#include "sim/source_server.h"
#include "sim/target_server.h"

namespace weft::sim {

class Checks {
 public:
  Checks(const SourceServer& source, const TargetServer& target, Trace& trace)
      : source_(source), target_(target), trace_(trace) {}

  void on_target(const TargetEvent& event, const Image& before, const Image& after);
  void on_acknowledge(const IdSet& position);
  void after_step(std::string_view actor, int64_t slept_ns, const StatusBoard& board);
  void at_end(const PipelineStatus& status);

  void fail(std::string_view invariant, std::string text);

  // Asked when more is acknowledged than the target has flushed: whether a journal surely has the rest.
  void keeps(std::function<bool(const IdSet& flushed, const IdSet& position)> kept) { kept_ = std::move(kept); }

  // Called with every state that the target commits, after the checks.
  void watch(std::function<void(const Image&)> watcher) { watcher_ = std::move(watcher); }

  [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }

  // The quiet phase may end: everything is applied and every table streams.
  [[nodiscard]] bool converged() const;

 private:
  void i1_acknowledged_is_flushed(const IdSet& position);
  void i2_positions_grow_in_log_order(const Image& before, const Image& after);
  void i4_only_the_epoch_holder_commits(const Image& before, const Image& after);
  void i4_effect_is_that_of_the_position(const Image& after);
  void i4_copied_ranges_are_of_the_position(const Image& after, TableId table, const SourceTable& truth);
  void i4_sums_hold(const Image& after);
  void i9_memory_stays_in_budget(const PipelineStatus& status);
  void i10_nothing_is_missed(const PipelineStatus& status);
  void i8_what_is_prepared_is_kept();
  void i11_table_states_go_forward(const Image& before, const Image& after);

  const SourceServer& source_;
  const TargetServer& target_;
  Trace& trace_;
  bool begun_again_ = false;  // what was prepared before is not known any more
  std::optional<std::string> violation_;
  std::function<void(const Image&)> watcher_;
  std::function<bool(const IdSet&, const IdSet&)> kept_;
  // Tables already found equal, by the identity of what was compared.
  std::array<std::pair<StoredTableRef, SourceTableRef>, kTableCount> equal_;
  uint64_t steps_ = 0;
};

[[nodiscard]] TableState state_of(const Image& image, TableId table);
// Empty, or the first difference between rows of the source and of the target.
[[nodiscard]] std::string difference(std::vector<ModelRow> want, std::vector<ModelRow> have);

}  // namespace weft::sim
