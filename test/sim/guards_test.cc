// SPDX-License-Identifier: Apache-2.0
// For each decision that keeps an invariant: with its guard taken out, the world must notice. A simulator that does not
// would also not notice the bug. What a few hundred seeds find is left to them; what row counts and the ladder mend again is
// a history written down.
//   I1 ack_only_flushed, refuse_lost_position; hard_case_05_*           I6 AStepThatWaitsIsNoticed
//   I2 ACommitOutOfLogOrderIsNoticed                                     I7 no guard: who may include whom (tree_test)
//   I3 commit_in_order, order_by_unique_keys, mask_merge, ladder        I8 EveryAppliedChangeIsCounted
//   I4 compare_and_set, recopy_after_failover (hard_case_06_*), fragments_share_transaction, the snapshot's     I10 count_affected
//   I5, I9 queue_limits                                                 I11 table_state_with_progress
#include <gtest/gtest.h>

#include "base/text.h"
#include "sim/driver.h"
#include "sim/scene.h"

namespace weft::sim {
namespace {

constexpr uint64_t kSeeds = 400;

// The violation that the first failing seed found; empty if none noticed. All seeds are tried, from `likely` on: one that
// noticed when this was written.
std::string noticed(const std::function<void(Plan&)>& without, uint64_t likely) {
  for (uint64_t i = 0; i < kSeeds; ++i) {
    const uint64_t seed = 1 + (likely - 1 + i) % kSeeds;
    const Verdict verdict = simulate({seed, false, without, {}});
    if (!verdict.ok) return cat("seed ", seed, ": ", verdict.violation);
  }
  return {};
}

struct Case {
  const char* name;
  bool Guards::*guard;
  uint64_t likely = 1;
};

class SeedsWithout : public ::testing::TestWithParam<Case> {};

TEST_P(SeedsWithout, TakenOutIsNoticed) {
  const std::string violation =
      noticed([](Plan& plan) { plan.pipeline.guards.*GetParam().guard = false; }, GetParam().likely);
  EXPECT_NE(violation, "") << kSeeds << " seeds saw nothing wrong without " << GetParam().name;
  RecordProperty("violation", violation);
}

INSTANTIATE_TEST_SUITE_P(Guards,
                         SeedsWithout,
                         ::testing::Values(Case{"check_stale_chunk", &Guards::check_stale_chunk, 122},
                                           Case{"gate_at_read_point", &Guards::gate_at_read_point},
                                           Case{"replay_maybe_changes", &Guards::replay_maybe_changes, 10},
                                           Case{"hold_back_uncopied", &Guards::hold_back_uncopied, 17},
                                           Case{"key_sets_for_text", &Guards::key_sets_for_text, 62},
                                           Case{"reread_missed_keys", &Guards::reread_missed_keys, 156},
                                           Case{"mask_merge", &Guards::mask_merge},
                                           Case{"commit_in_order", &Guards::commit_in_order},
                                           Case{"ladder", &Guards::ladder},
                                           Case{"letters_first", &Guards::letters_first},
                                           Case{"ack_only_flushed", &Guards::ack_only_flushed},
                                           Case{"ack_only_synced", &Guards::ack_only_synced},
                                           Case{"refuse_lost_position", &Guards::refuse_lost_position, 186},
                                           Case{"table_state_with_progress", &Guards::table_state_with_progress},
                                           Case{"fragments_share_transaction", &Guards::fragments_share_transaction}),
                         [](const ::testing::TestParamInfo<Case>& one) { return std::string(one.param.name); });

// A history that is legal at the source: what one transaction frees or makes, the next one needs. Two lanes have one each,
// and the second goes first. Gives how often the target refused a statement: each costs the group a second try.
size_t refusals(Guards guards, const std::function<void(Scene&)>& one, const std::function<void(Scene&)>& next) {
  Scene scene({.tables = {kItems, kParents, kChildren},
               .lanes = 2,
               .group_rows = 1,
               .snapshot = SnapshotMode::kNo,
               .guards = guards});
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) {
    EXPECT_TRUE(d.insert(kItems, item(1, "a", "n", Cell::integer(10))));
    EXPECT_TRUE(d.insert(kItems, item(2, "b", "n", Cell::integer(20))));
  });
  EXPECT_EQ(scene.settle(), "");
  one(scene);
  next(scene);
  for (int i = 0; i < 8; ++i) {
    (void)scene.run("capture");
    (void)scene.run("apply");
    (void)scene.step("lane-1");
  }
  scene.finish();
  return scene.traced(" fails: ");
}

