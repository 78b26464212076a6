// SPDX-License-Identifier: Apache-2.0
// Starts the real servers. A server that is not installed is skipped with its reason.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <thread>

#include <gtest/gtest.h>

#include "support/mariadb_server.h"
#include "support/mysql_server.h"
#include "support/ports.h"
#include "support/postgres_server.h"
#include "support/process.h"
#include "support/process_tree.h"
#include "support/temp_dir.h"

namespace weft::support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const Rows kOneRow = {{"1", "a"}};

TEST(RunTest, CapturesOutputAndExitCode) {
  const auto result = run({"sh", "-c", "echo out; echo err >&2; exit 3"}, deadline_in(10s));
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST(RunTest, ThrowsWhenTheProgramIsMissing) {
  EXPECT_THROW((void)run({"/no/such/program"}, deadline_in(10s)), std::runtime_error);
}

TEST(RunTest, KillsAtTheDeadline) {
  EXPECT_THROW((void)run({"sleep", "60"}, deadline_in(50ms)), std::runtime_error);
}

TEST(RunTest, AddsAndReplacesEnvironment) {
  const auto result =
      run({.argv = {"sh", "-c", "echo $HOME $WEFT_ADDED"}, .env = {"HOME=/h", "WEFT_ADDED=x"}}, deadline_in(10s));
  EXPECT_EQ(result.out, "/h x\n");
}

TEST(ProcessTest, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    Process process({.argv = {"sleep", "60"}});
    pid = process.pid();
    EXPECT_TRUE(process.running());
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ProcessTest, OutlivesTheThreadThatStartedIt) {
  std::optional<Process> process;
  std::thread([&] { process.emplace(ProcessOptions{.argv = {"sleep", "60"}}); }).join();
  EXPECT_FALSE(process->wait(deadline_in(100ms)));
}

// Not a test: what the next one runs in a process of its own and kills.
TEST(ProcessTest, DISABLED_HoldAChild) {
  const Process child({.argv = {"sleep", "60"}});
  std::ofstream(std::getenv("WEFT_PID_FILE")) << child.pid() << std::endl;
  std::this_thread::sleep_for(60s);
}

TEST(ProcessTest, DiesWhenItsParentIsKilled) {
  const TempDir dir;
  const fs::path pid_file = dir.path() / "pid";
  Process parent(
      {.argv = {"/proc/self/exe", "--gtest_filter=ProcessTest.DISABLED_HoldAChild", "--gtest_also_run_disabled_tests"},
       .env = {"WEFT_PID_FILE=" + pid_file.string()},
       .output_file = (dir.path() / "out").string()});
  pid_t child = 0;
  ASSERT_TRUE(wait_until(deadline_in(10s), [&] { return bool(std::ifstream(pid_file) >> child); }));
  ASSERT_EQ(::kill(child, 0), 0);
  const std::vector<ProcessMark> marks = children_of(parent.pid());
  ASSERT_EQ(marks.size(), 1U);
  parent.kill(SIGKILL);
  EXPECT_TRUE(wait_until(deadline_in(10s), [&] { return none_alive(marks); }));
}

TEST(ProcessTest, TellsTheSignalThatEndedIt) {
  Process process({.argv = {"sleep", "60"}});
  process.kill(SIGKILL);
  const auto status = process.wait(deadline_in(10s));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGKILL);
}

TEST(TempDirTest, IsTraversableAndGoneAfterwards) {
  fs::path path;
  {
    const TempDir dir;
    path = dir.path();

    struct stat info {};

    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0755U);
    std::ofstream(dir.make_dir("inner") / "file") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(PortTest, NumbersInUseAreNeverGivenTwice) {
  std::vector<std::unique_ptr<Port>> ports;
  std::set<int> numbers;
  for (int i = 0; i < 200; ++i) numbers.insert(ports.emplace_back(std::make_unique<Port>())->number());
  EXPECT_EQ(numbers.size(), 200U);
}

// What holds for MariaDB and MySQL alike.
template <class Server>
class BinlogServerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = Server::unavailable()) GTEST_SKIP() << "skipped: " << *reason;
  }
};

using BinlogServers = testing::Types<MariaDbServer, MySqlServer>;
TYPED_TEST_SUITE(BinlogServerTest, BinlogServers);

void make_table(BinlogServer& server) {
  server.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT)");
  server.exec("INSERT INTO shop.t VALUES (1, 'a')");
}

TYPED_TEST(BinlogServerTest, CommittedDataSurviveCrashStopAndRestart) {
  TypeParam server;
  server.start();
  make_table(server);
  const auto port = server.port();
  server.crash();
  EXPECT_FALSE(server.running());
  server.start();
  EXPECT_EQ(server.query("SELECT * FROM shop.t"), kOneRow);
  server.stop();
  server.start();
  EXPECT_EQ(server.query("SELECT * FROM shop.t"), kOneRow);
  EXPECT_EQ(server.port(), port);
  EXPECT_EQ(server.value("SELECT @@port"), std::to_string(port));
}

