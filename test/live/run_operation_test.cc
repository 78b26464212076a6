// SPDX-License-Identifier: Apache-2.0
// `weft run` as a service: no secret in anything that it shows or keeps, files for its user alone, a role with the least that it
// needs, versions of the `_weft` objects.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "live/run_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class RunOperationTest : public RunFixture {
 protected:
  void SetUp() override {
    RunFixture::SetUp();
    if (IsSkipped()) return;
    source("CREATE USER planted@'%' IDENTIFIED BY 'pl4nted-one'; GRANT ALL ON *.* TO planted@'%'");
    target(
        "CREATE ROLE planted LOGIN PASSWORD 'pl4nted-two'; GRANT ALL ON t TO planted; GRANT ALL ON DATABASE shop TO "
        "planted");
    from_ = cat("mysql://planted:pl4nted-one@127.0.0.1:", rig_->source->port(), "/shop");
    to_ = cat("postgresql://planted:pl4nted-two@127.0.0.1:", rig_->target.port(), "/shop");
  }

  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> command,
                                               const std::vector<std::string>& more = {}) const {
    command.insert(command.end(), {"--from", from_, "--to", to_});
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  [[nodiscard]] WeftResult finished(const std::vector<std::string>& command) const {
    return run_weft(command, deadline_in(60s), {"XDG_STATE_HOME=" + (rig_->dir.path() / "state").string()});
  }

  // Everything that weft keeps on this machine, and what is wrong with its rights.
  [[nodiscard]] std::string kept(std::string& wrong) const {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(rig_->dir.path() / "state")) {
      const auto mode = static_cast<unsigned>(entry.status().permissions());
      if (mode != (entry.is_directory() ? 0700u : 0600u)) wrong += cat(entry.path().string(), " ", mode, "\n");
      std::ostringstream content;
      if (entry.is_regular_file()) content << std::ifstream(entry.path()).rdbuf();
      text += cat(entry.path().string(), "\n", content.str());
    }
    return text;
  }

  // All rows of all `_weft` tables.
  [[nodiscard]] std::string stored() const {
    std::string text;
    for (const char* table : {"progress_log", "lease", "table_state", "schema_version", "dead_letter", "version"})
      text += rig_->at_target(cat("SELECT x::text FROM _weft.", table, " x"));
    return text;
  }

  std::string from_;
  std::string to_;
};

TEST_F(RunOperationTest, hard_case_33_APlantedSecretIsNowhereToBeFound) {
  const fs::path token = rig_->dir.path() / "token";
  std::ofstream(token) << "pl4nted-three\n";
  WeftProcess weft(rig_->log(),
                   words({"run"}, {"--log-format", "json", "--name", "shop", "--http-token-file", token.string()}));
  std::string seen;
  const auto found = [&] {
    const WeftResult status = finished({"status", "shop", "--json"});
    return status.code == 0 && has(status.out, "\"state\":\"streaming\"");
  };
  ASSERT_TRUE(support::wait_until(deadline_in(60s), found)) << weft.log_tail();
  EXPECT_FALSE(weft.get("/status") && has(*weft.get("/status"), "streaming")) << "without the token";
  seen += support::run({"cat", cat("/proc/", weft.pid(), "/cmdline")}, deadline_in(5s)).out;
  for (const auto& command : {words({"status"}),
                              words({"status"}, {"--json"}),
                              {"status", "shop"},
                              {"status", "shop", "--json"},
                              words({"check"}),
                              words({"run"}, {"--print-config"}),
                              words({"setup"}, {"--dry-run"}),
                              words({"run"}, {"--name", "shop", "--log-format", "json"})}) {
    seen += cat("\n== ", command[0], "\n", finished(command).out);
  }
  EXPECT_TRUE(has(seen, "another process runs this pipeline")) << seen;
  std::string wrong;
  seen += kept(wrong) + stored();
  EXPECT_EQ(wrong, "");
  EXPECT_TRUE(has(seen, "/run/shop.")) << "the running pipeline has its file";
  rig_->target.stop();  // and what is said in trouble
  rig_->source->stop();
  EXPECT_TRUE(support::wait_until(deadline_in(30s), [&] { return has(weft.output(), "\"warning\""); }))
      << weft.log_tail();
  weft.kill(SIGTERM);
  EXPECT_TRUE(weft.wait_exit(deadline_in(30s))) << weft.log_tail();
  seen += weft.output();
  EXPECT_FALSE(has(seen, "pl4nted")) << seen.substr(seen.find("pl4nted") - std::min<size_t>(seen.find("pl4nted"), 300),
                                                    400);
}

