// SPDX-License-Identifier: Apache-2.0
// Histories in which the source has lost what the target has: written down, like hard_cases_test.cc.
#include <gtest/gtest.h>

#include "sim/scene.h"

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

}  // namespace
}  // namespace weft::sim
