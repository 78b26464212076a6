// SPDX-License-Identifier: Apache-2.0
// Scene: a world in which nothing is left to chance, for histories that are written down. No faults unless forced, one
// transaction per batch, actors stepped by name.
//
//   Scene scene(SceneOptions{.tables = {kItems}});
//   scene.load({{kItems, item(7, "old")}});
//   scene.start();
//   uint64_t t = scene.write([](Draft& d) { d.update(...); });   // in the log, not yet deliverable, counted or visible
//   scene.run("copy-0");                                         // until it has nothing more to do
//   scene.finish();                                              // everything settles; both sides must be equal
//
// One thread.
#pragma once

#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "sim/world.h"

namespace weft::sim {

struct SceneOptions {
  SourceKind kind = SourceKind::kMariaDb;
  std::set<TableId> tables = {};  // captured
  size_t lanes = 1;
  size_t readers = 1;
  size_t chunk_rows = 100;
  size_t group_rows = 100;
  size_t group_bytes = PipelineOptions().group_bytes;
  size_t memory_bytes = PipelineOptions().memory_bytes;
  SnapshotMode snapshot = SnapshotMode::kYes;
  LostPosition on_lost_position = LostPosition::kFail;
  bool forgets_acknowledged = false;
  bool synchronous = true;
  bool key_actions = false;  // of the source; the target's tables have no foreign keys then
  bool compare_and_set = true;
  Guards guards = {};
};

// Rows of `items`.
[[nodiscard]] inline ModelRow item(int64_t id, std::string name, std::string note = "n", Cell code = Cell::null()) {
  return {Cell::integer(id), std::move(code), Cell::word(std::move(name)), Cell::word(std::move(note))};
}

class Scene {
 public:
  explicit Scene(const SceneOptions& options) : world(plan_of(options), 1, true) {
    if (!options.tables.empty()) world.source.capture_only(options.tables);
    for (size_t t = 0; t < kTableCount; ++t) world.target.create(static_cast<TableId>(t));
  }

  // Settled rows that are there before weft comes.
  void load(const std::vector<std::pair<TableId, ModelRow>>& rows) {
    Draft draft(world.source);
    for (const auto& [table, row] : rows) EXPECT_TRUE(draft.insert(table, row));
    (void)draft.commit();
    world.source.settle();
  }

  uint64_t write(const std::function<void(Draft&)>& statements, size_t fragment_edits = 0) {
    Draft draft(world.source);
    statements(draft);
    return draft.commit(fragment_edits);
  }

  // One transaction that is delivered, counted and visible at once.
  uint64_t write_settled(const std::function<void(Draft&)>& statements, size_t fragment_edits = 0) {
    const uint64_t id = write(statements, fragment_edits);
    world.source.settle();
    return id;
  }

  [[nodiscard]] RowRef row(TableId table, const ModelRow& key) const {
    return find_by_key(world.source.newest(), table, key);
  }

  // A new process and its first cycle.
  void start() {
    process = std::make_unique<Process>(world, ++processes_);
    process->source().limit_batches(1);
    process->step();
  }

  void crash() {
    process->kill();
    process.reset();
  }

  // Steps one actor until it has nothing to do; the number of steps that advanced.
  size_t run(std::string_view actor) {
    size_t advanced = 0;
    for (size_t step = 0; step < 1000 && alive(); ++step) {
      const auto which = process->actor(actor);
      if (!which || !process->step_actor(*which)) break;
      ++advanced;
    }
    return advanced;
  }

  bool step(std::string_view actor) {
    const auto which = alive() ? process->actor(actor) : std::nullopt;
    return which && process->step_actor(*which);
  }

  // Every actor in turn, time passing; reopens cycles after their backoff.
  void run_all(size_t rounds) {
    for (size_t i = 0; i < rounds && alive() && !world.checks.violation(); ++i) {
      world.clock.advance(std::chrono::milliseconds(5));
      if (!process->cycle()) {
        process->step();
        continue;
      }
      for (size_t a = 0; process->cycle() && a < process->cycle()->actors(); ++a) (void)process->step_actor(a);
    }
  }

  // Lets everything happen that can; gives the difference between both sides, or the violated invariant.
  [[nodiscard]] std::string settle() {
    world.source.settle();
    for (size_t i = 0; i < 400; ++i) {
      world.target.flush_all();
      (void)world.target.deliver_late();
      run_all(4);
      if (world.checks.violation() || !alive()) break;
      if (world.checks.converged() && process->source().acknowledged().includes(world.source.all_ids())) break;
    }
    if (!world.checks.violation() && alive()) world.checks.at_end(process->status());
    if (!alive() && !world.checks.violation()) return "the process is over";
    return world.checks.violation().value_or("");
  }

  void finish() {
    const std::string wrong = settle();
    EXPECT_EQ(wrong, "") << world.trace.text();
  }

  [[nodiscard]] std::vector<ModelRow> target_rows(TableId table) const {
    return sorted_rows(world.target.newest(), table);
  }

  [[nodiscard]] uint64_t version() const { return world.target.newest().progress->version; }

  // How often a line was traced that contains this text.
  [[nodiscard]] size_t traced(std::string_view text) const {
    size_t n = 0;
    for (size_t at = world.trace.text().find(text); at != std::string::npos; at = world.trace.text().find(text, at + 1))
      ++n;
    return n;
  }

  World world;
  std::unique_ptr<Process> process;

 private:
  [[nodiscard]] bool alive() const { return process && !process->dead() && !process->over(); }

  static Plan plan_of(const SceneOptions& options) {
    Plan plan;
    plan.source.kind = options.kind;
    plan.source.forgets_acknowledged = options.forgets_acknowledged;
    plan.target.synchronous = options.synchronous;
    plan.source.key_actions = options.key_actions;
    plan.target.foreign_keys = !options.key_actions;
    plan.target.compare_and_set = options.compare_and_set;
    plan.pipeline.name = "scene";
    plan.pipeline.snapshot = options.snapshot;
    plan.pipeline.on_lost_position = options.on_lost_position;
    plan.pipeline.lanes = options.lanes;
    plan.pipeline.readers = options.readers;
    plan.pipeline.chunk_rows = options.chunk_rows;
    plan.pipeline.group_rows = options.group_rows;
    plan.pipeline.group_bytes = options.group_bytes;
    plan.pipeline.memory_bytes = options.memory_bytes;
    plan.pipeline.guards = options.guards;
    return plan;
  }

  uint64_t processes_ = 0;
};

}  // namespace weft::sim
