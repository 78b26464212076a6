// SPDX-License-Identifier: Apache-2.0
// Bad input from the side of the target (docs/bad-input.md): addresses, grants, servers that take no writes, disks that are
// full, schemas that do not fit, constraints and triggers that refuse.
#include <filesystem>
#include <fstream>

#include "live/bad_input_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class BadInputTarget : public BadInputTest {
 protected:
  // What the target is made to refuse, what the source then does, the words, and what mends it.
  struct Refusal {
    const char* make;
    const char* change;
    std::initializer_list<const char*> words;
    const char* mend;
  };

  // In mid-stream: everything before is applied, the run ends with 1, and goes on when that is mended.
  void expect_refusal(const Refusal& refusal) {
    SCOPED_TRACE(refusal.make);
    WeftProcess weft = streaming();
    target(refusal.make);
    source(refusal.change);
    expect_end(weft, 1, refusal.words);
    EXPECT_TRUE(has(last_line(weft.output()), "everything up to")) << weft.output();
    EXPECT_NE(run({"--until", "now"}).code, 0) << "it is judged again, and still refused";
    target(refusal.mend);
    expect_goes_on();
  }

  // "postgresql://user@..." for a role of this test.
  [[nodiscard]] std::string as(const std::string& user) const { return rig_->target.url("shop", user); }

  void setting(const std::string& sql) {
    rig_->target.exec(sql);
    rig_->target.exec("SELECT pg_reload_conf()");
  }
};

TEST_F(BadInputTarget, WrongPasswordIsExit3AtOnceAndIsNotShown) {
  target("CREATE ROLE locked LOGIN PASSWORD 'right'");
  {
    const auto path = rig_->target.data_dir() / "pg_hba.conf";
    std::ifstream old(path);
    const std::string rest(std::istreambuf_iterator<char>(old), {});
    std::ofstream(path) << "host all locked 127.0.0.1/32 scram-sha-256\n" << rest;
  }
  rig_->target.exec("SELECT pg_reload_conf()");
  const std::string url = as("locked:secret");
  const auto refused = [&] { return run_weft({"run", "--from", rig_->from(), "--to", url}, deadline_in(9s)); };
  expect_end(refused(), 3, {"target: ", "password authentication failed", "check user, password"});
  expect_goes_on();
}

TEST_F(BadInputTarget, TlsThatTheServerDoesNotSpeakIsExit3AtOnce) {
  const auto result =
      run_weft({"run", "--from", rig_->from(), "--to", rig_->to() + "?sslmode=require"}, deadline_in(9s));
  expect_end(result, 3, {"target: ", "SSL"});
  expect_goes_on();
}

TEST_F(BadInputTarget, MissingGrantIsExit3WithTheStatementThatMendsIt) {
  target("CREATE ROLE poor LOGIN; GRANT SELECT ON t TO poor; GRANT CREATE ON DATABASE shop TO poor");
  expect_end(run_to(as("poor")),
             3,
             {"table public.t does not give role poor INSERT, UPDATE, DELETE", "GRANT INSERT, UPDATE, DELETE ON"});
  target("GRANT INSERT, UPDATE, DELETE ON t TO poor");
  const WeftResult mended = run_to(as("poor"));
  EXPECT_EQ(mended.code, 0) << mended.out;
  expect_equal();
}

