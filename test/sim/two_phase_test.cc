// SPDX-License-Identifier: Apache-2.0
// Hard case 14: transactions in two phases, with kills and copies between the first and the second.
#include "pipeline/prepared.h"
#include "sim/scene.h"

namespace weft::sim {
namespace {

// 14: prepared, passed by the position, killed; the commit comes to another process.
std::string play_prepared(size_t fragment_edits, bool commit, Guards guards = {}) {
  Scene scene({.tables = {kItems}, .lanes = 2, .group_rows = 3, .guards = guards});
  const auto coded = [](int64_t id, std::string name) {
    return item(id, std::move(name), "n", Cell::integer(100 + id));
  };
  scene.load({{kItems, coded(1, "old")}, {kItems, coded(2, "other")}});
  scene.start();
  if (const std::string wrong = scene.settle(); !wrong.empty()) return wrong;
  Draft draft(scene.world.source);
  for (int64_t id = 10; id < 18; ++id) EXPECT_TRUE(draft.insert(kItems, coded(id, "prepared")));
  EXPECT_TRUE(draft.update(kItems, scene.row(kItems, {Cell::integer(1)}), coded(1, "new"), true));
  (void)draft.prepare(fragment_edits);
  const std::string name = scene.world.source.prepared().begin()->first;
  scene.write_settled(
      [&](Draft& d) { EXPECT_TRUE(d.update(kItems, scene.row(kItems, {Cell::integer(2)}), coded(2, "later"), true)); });
  if (const std::string wrong = scene.settle(); !wrong.empty()) return wrong;
  EXPECT_EQ(scene.target_rows(kItems), (std::vector<ModelRow>{coded(1, "old"), coded(2, "later")}));
  scene.crash();
  (void)scene.world.source.finish(name, commit);
  scene.start();
  std::string wrong = scene.settle();
  if (guards.keep_prepared) {
    EXPECT_EQ(scene.target_rows(kItems).size(), commit ? 10u : 2u);
  }
  return wrong;
}

TEST(SimTwoPhase, hard_case_14_what_was_prepared_before_a_kill_is_committed_after_it) {
  EXPECT_EQ(play_prepared(0, true), "");
  EXPECT_EQ(play_prepared(0, false), "");
  Guards off;
  off.keep_prepared = false;
  EXPECT_NE(play_prepared(0, true, off), "");
}

TEST(SimTwoPhase, hard_case_14_a_huge_prepared_transaction_is_kept_and_committed_in_pieces) {
  EXPECT_EQ(play_prepared(2, true), "");
  EXPECT_EQ(play_prepared(2, false), "");
}

// 14: prepared before a chunk is read, committed after it: the rows are those of the commit's place.
TEST(SimTwoPhase, hard_case_14_a_commit_meets_the_copy_as_of_its_own_position) {
  for (const SourceKind kind : {SourceKind::kMariaDb, SourceKind::kMySql}) {
    Scene scene({.kind = kind, .tables = {kItems}, .chunk_rows = 2});
    scene.load({{kItems, item(1, "a")}, {kItems, item(2, "b")}, {kItems, item(3, "c")}, {kItems, item(4, "d")}});
    scene.start();
    Draft draft(scene.world.source);
    EXPECT_TRUE(draft.update(kItems, scene.row(kItems, {Cell::integer(2)}), item(2, "prepared"), false));
    EXPECT_TRUE(draft.update(kItems, scene.row(kItems, {Cell::integer(4)}), item(4, "prepared"), false));
    (void)draft.prepare();
    scene.world.source.settle();
    for (int i = 0; i < 12 && scene.target_rows(kItems).size() < 2; ++i) {
      (void)scene.step("copy-0");
      for (const char* actor : {"capture", "apply", "lane-0"}) (void)scene.run(actor);
    }
    (void)scene.world.source.finish(scene.world.source.prepared().begin()->first, true);
    scene.finish();
  }
}

TEST(SimTwoPhase, hard_case_14_a_commit_of_what_was_prepared_before_the_pipeline_is_never_silent) {
  Scene scene({.tables = {kItems}, .snapshot = SnapshotMode::kNo});
  scene.load({});
  Draft draft(scene.world.source);
  EXPECT_TRUE(draft.insert(kItems, item(1, "prepared")));
  (void)draft.prepare();
  scene.world.source.settle();
  scene.start();
  (void)scene.world.source.finish(scene.world.source.prepared().begin()->first, true);
  EXPECT_EQ(scene.settle(), "the process is over");
  ASSERT_FALSE(scene.process->why());
  EXPECT_EQ(scene.process->why().error().code(), kPreparedUnknown);
}

}  // namespace
}  // namespace weft::sim
