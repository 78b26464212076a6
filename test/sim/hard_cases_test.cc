// SPDX-License-Identifier: Apache-2.0
// Histories that break naive designs, each played as it is written down, and again with its guard taken out where there is
// one: then the world must notice.
#include "sim/scene.h"

namespace weft::sim {
namespace {

ModelRow with_name(const RowRef& row, std::string name) {
  ModelRow after = *row;
  after[2] = Cell::word(std::move(name));
  return after;
}

// 1: the log has T and the stream delivers it, but a new view does not show it yet.
std::string play_view_before_visibility(Guards guards) {
  Scene scene({.tables = {kItems}, .guards = guards});
  scene.load({{kItems, item(7, "old")}});
  scene.start();
  const uint64_t t =
      scene.write([&](Draft& d) { d.update(kItems, scene.row(kItems, {Cell::integer(7)}), item(7, "new"), false); });
  scene.world.source.count(t);
  scene.world.source.deliver(t);
  for (int i = 0; i < 4; ++i) {
    (void)scene.run("capture");
    (void)scene.run("apply");
    (void)scene.run("lane-0");
  }
  (void)scene.step("copy-0");
  (void)scene.step("copy-0");
  return scene.settle();
}

TEST(SimHardCases, hard_case_01_a_view_that_lacks_what_the_stream_delivered_is_opened_again) {
  EXPECT_EQ(play_view_before_visibility({}), "");
  Guards off;
  off.check_stale_chunk = false;
  EXPECT_NE(play_view_before_visibility(off), "");
}

// 2: the chunk holds row 7, in its window comes a partial update of row 7.
TEST(SimHardCases, hard_case_02_a_partial_update_in_the_window_goes_over_the_chunk) {
  Scene scene({.kind = SourceKind::kMySql, .tables = {kItems}});
  scene.load({{kItems, item(7, "old", "long note")}, {kItems, item(8, "other")}});
  scene.start();
  const uint64_t t = scene.write([&](Draft& d) {
    const RowRef row = scene.row(kItems, {Cell::integer(7)});
    d.update(kItems, row, with_name(row, "new"), true);
  });
  scene.world.source.deliver(t);
  scene.world.source.show(t);  // visible, not yet counted: the view may or may not have it
  (void)scene.run("copy-0");
  for (int i = 0; i < 4; ++i) {
    (void)scene.run("apply");
    (void)scene.run("lane-0");
  }
  EXPECT_EQ(scene.target_rows(kItems).size(), 2u) << "the chunk goes first";
  scene.finish();
  EXPECT_EQ(scene.target_rows(kItems).front(), item(7, "new", "long note"));
}

// 3: 1..10 are read; 15 becomes 5 with a partial image; then 11..20 are read.
std::string play_partial_key_change(Guards guards) {
  Scene scene({.tables = {kItems}, .chunk_rows = 10, .guards = guards});
  std::vector<std::pair<TableId, ModelRow>> rows;
  for (int64_t id = 1; id <= 20; ++id) {
    if (id != 5) rows.emplace_back(kItems, item(id, "name", "a note that the log does not repeat"));
  }
  scene.load(rows);
  scene.start();
  for (int i = 0; i < 6 && scene.target_rows(kItems).empty(); ++i) {
    (void)scene.step("copy-0");
    (void)scene.run("apply");
    (void)scene.run("lane-0");
  }
  scene.write_settled([&](Draft& d) {
    const RowRef row = scene.row(kItems, {Cell::integer(15)});
    ModelRow after = *row;
    after[0] = Cell::integer(5);
    d.update(kItems, row, after, true);
  });
  return scene.settle();
}

TEST(SimHardCases, hard_case_03_a_partial_key_change_into_the_copied_range_is_read_again) {
  EXPECT_EQ(play_partial_key_change({}), "");
  Guards off;
  off.reread_missed_keys = false;
  EXPECT_NE(play_partial_key_change(off), "");
}

// 4: P1's COMMIT is on its way when P2 takes over and applies the same transactions.
std::string play_zombie(bool compare_and_set) {
  Scene scene({.tables = {kAccounts}, .snapshot = SnapshotMode::kNo, .compare_and_set = compare_and_set});
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) { d.insert(kAccounts, {Cell::integer(1), Cell::integer(100)}); });
  scene.world.faults.force(Fault::kCommitLate);
  scene.run_all(3);
  scene.crash();
  scene.start();
  scene.run_all(2);  // the row is still locked by the zombie
  EXPECT_TRUE(scene.world.target.has_late());
  (void)scene.world.target.deliver_late();
  return scene.settle();
}