void update_code(Scene& scene, int64_t id, const Cell& code) {
  scene.write_settled([&](Draft& d) {
    const RowRef row = scene.row(kItems, {Cell::integer(id)});
    ModelRow after = *row;
    after[1] = code;
    EXPECT_TRUE(d.update(kItems, row, after, false));
  });
}

size_t refusals_of_a_code_that_moves(Guards guards) {
  return refusals(
      guards,
      [](Scene& scene) { update_code(scene, 1, Cell::null()); },
      [](Scene& scene) { update_code(scene, 2, Cell::integer(10)); });
}

size_t refusals_of_a_child_after_its_parent(Guards guards) {
  return refusals(
      guards,
      [](Scene& scene) {
        scene.write_settled([](Draft& d) { EXPECT_TRUE(d.insert(kParents, {Cell::integer(1), Cell::word("p")})); });
      },
      [](Scene& scene) {
        scene.write_settled([](Draft& d) {
          EXPECT_TRUE(d.insert(kChildren, {Cell::integer(5), Cell::integer(1), Cell::word("c")}));
        });
      });
}

TEST(GuardTest, OrderByUniqueKeysTakenOutIsNoticed) {
  Guards off;
  off.order_by_unique_keys = false;
  EXPECT_EQ(refusals_of_a_code_that_moves({}), 0u);
  EXPECT_NE(refusals_of_a_code_that_moves(off), 0u);
  EXPECT_EQ(refusals_of_a_child_after_its_parent({}), 0u);
  EXPECT_NE(refusals_of_a_child_after_its_parent(off), 0u);
}

// Changes that are applied tolerantly have no count, so that the sides come to differ: wide windows.
TEST(GuardTest, OrderByUniqueKeysTakenOutLosesRowsInWindows) {
  const auto without = [](Plan& plan) {
    plan.pipeline.guards.order_by_unique_keys = false;
    plan.source.kind = SourceKind::kMySql;
    plan.target.second_unique = false;
    plan.pipeline.snapshot = SnapshotMode::kYes;
    plan.pipeline.lanes = 3;
    plan.pipeline.group_rows = 1;
    plan.workload.keys = 4;
  };
  EXPECT_NE(noticed(without, 1), "");
}

// A source that is far ahead of a small memory, and a target that takes nothing.
std::string play_far_ahead(Guards guards) {
  Scene scene({.tables = {kItems},
               .group_bytes = 512,
               .memory_bytes = 4u << 10,
               .snapshot = SnapshotMode::kNo,
               .guards = guards});
  scene.load({});
  scene.start();
  for (int64_t id = 1; id <= 200; ++id)
    scene.write_settled([&](Draft& d) { EXPECT_TRUE(d.insert(kItems, item(id, std::string(100, 'x')))); });
  for (int i = 0; i < 20; ++i) {
    (void)scene.run("capture");
    (void)scene.run("apply");
  }
  return scene.settle();
}

TEST(GuardTest, QueueLimitsTakenOutAreNoticed) {
  EXPECT_EQ(play_far_ahead({}), "");
  Guards off;
  off.queue_limits = false;
  EXPECT_EQ(play_far_ahead(off).substr(0, 3), "I9:");
}

// A row that a stranger deleted at the target is updated at the source, in columns, as a partial image says it.
struct Missed {
  std::string said;      // how the process ended; empty: it goes on
  uint64_t applied = 0;  // version of progress, from that before the update
};

Missed play_missed_row(bool count_affected) {
  SceneOptions options{.kind = SourceKind::kMySql, .tables = {kItems}, .snapshot = SnapshotMode::kNo};
  options.guards.count_affected = count_affected;
  Scene scene(options);
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) { EXPECT_TRUE(d.insert(kItems, item(1, "x"))); });
  EXPECT_EQ(scene.settle(), "");
  scene.world.target.lose_row(kItems, {Cell::integer(1)});
  const uint64_t before = scene.version();
  scene.write_settled(
      [&](Draft& d) { EXPECT_TRUE(d.update(kItems, scene.row(kItems, {Cell::integer(1)}), item(1, "y"), true)); });
  scene.run_all(40);
  EXPECT_TRUE(scene.target_rows(kItems).empty());
  const bool ended = scene.process->over() && !scene.process->why();
  return {ended ? scene.process->why().error().message() : "", scene.version() - before};
}