TEST_F(RunOperationTest, hard_case_33_ARoleWithoutCreateRunsOnWhatSetupPrints) {
  target("REVOKE ALL ON DATABASE shop FROM planted; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  const WeftResult refused = finished(words({"run"}, {"--until", "now"}));
  EXPECT_EQ(refused.code, 3) << refused.out;
  EXPECT_TRUE(has(refused.out, "CREATE SCHEMA IF NOT EXISTS _weft;") && has(refused.out, "TO \"planted\""))
      << refused.out;
  const WeftResult sql = finished(words({"setup"}, {"--dry-run"}));
  ASSERT_EQ(sql.code, 0) << sql.out;
  target(sql.out);
  const WeftResult ran = finished(words({"run"}, {"--until", "now", "--setup", "never"}));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(rows(), "1,one|2,two");
  target("DROP TABLE _weft.table_state");
  const WeftResult torn = finished(words({"run"}, {"--until", "now"}));
  EXPECT_EQ(torn.code, 3) << torn.out;
  EXPECT_TRUE(has(torn.out, "is not complete") && has(torn.out, "CREATE TABLE IF NOT EXISTS _weft.table_state"))
      << torn.out;
}

TEST_F(RunOperationTest, hard_case_33_NewerObjectsAreExit3) {
  ASSERT_EQ(finished(words({"setup"})).code, 0);
  target("UPDATE _weft.version SET version = 99");
  const WeftResult result = finished(words({"run"}, {"--until", "now"}));
  EXPECT_EQ(result.code, 3) << result.out;
  EXPECT_TRUE(has(result.out, "are of version 99") && has(result.out, "use a newer weft")) << result.out;
  EXPECT_EQ(rows(), "");
}

TEST_F(RunOperationTest, TeardownRemovesThePipelineAndWithTheLastOneTheObjects) {
  for (const char* name : {"one", "two"})
    ASSERT_EQ(finished(words({"run"}, {"--until", "now", "--name", name, "--snapshot", "no"})).code, 0);
  const WeftResult shown = finished(words({"teardown"}, {"--name", "one", "--dry-run"}));
  EXPECT_EQ(shown.code, 0) << shown.out;
  EXPECT_TRUE(has(shown.out, "DELETE FROM _weft.progress_log WHERE pipeline = 'one';\n")) << shown.out;
  EXPECT_TRUE(has(stored(), "one")) << "a dry run changes nothing";
  const WeftResult first = finished(words({"teardown"}, {"--name", "one"}));
  EXPECT_EQ(first.code, 0) << first.out;
  EXPECT_EQ(first.out, shown.out);
  EXPECT_FALSE(has(stored(), "one"));
  EXPECT_TRUE(has(stored(), "two")) << "another pipeline's rows stay";
  const WeftResult unknown = finished(words({"teardown"}, {"--name", "tow"}));
  EXPECT_EQ(unknown.code, 3);
  EXPECT_TRUE(has(unknown.out, "pipeline tow never ran into") && has(unknown.out, "which knows two")) << unknown.out;
  EXPECT_EQ(finished(words({"teardown"}, {"--name", "two"})).code, 0);
  EXPECT_EQ(rig_->at_target("SELECT to_regnamespace('_weft') IS NULL"), "t");
  const WeftResult again = finished(words({"teardown"}, {"--name", "two"}));
  EXPECT_EQ(again.code, 0);
  EXPECT_TRUE(has(again.out, "nothing of pipeline two is kept at")) << again.out;
}

TEST_F(RunOperationTest, TeardownIsRefusedWhileAnotherProcessRunsThePipelineOrRowsLieInDeadLetters) {
  WeftProcess weft(rig_->log(), words({"run"}));
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  const WeftResult refused = finished(words({"teardown"}, {"--cutover"}));
  EXPECT_EQ(refused.code, 5) << refused.out;
  EXPECT_TRUE(has(refused.out, "another process runs this pipeline: ") && has(refused.out, "stop it first"))
      << refused.out;
  source("INSERT INTO t VALUES (3, 'three')");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)")) << "the running one goes on: " << weft.log_tail();
  weft.kill(SIGTERM);
  ASSERT_TRUE(weft.wait_exit(deadline_in(30s)));
  target(
      "INSERT INTO _weft.dead_letter (pipeline, table_name, position, error, class) SELECT pipeline, 'shop.t', '', "
      "'x', 'x' FROM _weft.progress");
  const WeftResult letters = finished(words({"teardown"}));
  EXPECT_EQ(letters.code, 3);
  EXPECT_TRUE(has(letters.out, "has 1 dead letters, which are kept nowhere else")) << letters.out;
  target("DELETE FROM _weft.dead_letter");
  EXPECT_EQ(finished(words({"teardown"})).code, 0);
}

