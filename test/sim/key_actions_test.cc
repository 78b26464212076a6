// SPDX-License-Identifier: Apache-2.0
// Hard case 7: children go with their parent at the source, and its log does not say so.
#include "sim/scene.h"

namespace weft::sim {
namespace {

ModelRow parent(int64_t id) {
  return {Cell::integer(id), Cell::word("p")};
}

ModelRow child(int64_t id, int64_t of) {
  return {Cell::integer(id), Cell::integer(of), Cell::word("c")};
}

std::string play_cascade(Guards guards) {
  Scene scene(
      {.tables = {kParents, kChildren, kItems}, .lanes = 2, .group_rows = 4, .key_actions = true, .guards = guards});
  scene.load({{kParents, parent(1)}, {kParents, parent(2)}, {kChildren, child(10, 1)}, {kChildren, child(20, 2)}});
  scene.start();
  if (const std::string wrong = scene.settle(); !wrong.empty()) return wrong;
  scene.write_settled([&](Draft& d) { EXPECT_TRUE(d.insert(kChildren, child(11, 1))); });
  scene.write_settled([&](Draft& d) {
    EXPECT_TRUE(d.remove(kParents, scene.row(kParents, {Cell::integer(1)}), true));
    EXPECT_TRUE(d.insert(kParents, parent(1)));
    EXPECT_TRUE(d.insert(kChildren, child(12, 1)));
  });
  scene.write_settled([&](Draft& d) { EXPECT_TRUE(d.insert(kChildren, child(10, 2))); });
  const std::string wrong = scene.settle();
  if (!wrong.empty()) return wrong;
  EXPECT_EQ(scene.target_rows(kChildren), (std::vector<ModelRow>{child(10, 2), child(12, 1), child(20, 2)}));
  return {};
}

TEST(SimKeyActions, hard_case_07_children_go_with_their_parent_in_its_place_in_the_order) {
  EXPECT_EQ(play_cascade({}), "");
  Guards off;
  off.key_actions = false;
  EXPECT_NE(play_cascade(off), "");
}

// The chunk of children is read before the parent goes, and put in beside it.
TEST(SimKeyActions, hard_case_07_an_action_meets_the_copy_of_the_children) {
  for (const SourceKind kind : {SourceKind::kMariaDb, SourceKind::kMySql}) {
    Scene scene({.kind = kind, .tables = {kParents, kChildren}, .chunk_rows = 2, .key_actions = true});
    std::vector<std::pair<TableId, ModelRow>> rows = {{kParents, parent(1)}, {kParents, parent(2)}};
    for (int64_t id = 1; id <= 9; ++id) rows.emplace_back(kChildren, child(id, 1 + id % 2));
    scene.load(rows);
    scene.start();
    for (int i = 0; i < 60 && scene.target_rows(kChildren).size() < 4; ++i) {
      scene.run_all(1);
    }
    ASSERT_LT(scene.target_rows(kChildren).size(), 9u);
    (void)scene.step("copy-0");
    const uint64_t gone =
        scene.write([&](Draft& d) { EXPECT_TRUE(d.remove(kParents, scene.row(kParents, {Cell::integer(2)}), true)); });
    scene.world.source.show(gone);
    (void)scene.step("copy-0");
    scene.finish();
    EXPECT_EQ(scene.target_rows(kChildren).size(), 4u);
  }
}

}  // namespace
}  // namespace weft::sim