TEST_F(BadInputTarget, TriggersOffWithoutThePrivilegeIsExit3WithTheGrant) {
  const std::string file = rig_->dir.path() / "off.yaml";
  std::ofstream(file) << "to: {triggers: off}\n";
  target("CREATE ROLE poor LOGIN; GRANT ALL ON t TO poor; GRANT CREATE ON DATABASE shop TO poor");
  const auto weft = [&](std::vector<std::string> command) {
    command.insert(command.end(), {file, "--from", rig_->from(), "--to", as("poor")});
    return run_weft(command, deadline_in(60s));
  };
  const std::vector<std::string> run = {"run", "--until", "now"};
  const bool grants = rig_->at_target("SHOW server_version_num") >= "150000";
  const char* mend = grants ? "GRANT SET ON PARAMETER session_replication_role TO \"poor\"" : "ALTER ROLE \"poor\"";
  expect_end(weft(run), 3, {"role poor may not set session_replication_role, which triggers off needs", mend});
  EXPECT_EQ(rig_->at_target("SELECT to_regnamespace('_weft'), (SELECT count(*) FROM t)"), "NULL,0");
  const WeftResult checked = weft({"check"});
  EXPECT_EQ(checked.code, 3) << checked.out;
  EXPECT_TRUE(has(checked.out, "error    role poor may not set") && has(checked.out, cat("-> ", mend))) << checked.out;
  target(grants ? mend : "ALTER ROLE poor SUPERUSER");
  EXPECT_EQ(weft({"check"}).code, 0);
  const WeftResult mended = weft(run);
  EXPECT_EQ(mended.code, 0) << mended.out;
  expect_equal();
}

TEST_F(BadInputTarget, GrantTakenAwayInMidStreamIsExit1WithTheNextStep) {
  target("CREATE ROLE poor LOGIN; GRANT ALL ON t TO poor; GRANT CREATE ON DATABASE shop TO poor");
  WeftProcess weft(rig_->log(), {"run", "--from", rig_->from(), "--to", as("poor")});
  ASSERT_TRUE(weft.wait_consistent(deadline_in(60s))) << weft.log_tail();
  target("REVOKE INSERT ON t FROM poor");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  expect_end(weft, 1, {"table shop.t", "permission denied for table t", "grant the privilege to weft's role"});
  target("GRANT INSERT ON t TO poor");
  const WeftResult mended = run_to(as("poor"));
  EXPECT_EQ(mended.code, 0) << mended.out;
  expect_equal();
}

TEST_F(BadInputTarget, ReadOnlyTargetIsExit3AtTheStartWithTheStatementThatMendsIt) {
  setting("ALTER DATABASE shop SET default_transaction_read_only = on");
  expect_end(run({"--until", "now"}), 3, {"target: ", "read_only", "ALTER"});
  setting("ALTER DATABASE shop RESET default_transaction_read_only");
  expect_goes_on();
}

TEST_F(BadInputTarget, TargetThatBecomesReadOnlyIsWaitedForWithItsReason) {
  WeftProcess weft = streaming();
  setting("ALTER SYSTEM SET default_transaction_read_only = on");
  source("INSERT INTO shop.t VALUES (3, 'three')");
  expect_waits(weft, "the server is read-only");
  setting("ALTER SYSTEM RESET default_transaction_read_only");
  EXPECT_TRUE(becomes("(1,one)|(2,two)|(3,three)", "t", 60s)) << weft.log_tail();
  expect_equal();
}

TEST_F(BadInputTarget, FullDiskIsWaitedForWithItsReason) {
  const std::string path = rig_->target.data_dir().parent_path() / "small";
  std::filesystem::create_directory(path);
  SmallDisk disk(path, 8);
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here";
  std::filesystem::create_directory(path + "/space");
  ASSERT_EQ(
      support::run({"chown", cat("--reference=", rig_->target.data_dir().string()), path + "/space"}, deadline_in(10s))
          .code,
      0);
  rig_->target.exec(cat("CREATE TABLESPACE small LOCATION '", path, "/space'"));
  source("CREATE TABLE shop.big (id INT PRIMARY KEY, b MEDIUMTEXT)");
  target(
      "CREATE TABLE big (id integer PRIMARY KEY, b text) TABLESPACE small; ALTER TABLE big ALTER b SET STORAGE "
      "EXTERNAL");
  {
    WeftProcess weft = streaming();
    for (int id = 1; id <= 12; ++id)
      source(cat("INSERT INTO shop.big VALUES (", id, ", REPEAT('", id % 10, "', 1000000))"));
    expect_waits(weft, "the target's disk is full");
    disk.grow(64);
    EXPECT_TRUE(rig_->becomes("SELECT count(*) FROM big", "12", deadline_in(60s))) << weft.log_tail();
    expect_equal({"t", "big"});
  }
  rig_->target.stop();
}

