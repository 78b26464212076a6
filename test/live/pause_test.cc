// SPDX-License-Identifier: Apache-2.0
// Tables that are set aside, by hand or for a change of their shape, while the others go on; and what brings them back.
#include "live/compare.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class PauseTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
    source(
        "CREATE TABLE shop.u (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO shop.u VALUES (1, 'u');"
        "CREATE TABLE shop.child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES shop.t (id));"
        "INSERT INTO shop.child VALUES (1, 1)");
    target(
        "CREATE TABLE u (id integer PRIMARY KEY, v varchar(40));"
        "CREATE TABLE child (id integer PRIMARY KEY, t integer REFERENCES t (id))");
  }

  WeftResult command(const std::string& name, std::vector<std::string> tables) {
    std::vector<std::string> all = {name, "--from", rig_->from(), "--to", rig_->to()};
    all.insert(all.end(), tables.begin(), tables.end());
    return run_weft(all, deadline_in(60s));
  }

  std::string state(const std::string& table) {
    return rig_->at_target("SELECT state FROM _weft.table_state WHERE table_name = '" + table + "'");
  }

  bool state_becomes(const std::string& table, const std::string& wanted) {
    return rig_->becomes(
        "SELECT state FROM _weft.table_state WHERE table_name = '" + table + "'", wanted, deadline_in(30s));
  }

  ::testing::AssertionResult equal() {
    auto source = rig_->source_session();
    auto target = rig_->target_session();
    const Comparison result = compare_tables(source, target, "shop", {"t", "u", "child"});
    if (result.differences == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.text();
  }
};

TEST_P(PauseTest, hard_case_12_a_paused_table_is_passed_over_and_copied_again) {
  WeftProcess weft = streaming();
  const auto paused = command("pause", {"t"});
  EXPECT_EQ(paused.code, 0) << paused.out;
  EXPECT_TRUE(has(paused.out, "shop.t: paused")) << paused.out;
  EXPECT_TRUE(state_becomes("child", "paused")) << "its parent is set aside";
  source(
      "DELETE FROM shop.child; DELETE FROM shop.t WHERE id = 1; UPDATE shop.t SET v = 'zwei' WHERE id = 2;"
      "INSERT INTO shop.t VALUES (3, 'three'); INSERT INTO shop.child VALUES (2, 3); INSERT INTO shop.u VALUES (2, "
      "'new')");
  ASSERT_TRUE(becomes("(1,u)|(2,new)", "u")) << weft.log_tail();
  EXPECT_EQ(rows("t"), "1,one|2,two");
  const std::string status = weft.status();
  EXPECT_TRUE(has(status, "\"paused\"") && has(status, "paused by hand")) << status;
  EXPECT_TRUE(support::wait_until(deadline_in(10s), [&] { return has(weft.status(), "changes passed over"); }))
      << weft.status();
  const auto resumed = command("resume", {"t", "child"});
  EXPECT_EQ(resumed.code, 0) << resumed.out;
  EXPECT_TRUE(state_becomes("t", "streaming") && state_becomes("child", "streaming")) << weft.log_tail();
  EXPECT_TRUE(equal());
  EXPECT_TRUE(weft.running());
}

TEST_P(PauseTest, WithoutAProcessItIsTakenUpAtTheNextStart) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_EQ(command("pause", {"shop.t"}).code, 0);
  source("UPDATE shop.t SET v = 'x'; UPDATE shop.u SET v = 'y'");
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_EQ(rows("t"), "1,one|2,two");
  EXPECT_EQ(rows("u"), "1,y");
  const auto resumed = command("resume", {"t", "child"});
  EXPECT_TRUE(has(resumed.out, "the next start")) << resumed.out;
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  EXPECT_TRUE(equal());
}

TEST_P(PauseTest, APipelineThatRunsHereIsFoundByItsName) {
  const std::string state = (rig_->dir.path() / "named").string();
  const std::string from = rig_->from();
  const size_t colon = from.find(':', from.find("://") + 3);
  const std::string password = from.substr(colon + 1, from.find('@') - colon - 1);
  const auto by_name = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--state", state});
    // Secrets are not kept there: what was written out in an address is asked for by name.
    return run_weft(words, deadline_in(60s), {"FROM_PASSWORD=" + password});
  };
  WeftProcess weft = streaming({"--name", "shop-copy", "--state", state});
  const auto paused = by_name({"pause", "shop-copy", "u"});
  EXPECT_EQ(paused.code, 0) << paused.out;
  EXPECT_TRUE(state_becomes("u", "paused")) << weft.log_tail();
  EXPECT_EQ(by_name({"resume", "shop-copy", "u"}).code, 0);
  EXPECT_TRUE(state_becomes("u", "streaming")) << weft.log_tail();
  EXPECT_TRUE(has(by_name({"dead-letters", "list", "shop-copy"}).out, "0 dead letters of pipeline shop-copy"));
  const auto nobody = by_name({"pause", "shop-coppy"});
  EXPECT_EQ(nobody.code, 2) << nobody.out;
  EXPECT_TRUE(has(nobody.out, "no pipeline of that name runs here")) << nobody.out;
}

TEST_P(PauseTest, ATableThatThePipelineLacksIsNamed) {
  ASSERT_EQ(run({"--until", "now"}).code, 0);
  const auto result = command("pause", {"nothing"});
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "nothing")) << result.out;
}

TEST_P(PauseTest, TheWholePipelineWaitsWhereItStands) {
  WeftProcess weft = streaming();
  EXPECT_EQ(command("pause", {}).code, 0);
  ASSERT_TRUE(support::wait_until(deadline_in(20s), [&] { return has(weft.status(), "paused by hand"); }))
      << weft.status();
  source("INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_EQ(command("resume", {}).code, 0);
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  EXPECT_TRUE(weft.running());
}

TEST_P(PauseTest, PauseTableKeepsTheOthersGoingWhenAShapeChanges) {
  WeftProcess weft = streaming({"--schema-changes", "pause-table"});
  source(
      "ALTER TABLE shop.u ADD c INT; INSERT INTO shop.u VALUES (2, 'two', 2); INSERT INTO shop.t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << weft.log_tail();
  EXPECT_EQ(state("u"), "paused");
  EXPECT_EQ(state("t"), "streaming");
  const auto early = command("resume", {"u"});
  EXPECT_TRUE(has(early.out, "not resumed") && has(early.out, "\"c\"")) << early.out;
  source("INSERT INTO shop.u VALUES (3, 'three', 3); INSERT INTO shop.t VALUES (4, 'four')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)|(4,four)")) << weft.log_tail();
  weft.crash();
  target("ALTER TABLE u ADD c integer");
  WeftProcess again = start({"--schema-changes", "pause-table"});
  EXPECT_EQ(command("resume", {"u"}).code, 0);
  EXPECT_TRUE(state_becomes("u", "streaming")) << again.log_tail();
  EXPECT_TRUE(equal());
  EXPECT_TRUE(again.running());
}

INSTANTIATE_TEST_SUITE_P(Sources, PauseTest, ::testing::Values(Engine::kMariaDb, Engine::kMySql), [](const auto& of) {
  return engine_name(of.param);
});

}  // namespace
}  // namespace weft::live