TEST(GuardTest, CountAffectedTakenOutIsNoticed) {
  const Missed on = play_missed_row(true);
  EXPECT_NE(on.said.find("items key (1)"), std::string::npos) << on.said;
  EXPECT_EQ(on.applied, 0u) << "progress stays before the change";
  const Missed off = play_missed_row(false);
  EXPECT_EQ(off.said, "");
  EXPECT_NE(off.applied, 0u) << "passed over without a word";
}

TEST(GuardOfTheTarget, CompareAndSetTakenOutIsNoticed) {
  EXPECT_NE(noticed([](Plan& plan) { plan.target.compare_and_set = false; }, 1), "");
}

// I2, as the check sees it: what a target says that was sent a commit to this position, one version and one sequence on.
std::string said_of_a_commit_to(
    const std::function<IdSet(const IdSet& at, uint64_t next, uint64_t after_next)>& position) {
  Scene scene({.tables = {kItems}, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) { EXPECT_TRUE(d.insert(kItems, item(1, "x"))); });
  EXPECT_EQ(scene.settle(), "");
  const Image before = scene.world.target.newest();
  Image after = before;
  const uint64_t next = scene.write_settled([](Draft& d) { EXPECT_TRUE(d.alter(kPairs)); });
  const uint64_t after_next = scene.write_settled([](Draft& d) { EXPECT_TRUE(d.alter(kPairs)); });
  ++after.progress->version;
  after.progress->sequence = after.progress->sequence.next();
  after.progress->position =
      Position(position(*IdSet::parse(before.progress->position.text()), next, after_next).text());
  scene.world.checks.on_target({TargetEvent::Kind::kCommit, false}, before, after);
  return scene.world.checks.violation().value_or("");
}

TEST(InvariantTest, ACommitOutOfLogOrderIsNoticed) {
  const auto right = [](IdSet at, uint64_t next, uint64_t) { return at.add(next), at; };
  const auto back = [](const IdSet&, uint64_t, uint64_t) { return IdSet(); };
  const auto two_at_once = [](IdSet at, uint64_t next, uint64_t after_next) {
    return at.add(next), at.add(after_next), at;
  };
  EXPECT_EQ(said_of_a_commit_to(right), "");
  EXPECT_EQ(said_of_a_commit_to(back).substr(0, 3), "I2:");
  EXPECT_EQ(said_of_a_commit_to(two_at_once).substr(0, 3), "I2:");
}

// I6: a step that was given no time sleeps all the same.
TEST(InvariantTest, AStepThatWaitsIsNoticed) {
  Scene scene({.tables = {kItems}, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  scene.world.target.listen([&](const TargetEvent&, const Image&, const Image&) {
    scene.world.clock.sleep(std::chrono::milliseconds(1), {});
  });
  scene.write_settled([](Draft& d) { EXPECT_TRUE(d.insert(kItems, item(1, "x"))); });
  scene.run_all(20);
  EXPECT_EQ(scene.world.checks.violation().value_or("").substr(0, 3), "I6:");
}

// I8: of each operation as many as the log has, whatever was coalesced.
TEST(InvariantTest, EveryAppliedChangeIsCounted) {
  Scene scene({.tables = {kItems}, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  for (int64_t id = 1; id <= 3; ++id) {
    if (id == 2) {
      EXPECT_EQ(scene.settle(), "");
    }
    scene.write_settled([&](Draft& d) { EXPECT_TRUE(d.insert(kItems, item(id, "x"))); });
  }
  for (const char* name : {"y", "z"}) {
    scene.write_settled(
        [&](Draft& d) { EXPECT_TRUE(d.update(kItems, scene.row(kItems, {Cell::integer(1)}), item(1, name), false)); });
  }
  scene.write_settled([&](Draft& d) { EXPECT_TRUE(d.remove(kItems, scene.row(kItems, {Cell::integer(2)}), true)); });
  (void)scene.run("capture");
  scene.finish();
  const TableStatus counted = scene.process->status().tables.at(schema_of(kItems)->name.text());
  EXPECT_EQ(counted.inserts, 3u);
  EXPECT_EQ(counted.updates, 2u);
  EXPECT_EQ(counted.deletes, 1u);
  EXPECT_LT(scene.process->status().groups, 6u) << "changes of one row met in a group";
}

}  // namespace
}  // namespace weft::sim