TEST_F(RunOperationTest, CutoverMovesEverySequencePastTheData) {
  source(
      "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, n INT); CREATE TABLE b (id INT PRIMARY KEY); CREATE TABLE e "
      "(id INT PRIMARY KEY); INSERT INTO a VALUES (41, 7), (17, 8); INSERT INTO b VALUES (-5), (-9)");
  target(
      "CREATE SEQUENCE free START 1; CREATE SEQUENCE down INCREMENT -1; CREATE TABLE a (id integer GENERATED BY "
      "DEFAULT AS IDENTITY PRIMARY KEY, n integer DEFAULT nextval('free')); CREATE TABLE b (id integer DEFAULT "
      "nextval('down') PRIMARY KEY); CREATE TABLE e (id serial PRIMARY KEY); SELECT setval('free', 100); GRANT ALL ON "
      "ALL TABLES IN SCHEMA public TO planted; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO planted");
  ASSERT_EQ(finished(words({"run"}, {"--until", "now"})).code, 0);
  target("UPDATE _weft.table_state SET state_code = 1, state = 'snapshotting' WHERE table_name = 'b'");
  const WeftResult early = finished(words({"teardown"}, {"--cutover"}));
  EXPECT_EQ(early.code, 3);
  EXPECT_TRUE(has(early.out, "table shop.b is snapshotting, not streaming")) << early.out;
  target("UPDATE _weft.table_state SET state_code = 3, state = 'streaming' WHERE table_name = 'b'");
  const WeftResult done = finished(words({"teardown"}, {"--cutover"}));
  EXPECT_EQ(done.code, 0) << done.out;
  target("INSERT INTO a DEFAULT VALUES; INSERT INTO b DEFAULT VALUES; INSERT INTO e DEFAULT VALUES");
  EXPECT_EQ(rig_->at_target("SELECT id, n FROM a ORDER BY id"), "17,8|41,7|42,101") << done.out;
  EXPECT_EQ(rig_->at_target("SELECT min(id) FROM b"), "-10") << done.out;
  EXPECT_EQ(rig_->at_target("SELECT id FROM e"), "1") << "an empty table's stays: " << done.out;
}

TEST_F(RunOperationTest, JsonLinesNameTheTable) {
  source("CREATE TABLE wide (id INT PRIMARY KEY, v BIGINT); INSERT INTO wide VALUES (1, 1)");
  target("CREATE TABLE wide (id integer PRIMARY KEY, v integer); GRANT ALL ON wide TO planted");
  WeftProcess weft(rig_->log(), words({"run"}, {"--log-format", "json"}));
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  source("INSERT INTO wide VALUES (2, 3000000000)");
  ASSERT_TRUE(weft.wait_exit(deadline_in(60s))) << weft.log_tail();
  const std::string out = weft.output();
  EXPECT_TRUE(has(out, "\"level\":\"warning\",\"message\":\"target: table public.wide has column")) << out;
  EXPECT_TRUE(has(out, "\"side\":\"target\",\"table\":\"shop.wide\"}")) << out;
  EXPECT_TRUE(has(out, "\"exit_code\":\"1\",\"table\":\"shop.wide\"}")) << out;
  target("ALTER TABLE wide ALTER v TYPE bigint");
  WeftProcess next(rig_->log(), words({"run"}, {"--log-format", "json"}));
  ASSERT_TRUE(next.wait_consistent(deadline_in(60s))) << next.log_tail();
  source("ALTER TABLE t ADD extra INT");
  ASSERT_TRUE(next.wait_exit(deadline_in(60s))) << next.log_tail();
  EXPECT_TRUE(has(next.output(), "\"exit_code\":\"1\",\"table\":\"shop.t\"}")) << next.output();
}

}  // namespace
}  // namespace weft::live
