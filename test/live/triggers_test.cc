// SPDX-License-Identifier: Apache-2.0
// Hard case 23: triggers of the target fire on replicated rows, and `triggers: off` keeps them and its foreign keys still.
// What weft then does for the keys: key_actions_test.
#include <fstream>

#include "live/compare.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

enum class Triggers { kOn, kOff };

constexpr int kUpdates = 300;  // of one row, each a transaction

class TriggersTest : public RunFixture, public ::testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    if (auto why = missing(GetParam())) GTEST_SKIP() << *why;
    begin({}, GetParam());
  }

  // A pipeline file: there is no flag.
  WeftResult weft(const std::string& command, Triggers triggers, const std::vector<std::string>& more = {}) {
    const std::string file = rig_->dir.path() / "pipeline.yaml";
    std::ofstream(file) << "from: {url: \"" << rig_->from() << "\"}\nto: {url: \"" << rig_->to()
                        << "\", triggers: " << (triggers == Triggers::kOn ? "on" : "off") << "}\n";
    std::vector<std::string> all = {command, file};
    all.insert(all.end(), more.begin(), more.end());
    return run_weft(all, deadline_in(120s));
  }

  void expect_caught_up(Triggers triggers, const std::vector<std::string>& tables = {"t"}) {
    const WeftResult result = weft("run", triggers, {"--until", "now"});
    EXPECT_EQ(result.code, 0) << result.out;
    auto from = rig_->source_session();
    auto to = rig_->target_session();
    const Comparison compared = compare_tables(from, to, "shop", tables);
    EXPECT_EQ(compared.differences, 0u) << compared.text();
  }

  // What fires on t writes a row for each change.
  void audit() {
    target(
        "CREATE TABLE audit (n serial, op text, id integer); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql "
        "AS "
        "$$BEGIN INSERT INTO audit (op, id) VALUES (TG_OP, coalesce(NEW.id, OLD.id)); RETURN NULL; END$$; CREATE "
        "TRIGGER "
        "note AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()");
  }

  std::string audited() { return rig_->at_target("SELECT op, id, count(*) FROM audit GROUP BY 1, 2 ORDER BY 1, 2"); }

  void change() {
    for (int i = 0; i < kUpdates; ++i) source(cat("UPDATE shop.t SET v = 'v", i, "' WHERE id = 1"));
    source("INSERT INTO shop.t VALUES (3, 'three')");
    source("DELETE FROM shop.t WHERE id = 3");
  }

  // The counter of the server's statistics, which sessions hand in when they end.
  bool updates_become(const std::string& condition) {
    return rig_->becomes(
        cat("SELECT n_tup_upd ", condition, " FROM pg_stat_user_tables WHERE relname = 't'"), "t", deadline_in(30s));
  }
};

TEST_P(TriggersTest, hard_case_23_a_trigger_fires_once_for_each_change_or_with_off_for_none) {
  audit();
  expect_caught_up(Triggers::kOn);
  EXPECT_EQ(audited(), "INSERT,1,1|INSERT,2,1") << "copied rows are rows";
  change();
  expect_caught_up(Triggers::kOn);
  const std::string once = cat("DELETE,3,1|INSERT,1,1|INSERT,2,1|INSERT,3,1|UPDATE,1,", kUpdates);
  EXPECT_EQ(audited(), once) << "nothing is merged";
  EXPECT_TRUE(updates_become(cat("= ", kUpdates)));
  change();
  source("UPDATE shop.t SET v = 'last' WHERE id = 2");
  expect_caught_up(Triggers::kOff);
  EXPECT_EQ(audited(), once);
  EXPECT_TRUE(updates_become(cat("BETWEEN ", kUpdates + 1, " AND ", 2 * kUpdates - 1)))
      << "merged: " << rig_->at_target("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 't'");
}

TEST_P(TriggersTest, hard_case_23_the_copy_fires_no_triggers_with_off) {
  audit();
  expect_caught_up(Triggers::kOff);
  EXPECT_EQ(audited(), "");
}