TEST_F(BadInputTarget, MissingSchemaIsExit3NamingSearchPath) {
  target("ALTER DATABASE shop SET search_path = nowhere");
  expect_end(run({"--until", "now"}), 3, {"target: search_path at", "names no existing schema", "create one"});
  target("ALTER DATABASE shop RESET search_path");
  expect_goes_on();
}

TEST_F(BadInputTarget, TableThatGoesInMidStreamIsExit1AndGoesOnWhenItIsBack) {
  expect_refusal({"ALTER TABLE t RENAME TO hidden",
                  "INSERT INTO shop.t VALUES (3, 'three')",
                  {"table shop.t", "does not exist", "create the table"},
                  "ALTER TABLE hidden RENAME TO t"});
}

TEST_F(BadInputTarget, ColumnThatGoesInMidStreamIsExit1AndGoesOnWhenItIsBack) {
  expect_refusal({"ALTER TABLE t RENAME v TO w",
                  "INSERT INTO shop.t VALUES (3, 'three')",
                  {"table shop.t", "column \"v\""},
                  "ALTER TABLE t RENAME w TO v"});
}

TEST_F(BadInputTarget, TypeThatIsTooNarrowIsExit1WithRowAndType) {
  expect_refusal({"ALTER TABLE t ALTER id TYPE smallint",
                  "INSERT INTO shop.t VALUES (70000, 'seventy thousand')",
                  {"table shop.t", "row (70000)", "smallint out of range"},
                  "ALTER TABLE t ALTER id TYPE integer"});
}

TEST_F(BadInputTarget, ViolatedCheckIsExit1WithRowAndConstraint) {
  expect_refusal({"ALTER TABLE t ADD CONSTRAINT short CHECK (length(v) < 6)",
                  "INSERT INTO shop.t VALUES (3, 'much longer')",
                  {"table shop.t", "(3)", "\"short\""},
                  "ALTER TABLE t DROP CONSTRAINT short"});
}

TEST_F(BadInputTarget, ViolatedNotNullIsExit1WithRowAndColumn) {
  expect_refusal({"ALTER TABLE t ALTER v SET NOT NULL",
                  "INSERT INTO shop.t VALUES (3, NULL)",
                  {"table shop.t", "(3)", "\"v\""},
                  "ALTER TABLE t ALTER v DROP NOT NULL"});
}

TEST_F(BadInputTarget, ViolatedUniqueIndexIsExit1WithRowAndIndex) {
  expect_refusal({"CREATE UNIQUE INDEX only_one ON t (v)",
                  "INSERT INTO shop.t VALUES (3, 'one')",
                  {"table shop.t", "(3)", "\"only_one\""},
                  "DROP INDEX only_one"});
}

TEST_F(BadInputTarget, ViolatedForeignKeyIsExit1WithRowAndConstraint) {
  expect_refusal(
      {"CREATE TABLE parent (v varchar(40) PRIMARY KEY); INSERT INTO parent SELECT v FROM t; ALTER TABLE t ADD "
       "CONSTRAINT known FOREIGN KEY (v) REFERENCES parent",
       "INSERT INTO shop.t VALUES (3, 'orphan')",
       {"table shop.t", "(3)", "\"known\""},
       "INSERT INTO parent VALUES ('orphan')"});
}

TEST_F(BadInputTarget, TriggerThatRaisesIsExit1WithItsWords) {
  expect_refusal(
      {"CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not on a Sunday'; "
       "END$$; CREATE TRIGGER never BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION never()",
       "INSERT INTO shop.t VALUES (3, 'three')",
       {"table shop.t", "(3)", "not on a Sunday", "a trigger or function at the target refused it"},
       "DROP TRIGGER never ON t"});
}

}  // namespace
}  // namespace weft::live
