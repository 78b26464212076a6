// SPDX-License-Identifier: Apache-2.0
// Histories in which the source has lost what the target has: written down, like hard_cases_test.cc.
#include <gtest/gtest.h>

#include "sim/checks.h"
#include "sim/scene.h"
#include "snapshot/ranges.h"

namespace weft::sim {
namespace {

// 6: a view shows a transaction that the stream has not delivered; the server that takes over never had it.
std::string play_view_of_lost_transactions(Guards guards) {
  Scene scene({.kind = SourceKind::kMySql, .tables = {kItems}, .guards = guards});
  scene.load({{kItems, item(7, "old")}});
  scene.start();
  const uint64_t t = scene.write([](Draft& d) { d.insert(kItems, item(9, "phantom")); });
  scene.world.source.show(t);
  (void)scene.run("copy-0");
  for (int i = 0; i < 4; ++i) {
    (void)scene.run("apply");
    (void)scene.run("lane-0");
  }
  EXPECT_EQ(scene.target_rows(kItems).size(), 2u) << "the copy has it";
  scene.world.source.fail_over(1);
  return scene.settle();
}

TEST(SimHardCases, hard_case_06_rows_that_the_new_source_never_had_are_copied_anew) {
  EXPECT_EQ(play_view_of_lost_transactions({}), "");
  Guards off;
  off.recopy_after_failover = false;
  EXPECT_NE(play_view_of_lost_transactions(off), "");
}

// 11: the position is lost, and rows were deleted, changed, moved and made in the gap.
TEST(SimHardCases, hard_case_11_a_copy_over_old_rows_leaves_no_phantom) {
  for (const SourceKind kind : {SourceKind::kMariaDb, SourceKind::kMySql}) {
    Scene scene({.kind = kind,
                 .tables = {kItems, kWords, kBag, kParents, kChildren},
                 .lanes = 2,
                 .readers = 2,
                 .chunk_rows = 3,
                 .on_lost_position = LostPosition::kResnapshot});
    const auto number = [](int64_t n) { return Cell::integer(n); };
    const auto word = [](const char* text) { return Cell::word(text); };
    std::vector<std::pair<TableId, ModelRow>> rows = {{kBag, {number(1), word("p")}}, {kBag, {number(1), word("p")}}};
    for (int64_t id = 1; id <= 9; ++id) {
      rows.emplace_back(kItems, item(id, "name", "note", number(id * 10)));
      rows.emplace_back(kParents, ModelRow{number(id), word("parent")});
      rows.emplace_back(kChildren, ModelRow{number(id), number(id), word("child")});
    }
    for (const char* w : {"ant", "bee", "cat", "dog"})
      rows.emplace_back(kWords, ModelRow{word(w), number(1), word("n")});
    scene.load(rows);
    scene.start();
    scene.finish();
    scene.crash();
    scene.write_settled([&](Draft& d) {
      for (int64_t id = 2; id <= 5; ++id) {
        d.remove(kItems, scene.row(kItems, {number(id)}), false);
        d.remove(kChildren, scene.row(kChildren, {number(id)}), false);
      }
      d.remove(kParents, scene.row(kParents, {number(3)}), false);
      d.remove(kWords, scene.row(kWords, {word("bee")}), false);
      d.update(kItems, scene.row(kItems, {number(7)}), item(7, "new", "note", number(20)), false);
      d.insert(kItems, item(12, "fresh", "note", number(30)));
      d.insert(kWords, {word("Bee"), number(2), word("n")});
    });
    scene.world.source.purge(0);
    scene.start();
    scene.finish();
    EXPECT_EQ(scene.target_rows(kItems).size(), 6u);
    EXPECT_EQ(scene.target_rows(kWords).size(), 4u);
  }
}

// 6: what the server that takes over never had is undone by the keys that the target kept, and nothing else is read again.
struct Failover {
  std::string wrong;
  size_t reads_of_keys = 0;
  std::set<TableName> mended_by_keys;
  std::set<TableName> compared_whole;
};

Failover play_failover(SourceKind kind, const std::function<void(Draft&, Scene&)>& lost, bool crash = false) {
  Scene scene({.kind = kind,
               .tables = {kItems, kWords, kParents, kChildren},
               .lanes = 2,
               .readers = 2,
               .chunk_rows = 3,
               .on_lost_position = LostPosition::kRepair});
  const auto number = [](int64_t n) { return Cell::integer(n); };
  std::vector<std::pair<TableId, ModelRow>> rows;
  for (int64_t id = 1; id <= 9; ++id) {
    rows.emplace_back(kItems, item(id, "name", "note", number(id * 10)));
    rows.emplace_back(kParents, ModelRow{number(id), Cell::word("parent")});
    rows.emplace_back(kChildren, ModelRow{number(id), number(id), Cell::word("child")});
  }
  for (const char* w : {"ant", "bee", "cat"})
    rows.emplace_back(kWords, ModelRow{Cell::word(w), number(1), Cell::word("n")});
  scene.load(rows);
  scene.start();
  scene.finish();
  scene.write_settled([&](Draft& d) { d.insert(kItems, item(20, "both have it")); });
  scene.finish();
  scene.write_settled([&](Draft& d) { lost(d, scene); });
  scene.finish();
  Failover seen;
  scene.world.checks.watch([&seen](const Image& image) {
    for (const auto& [name, state] : *image.states) {
      const auto ranges = RangeSet::parse(state.ranges);
      if (!ranges || ranges->earlier() != Earlier::kMended) continue;
      (ranges->kept_since() ? seen.mended_by_keys : seen.compared_whole).insert(name);
    }
  });
  const size_t before = scene.traced("reader: by ");
  if (crash) scene.crash();
  scene.world.source.fail_over(1);
  scene.write_settled([&](Draft& d) {
    d.insert(kItems, item(30, "of the new server"));
    d.update(kItems, scene.row(kItems, {number(8)}), item(8, "of the new server", "note", number(80)), false);
  });
  if (crash) scene.start();
  seen.wrong = scene.settle();
  seen.reads_of_keys = scene.traced("reader: by ") - before;
  return seen;
}

TEST(SimHardCases, hard_case_06_only_rows_that_lost_transactions_changed_are_read_again) {
  const auto lost = [](Draft& d, Scene& scene) {
    d.insert(kItems, item(40, "phantom", "n", Cell::integer(400)));
    d.update(kItems, scene.row(kItems, {Cell::integer(7)}), item(7, "phantom", "note", Cell::integer(500)), false);
    d.remove(kItems, scene.row(kItems, {Cell::integer(5)}), false);
    d.update(kItems, scene.row(kItems, {Cell::integer(4)}), item(50, "moved", "note", Cell::integer(40)), false);
  };
  for (const SourceKind kind : {SourceKind::kMariaDb, SourceKind::kMySql}) {
    for (const bool crash : {false, true}) {
      const Failover seen = play_failover(kind, lost, crash);
      EXPECT_EQ(seen.wrong, "");
      EXPECT_EQ(seen.mended_by_keys, std::set<TableName>{schema_of(kItems)->name});
      EXPECT_TRUE(seen.compared_whole.empty());
      EXPECT_EQ(seen.reads_of_keys, 2u) << "once for the rows that are there, once for those that are not";
    }
  }
}

TEST(SimHardCases, hard_case_06_a_phantom_parent_goes_behind_its_children) {
  const Failover seen = play_failover(SourceKind::kMariaDb, [](Draft& d, Scene& scene) {
    d.insert(kParents, {Cell::integer(40), Cell::word("phantom")});
    d.insert(kChildren, {Cell::integer(40), Cell::integer(40), Cell::word("phantom")});
    d.update(kChildren,
             scene.row(kChildren, {Cell::integer(3)}),
             {Cell::integer(3), Cell::integer(40), Cell::word("c")},
             false);
    d.remove(kChildren, scene.row(kChildren, {Cell::integer(6)}), false);
    d.remove(kParents, scene.row(kParents, {Cell::integer(6)}), false);
  });
  EXPECT_EQ(seen.wrong, "");
  EXPECT_EQ(seen.mended_by_keys.size(), 2u);
  EXPECT_TRUE(seen.compared_whole.empty());
}

// A repair is cut short, and by the next start some of its keys have gone: those that are left are not all.
TEST(SimHardCases, hard_case_06_a_repair_whose_oldest_keys_are_gone_compares_everything) {
  Scene scene({.tables = {kItems}, .on_lost_position = LostPosition::kRepair});
  std::vector<std::pair<TableId, ModelRow>> rows;
  for (int64_t id = 1; id <= 9; ++id) rows.emplace_back(kItems, item(id, "name"));
  scene.load(rows);
  scene.start();
  scene.finish();
  for (const int64_t id : {5, 7}) {
    scene.write_settled(
        [&](Draft& d) { d.update(kItems, scene.row(kItems, {Cell::integer(id)}), item(id, "phantom"), false); });
    scene.finish();
  }
  scene.crash();
  scene.world.source.fail_over(2);
  scene.start();
  const auto ranges = [&] {
    return RangeSet::parse(scene.world.target.newest().states->at(schema_of(kItems)->name).ranges);
  };
  ASSERT_TRUE(ranges() && ranges()->kept_since()) << "the repair has begun";
  scene.crash();
  const Kept& kept = *scene.world.target.newest().kept;
  const auto of_seven =
      std::ranges::find_if(kept, [](const KeptKeys& k) { return k.keys.find("3:0:7") != std::string::npos; });
  ASSERT_NE(of_seven, kept.end());
  scene.world.target.forget_kept(static_cast<size_t>(of_seven - kept.begin()));
  scene.start();
  scene.finish();
}

}  // namespace
}  // namespace weft::sim