TEST_P(TriggersTest, hard_case_23_a_trigger_that_raises_stops_with_on_and_not_with_off) {
  expect_caught_up(Triggers::kOn);
  target(
      "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not %', NEW.id; END$$; CREATE "
      "TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  const WeftResult stopped = weft("run", Triggers::kOn, {"--until", "now"});
  EXPECT_EQ(stopped.code, 3) << "it was the first change: " << stopped.out;
  EXPECT_TRUE(has(stopped.out, "not 3") && has(stopped.out, "a trigger or function at the target refused it"))
      << stopped.out;
  expect_caught_up(Triggers::kOff);
}

TEST_P(TriggersTest, hard_case_23_triggers_that_are_always_enabled_or_for_replicas_fire_with_off) {
  audit();
  target("ALTER TABLE t ENABLE REPLICA TRIGGER note");
  expect_caught_up(Triggers::kOn);
  EXPECT_EQ(audited(), "");
  EXPECT_FALSE(has(weft("check", Triggers::kOn).out, "trigger note"));
  for (const char* mode : {"REPLICA", "ALWAYS"}) {
    SCOPED_TRACE(mode);
    target(cat("TRUNCATE audit; ALTER TABLE t ENABLE ", mode, " TRIGGER note"));
    EXPECT_TRUE(has(weft("check", Triggers::kOff).out, "trigger note fires on replicated rows"));
    change();
    expect_caught_up(Triggers::kOff);
    EXPECT_EQ(audited(), cat("DELETE,3,1|INSERT,3,1|UPDATE,1,", kUpdates)) << "nothing is merged";
  }
}

TEST_P(TriggersTest, hard_case_23_with_off_no_order_of_parents_and_children_is_needed) {
  source(
      "CREATE TABLE z (id INT PRIMARY KEY, c INT); CREATE TABLE c (id INT PRIMARY KEY, z INT);"
      "CREATE TABLE a (id INT PRIMARY KEY, z INT, FOREIGN KEY (z) REFERENCES z(id));"
      "INSERT INTO z VALUES (1, 7), (2, 7); INSERT INTO c VALUES (7, 1); INSERT INTO a VALUES (1, 1), (2, 2)");
  // A circle, and rows without the parent that only the target asks for.
  target(
      "CREATE TABLE z (id integer PRIMARY KEY, c integer); CREATE TABLE c (id integer PRIMARY KEY, z integer "
      "REFERENCES "
      "z); ALTER TABLE z ADD FOREIGN KEY (c) REFERENCES c; CREATE TABLE a (id integer PRIMARY KEY, z integer "
      "REFERENCES "
      "z, u integer UNIQUE DEFERRABLE)");
  source("INSERT INTO shop.c VALUES (8, 99)");
  const std::vector<std::string> tables = {"a", "c", "z", "t"};
  expect_caught_up(Triggers::kOff, tables);
  source(
      "INSERT INTO shop.c VALUES (9, 98); INSERT INTO shop.z VALUES (3, 9); INSERT INTO shop.a VALUES (3, 3);"
      "DELETE FROM shop.a WHERE id < 3; DELETE FROM shop.z WHERE id = 1; UPDATE shop.c SET z = 97");
  expect_caught_up(Triggers::kOff, tables);
}

TEST_P(TriggersTest, hard_case_23_check_lists_the_triggers_and_with_off_the_keys_that_are_the_targets_alone) {
  audit();
  source(
      "CREATE TABLE p (id INT PRIMARY KEY, code INT UNIQUE); CREATE TABLE c (id INT PRIMARY KEY, p INT, q INT, FOREIGN "
      "KEY (p) REFERENCES p(id) ON DELETE CASCADE)");
  target(
      "CREATE TABLE p (id integer PRIMARY KEY, code integer UNIQUE DEFERRABLE); CREATE TABLE c (id integer PRIMARY "
      "KEY, "
      "p integer CONSTRAINT both_have REFERENCES p ON DELETE CASCADE, q integer CONSTRAINT deletes REFERENCES p ON "
      "DELETE "
      "CASCADE ON UPDATE SET NULL, CONSTRAINT late UNIQUE (q, id) DEFERRABLE);"
      "CREATE TABLE stranger (p integer CONSTRAINT outside REFERENCES p ON DELETE CASCADE)");
  const WeftResult on = weft("check", Triggers::kOn);
  EXPECT_EQ(on.code, 0) << on.out;
  EXPECT_TRUE(has(on.out, "warning  table public.t trigger note fires on replicated rows")) << on.out;
  EXPECT_FALSE(has(on.out, "the target's alone")) << on.out;
  const WeftResult off = weft("check", Triggers::kOff);
  EXPECT_EQ(off.code, 0) << off.out;
  EXPECT_FALSE(has(off.out, "trigger note")) << off.out;
  EXPECT_TRUE(
      has(off.out,
          "warning  table public.c: foreign key deletes to public.p (ON DELETE CASCADE ON UPDATE SET NULL) is the "
          "target's alone"))
      << off.out;
  EXPECT_TRUE(has(off.out, "warning  table public.stranger: foreign key outside to public.p (ON DELETE CASCADE)"))
      << off.out;
  EXPECT_TRUE(has(off.out, "warning  table public.c: constraint late is deferrable")) << off.out;
  EXPECT_FALSE(has(off.out, "both_have")) << off.out;
  EXPECT_FALSE(has(off.out, "p_code_key")) << off.out;
}

INSTANTIATE_TEST_SUITE_P(Sources,
                         TriggersTest,
                         ::testing::Values(Engine::kMariaDb, Engine::kMySql),
                         [](const auto& of) { return engine_name(of.param); });

}  // namespace
}  // namespace weft::live