TEST(SimHardCases, hard_case_04_a_late_commit_of_a_dead_process_is_refused) {
  EXPECT_EQ(play_zombie(true), "");
  EXPECT_NE(play_zombie(false), "");
}

// 5: the target fails over to a replica that lacks what was acknowledged.
TEST(SimHardCases, hard_case_05_progress_that_went_back_is_applied_again_from_the_source) {
  Scene scene({.tables = {kItems}, .group_rows = 1, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  for (int64_t id = 1; id <= 5; ++id) scene.write_settled([id](Draft& d) { d.insert(kItems, item(id, "x")); });
  scene.finish();
  scene.world.target.fail_over(3);
  EXPECT_LT(scene.target_rows(kItems).size(), 5u);
  scene.finish();
  EXPECT_EQ(scene.target_rows(kItems).size(), 5u);
}

TEST(SimHardCases, hard_case_05_a_source_that_forgot_what_the_target_lost_stops_the_pipeline) {
  Scene scene({.tables = {kItems}, .group_rows = 1, .snapshot = SnapshotMode::kNo, .forgets_acknowledged = true});
  scene.load({});
  scene.start();
  for (int64_t id = 1; id <= 5; ++id) scene.write_settled([id](Draft& d) { d.insert(kItems, item(id, "x")); });
  scene.finish();
  scene.world.target.fail_over(3);
  EXPECT_EQ(scene.settle(), "the process is over");
  ASSERT_FALSE(scene.process->why());
  EXPECT_EQ(scene.process->why().error().code(), kPositionLost);
}

// 8: the later of two lanes is ready first.
TEST(SimHardCases, hard_case_08_lanes_commit_in_journal_order) {
  Scene scene({.tables = {kItems}, .lanes = 2, .group_rows = 1, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  for (int64_t id = 1; id <= 2; ++id) scene.write_settled([id](Draft& d) { d.insert(kItems, item(id, "x")); });
  (void)scene.run("capture");
  (void)scene.run("apply");
  const uint64_t before = scene.version();
  (void)scene.run("lane-1");
  EXPECT_EQ(scene.version(), before) << "the second transaction waits for the first";
  (void)scene.run("lane-0");
  (void)scene.run("lane-1");
  EXPECT_EQ(scene.version(), before + 2);
  scene.finish();
}

TEST(SimHardCases, hard_case_08_a_crash_between_lanes_loses_nothing) {
  Scene scene({.tables = {kItems}, .lanes = 2, .group_rows = 1, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  for (int64_t id = 1; id <= 2; ++id) scene.write_settled([id](Draft& d) { d.insert(kItems, item(id, "x")); });
  (void)scene.run("capture");
  (void)scene.run("apply");
  (void)scene.run("lane-1");
  scene.crash();
  scene.start();
  scene.finish();
}

// 10: our numbering means nothing; the source's position does.
TEST(SimHardCases, hard_case_10_the_position_rules_and_not_the_sequence) {
  Scene scene({.tables = {kItems}, .snapshot = SnapshotMode::kNo});
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) { d.insert(kItems, item(1, "x")); });
  scene.finish();
  EXPECT_FALSE(scene.world.target.newest().progress->journal_id.empty());
  scene.crash();
  scene.world.target.tamper([](Progress& p) { p.sequence = Sequence(4711); });
  scene.start();
  scene.write_settled([](Draft& d) { d.insert(kItems, item(2, "y")); });
  scene.finish();
  EXPECT_EQ(scene.target_rows(kItems).size(), 2u);
}

// 12: where a table's copy stands is durable with progress.
TEST(SimHardCases, hard_case_12_what_is_copied_stays_copied_over_a_kill) {
  Scene scene({.tables = {kItems}, .chunk_rows = 2});
  std::vector<std::pair<TableId, ModelRow>> rows;
  for (int64_t id = 1; id <= 9; ++id) rows.emplace_back(kItems, item(id, "x"));
  scene.load(rows);
  scene.start();
  for (int i = 0; i < 40 && scene.target_rows(kItems).size() < 4; ++i) {
    (void)scene.step("copy-0");
    (void)scene.run("apply");
    (void)scene.run("lane-0");
  }
  ASSERT_GE(scene.target_rows(kItems).size(), 4u);
  const size_t copied = scene.target_rows(kItems).size();
  scene.crash();
  EXPECT_EQ(state_of(scene.world.target.newest(), kItems), TableState::kSnapshotting);
  scene.start();
  scene.write_settled([&](Draft& d) {
    const RowRef row = scene.row(kItems, {Cell::integer(1)});
    d.update(kItems, row, with_name(row, "changed after the kill"), true);
  });
  EXPECT_EQ(scene.target_rows(kItems).size(), copied);
  scene.finish();
}

// 17: duplicates of a table without a key, deleted one at a time, with a kill in mid-copy.
TEST(SimHardCases, hard_case_17_a_keyless_table_is_copied_whole_or_from_empty) {
  const auto bag = [](int64_t x) { return ModelRow{Cell::integer(x), Cell::word("same")}; };
  for (const SourceKind kind : {SourceKind::kMariaDb, SourceKind::kMySql}) {
    Scene scene({.kind = kind, .tables = {kBag}, .chunk_rows = 2});
    scene.load({{kBag, bag(1)}, {kBag, bag(1)}, {kBag, bag(1)}, {kBag, bag(2)}, {kBag, bag(2)}});
    scene.start();
    for (int i = 0; i < 40 && scene.target_rows(kBag).empty(); ++i) {
      (void)scene.step("copy-0");
      (void)scene.step("apply");
      (void)scene.step("lane-0");
    }
    EXPECT_LT(scene.target_rows(kBag).size(), 5u);
    scene.crash();
    scene.write_settled([&](Draft& d) {
      const RowRef row = scene.world.source.newest()[kBag].front();
      EXPECT_TRUE(d.remove(kBag, row, true));
    });
    scene.start();
    scene.finish();
    scene.write_settled(
        [&](Draft& d) { EXPECT_TRUE(d.remove(kBag, scene.world.source.newest()[kBag].front(), true)); });
    scene.finish();
    EXPECT_EQ(scene.target_rows(kBag).size(), 3u);
  }
}

// 18: the source orders text without case; bytes order it otherwise.
std::string play_text_keys(Guards guards) {
  Scene scene({.tables = {kWords}, .chunk_rows = 2, .guards = guards});
  const auto word = [](std::string w, int64_t n) {
    return ModelRow{Cell::word(std::move(w)), Cell::integer(n), Cell::word("note")};
  };
  scene.load({{kWords, word("ant", 1)},
              {kWords, word("Bee", 2)},
              {kWords, word("cat", 3)},
              {kWords, word("Dog", 4)},
              {kWords, word("eel", 5)}});
  scene.start();
  for (int i = 0; i < 12 && scene.target_rows(kWords).size() < 2; ++i) {
    (void)scene.step("copy-0");
    (void)scene.run("apply");
    (void)scene.run("lane-0");
  }
  // ant and Bee are copied: to bytes, ant lies beyond Bee.
  scene.write_settled(
      [&](Draft& d) { d.update(kWords, scene.row(kWords, {Cell::word("ant")}), word("ant", 10), false); });
  scene.write_settled(
      [&](Draft& d) { d.update(kWords, scene.row(kWords, {Cell::word("Dog")}), word("Dog", 40), true); });
  scene.write_settled([&](Draft& d) { d.remove(kWords, scene.row(kWords, {Cell::word("cat")}), true); });
  return scene.settle();
}

TEST(SimHardCases, hard_case_18_text_keys_are_never_compared_by_weft) {
  EXPECT_EQ(play_text_keys({}), "");
  Guards off;
  off.key_sets_for_text = false;
  EXPECT_NE(play_text_keys(off), "");
}

// 22: a child is never at the target before its parent, and what is copied is of one source position.
TEST(SimHardCases, hard_case_22_children_are_copied_after_their_parents_stream) {
  Scene scene({.tables = {kParents, kChildren}, .readers = 2, .chunk_rows = 1});
  scene.load({{kParents, {Cell::integer(1), Cell::word("p")}},
              {kParents, {Cell::integer(2), Cell::word("q")}},
              {kChildren, {Cell::integer(5), Cell::integer(2), Cell::word("c")}}});
  bool early = false;
  scene.world.checks.watch([&](const Image& image) {
    early = early || (!image.tables[kChildren]->empty() && state_of(image, kParents) != TableState::kStreaming);
  });
  scene.start();
  scene.run_all(3);
  scene.write_settled([](Draft& d) {
    d.insert(kParents, {Cell::integer(3), Cell::word("r")});
    d.insert(kChildren, {Cell::integer(6), Cell::integer(3), Cell::word("d")});
  });
  scene.finish();
  EXPECT_FALSE(early);
}

// 27: a huge transaction comes in fragments and is one transaction at the target.
std::string play_huge(Guards guards) {
  Scene scene({.tables = {kLedger, kCounter}, .group_rows = 2, .snapshot = SnapshotMode::kNo, .guards = guards});
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) { d.insert(kCounter, {Cell::integer(1), Cell::integer(0)}); });
  const std::string begin = scene.settle();
  if (!begin.empty()) return begin;
  bool torn = false;
  scene.world.checks.watch([&](const Image& image) {
    const size_t entries = image.tables[kLedger]->size();
    torn = torn || (entries != 0 && entries != 20);
  });
  scene.write_settled(
      [&](Draft& d) {
        for (int64_t no = 1; no <= 20; ++no) {
          d.insert(kLedger, {Cell::integer(no), Cell::word("x")});
          d.update(kCounter,
                   find_by_key(d.state(), kCounter, {Cell::integer(1)}),
                   {Cell::integer(1), Cell::integer(no)},
                   true);
        }
      },
      3);
  scene.run_all(3);
  scene.world.faults.force(Fault::kStatementFails);  // in its middle: it begins again
  const std::string end = scene.settle();
  return end.empty() && torn ? "a part of the huge transaction was seen" : end;
}

TEST(SimHardCases, hard_case_27_fragments_of_a_huge_transaction_share_one_target_transaction) {
  EXPECT_EQ(play_huge({}), "");
  Guards off;
  off.fragments_share_transaction = false;
  EXPECT_NE(play_huge(off), "");
}

// 27: a row over a quarter of the budget, behind one that fits.
TEST(SimHardCases, hard_case_27_a_row_over_a_quarter_of_the_budget_is_refused_by_name_after_all_before_it) {
  Scene scene({.tables = {kItems}, .snapshot = SnapshotMode::kNo});
  scene.world.plan.pipeline.memory_bytes = 16u << 10;
  scene.load({});
  scene.start();
  scene.write_settled([](Draft& d) { d.insert(kItems, item(7, "small")); });
  scene.write_settled([](Draft& d) { d.insert(kItems, item(8, "large", std::string(5000, 'x'))); });
  scene.write_settled([](Draft& d) { d.insert(kItems, item(9, "small, too")); });
  scene.run_all(100);
  ASSERT_TRUE(scene.process->over());
  ASSERT_FALSE(scene.process->why());
  const Error& error = scene.process->why().error();
  EXPECT_EQ(error.blame(), Blame::kData);
  for (const char* part : {"items", "key (8)", "16384 bytes", "position", "--memory"}) {
    EXPECT_NE(error.message().find(part), std::string::npos) << part << " in " << error.message();
  }
  EXPECT_EQ(scene.target_rows(kItems), std::vector<ModelRow>{item(7, "small")});
}

TEST(SimHardCases, hard_case_27_a_row_over_a_quarter_of_the_budget_is_refused_while_it_is_copied) {
  Scene scene({.tables = {kItems}});
  scene.world.plan.pipeline.memory_bytes = 16u << 10;
  scene.load({{kItems, item(8, "large", std::string(5000, 'x'))}});
  scene.start();
  scene.run_all(100);
  ASSERT_TRUE(scene.process->over());
  ASSERT_FALSE(scene.process->why());
  EXPECT_EQ(scene.process->why().error().blame(), Blame::kData);
  EXPECT_NE(scene.process->why().error().message().find("key (8)"), std::string::npos);
}

}  // namespace
}  // namespace weft::sim