TYPED_TEST(BinlogServerTest, UserWeftReadsEverythingAndWritesNothing) {
  TypeParam server;
  server.start();
  make_table(server);
  auto session = server.connect("shop", "weft");
  EXPECT_EQ(session.query("SELECT * FROM t"), kOneRow);
  EXPECT_FALSE(session.query("SHOW BINARY LOGS").empty());
  EXPECT_THROW(session.exec("DELETE FROM t"), SqlError);
}

TYPED_TEST(BinlogServerTest, RowBinlogWithFullMetadataIsTheDefault) {
  TypeParam server;
  server.start();
  EXPECT_EQ(server.query("SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@binlog_row_metadata"),
            (Rows{{"1", "ROW", "FULL", "FULL"}}));
}

TYPED_TEST(BinlogServerTest, ChangedOptionsAreInForceAfterRestart) {
  TypeParam server;
  server.start();
  server.options().row_image = "MINIMAL";
  server.restart();
  EXPECT_EQ(server.value("SELECT @@binlog_row_image"), "MINIMAL");
}

TYPED_TEST(BinlogServerTest, NullAndBytesComeBackAsTheyAre) {
  TypeParam server;
  server.start();
  EXPECT_EQ(server.query("SELECT NULL, '', x'00ff'"), (Rows{{std::nullopt, "", std::string("\0\xff", 2)}}));
  EXPECT_THROW(server.exec("SELECT 1; SELECT nonsense"), SqlError);
}

TYPED_TEST(BinlogServerTest, AServerThatCannotStartSaysWhy) {
  TypeParam server({.extra_args = {"--no-such-option"}});
  try {
    server.start();
    FAIL() << "started";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("no-such-option"), std::string::npos) << error.what();
  }
}

TEST(MySqlServerTest, EveryServerHasItsOwnUuidAndAnEmptyGtidSet) {
  if (const auto reason = MySqlServer::unavailable()) GTEST_SKIP() << "skipped: " << *reason;
  MySqlServer one;
  MySqlServer two({.transaction_compression = true, .partial_json = true});
  one.start();
  two.start();
  EXPECT_NE(one.value("SELECT @@server_uuid"), two.value("SELECT @@server_uuid"));
  EXPECT_EQ(one.value("SELECT @@gtid_executed"), "");
  EXPECT_EQ(two.query("SELECT @@binlog_transaction_compression, @@binlog_row_value_options"),
            (Rows{{"1", "PARTIAL_JSON"}}));
}

class PostgresServerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = PostgresServer::unavailable()) GTEST_SKIP() << "skipped: " << *reason;
  }

  static void make_table(PostgresServer& server) {
    server.exec("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
  }
};

TEST_F(PostgresServerTest, CommittedDataSurviveEveryWayToEnd) {
  PostgresServer server({.wal_level = "logical", .settings = {"work_mem = 5MB"}});
  server.start();
  make_table(server);
  auto busy = server.connect();
  server.crash();
  EXPECT_FALSE(server.running());
  server.start();
  EXPECT_EQ(server.query("SELECT * FROM t"), kOneRow);
  server.crash_immediate();
  server.start();
  EXPECT_EQ(server.query("SELECT * FROM t"), kOneRow);
  server.restart();
  EXPECT_EQ(server.query("SELECT * FROM t"), kOneRow);
  EXPECT_EQ(server.value("SHOW wal_level"), "logical");
  EXPECT_EQ(server.value("SHOW work_mem"), "5MB");
}

TEST_F(PostgresServerTest, EveryServerHasItsOwnSystemIdentifier) {
  PostgresServer one;
  PostgresServer two;
  one.start();
  two.start();
  const std::string sql = "SELECT system_identifier FROM pg_control_system()";
  EXPECT_NE(one.value(sql), two.value(sql));
}

TEST_F(PostgresServerTest, AlterSystemIsNotOverruled) {
  PostgresServer server;
  server.start();
  server.exec("ALTER SYSTEM SET synchronous_commit = off");
  server.restart();
  EXPECT_EQ(server.value("SHOW synchronous_commit"), "off");
}

TEST_F(PostgresServerTest, NullAndErrorsComeBackAsTheyAre) {
  PostgresServer server;
  server.start();
  EXPECT_EQ(server.query("SELECT NULL, ''"), (Rows{{std::nullopt, ""}}));
  try {
    server.exec("SELECT nonsense");
    FAIL() << "accepted";
  } catch (const SqlError& error) {
    EXPECT_EQ(error.code(), "42703");
  }
}

TEST_F(PostgresServerTest, ASourceAndATargetStartInParallel) {
  if (const auto reason = MariaDbServer::unavailable()) GTEST_SKIP() << "skipped: " << *reason;
  MariaDbServer sources[2];
  PostgresServer target;
  {
    std::jthread first([&] { sources[0].start(); });
    std::jthread second([&] { sources[1].start(); });
    target.start();
  }
  EXPECT_TRUE(sources[0].running() && sources[1].running() && target.running());
  EXPECT_NE(sources[0].value("SELECT @@server_id"), sources[1].value("SELECT @@server_id"));
  EXPECT_EQ(target.value("SELECT 1"), "1");
}

}  // namespace
}  // namespace weft::support
