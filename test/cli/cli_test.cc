// SPDX-License-Identifier: Apache-2.0
// The command line's contract as far as it can be seen without a database: exit codes 0, 2 and 3, words, secrets.
#include "cli/cli_fixture.h"

namespace weft {
namespace {

using namespace std::chrono_literals;

TEST_F(CliTest, EveryCommandHasHelpWithAnExampleFirst) {
  for (const char* command : {"run", "check", "setup", "teardown", "status", "help", "completion", "version"}) {
    const RunResult result = weft({command, "--help"});
    EXPECT_EQ(result.code, 0) << command;
    EXPECT_TRUE(result.out.starts_with("  weft " + std::string(command))) << result.out;
    EXPECT_EQ(result.err, "");
  }
  EXPECT_EQ(weft({"--help"}).code, 0);
  EXPECT_TRUE(weft({"--help"}).out.starts_with("  weft run --from "));
}

TEST_F(CliTest, VersionNamesCommitAndEngines) {
  const RunResult result = weft({"version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.out.starts_with("weft ")) << result.out;
  EXPECT_TRUE(has(result.out, "MariaDB") && has(result.out, "PostgreSQL")) << result.out;
}

TEST_F(CliTest, WrongCommandLinesAreExit2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "usage: weft COMMAND"},
      {{"rnu"}, "nearest known word 'run'"},
      {{"verify"}, "which pipeline? Give a FILE, or --from URL and --to URL"},
      {{"verify", "--from", kFrom, "--to", kTo, "--sample", "101"},
       "--sample: '101', expected a number from 0.001 to 100"},
      {{"runs"},
       "weft runs: not available in this version; available: run, check, setup, teardown, verify, status, pause, "
       "resume, "
       "dead-letters, "
       "journal, demo, "
       "help, "
       "completion, "
       "version\n"},
      {{"help", "rum"}, "unknown command 'rum'"},
      {{"completion"}, "which shell"},
      {{"completion", "tcsh"}, "which shell is 'tcsh'? Expected bash, zsh or fish"},
      {{"setup", "--dry-run"}, "which pipeline?"},
      {{"teardown", "--cutover"}, "which pipeline?"},
      {{"dead-letters", "list"}, "which pipeline?"},
      {{"dead-letters", "burn", "x"}, "weft dead-letters: expected list, show, replay or discard"},
      {{"run"}, "which pipeline? Give a FILE, or --from URL and --to URL"},
      {{"run", "--from", kFrom}, "which pipeline?"},
      {{"run", "nowhere.yaml"}, "reading nowhere.yaml: No such file or directory"},
      {{"run", "a.yaml", "b.yaml"}, "unexpected argument 'b.yaml'"},
      {{"run", "--form", "x"}, "unknown flag '--form', nearest known flag '--from'"},
      {{"run", "--from"}, "--from needs a value"},
      {{"run", "--from", "odbc:x", "--to", "spanner://p/i/d"},
       "from.url: not available in this version: odbc; available: mysql:// or mariadb:// (MySQL, MariaDB), "
       "postgresql:// or postgres:// (PostgreSQL), sqlite:///path (SQLite)\n"
       "to.url: not available in this version: spanner; available: mysql:// or mariadb:// (MySQL, MariaDB), "
       "postgresql:// or postgres:// (PostgreSQL), "
       "sqlite:///path (SQLite)\n"},
      {{"run", "--from", "sqlite://host/a.db", "--to", kTo}, "from.url: 'host': SQLite has no servers"},
      {{"run", "--from", "mysqll://h/d", "--to", kTo}, "from.url: unknown kind of address 'mysqll:'"},
      {{"run", "--from", "nonsense", "--to", kTo}, "--from: from.url is no address"},
      {{"check", "--from", "mysql://h:port/d", "--to", kTo}, "from.url"},
      {{"version", "extra"}, "unexpected argument 'extra'"},
      {{"status", "nowhere.yaml"}, "reading nowhere.yaml"},
  };
  for (const auto& [words, expected] : cases) {
    const RunResult result = weft(words);
    EXPECT_EQ(result.code, 2) << expected;
    EXPECT_TRUE(has(result.err, expected)) << result.err << " lacks " << expected;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(CliTest, WrongFlagsOfRunAreExit2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--until", "now", "--until", "now"}, "--until is given twice"},
      {{"--until", "later"}, "--until: until is 'later', expected forever, now or consistent"},
      {{"--snapshot", "maybe"}, "--snapshot: from.snapshot is 'maybe', expected yes, no or only"},
      {{"--lanes", "0"}, "--lanes: to.lanes is '0', expected auto, or a whole number from 1 to 64"},
      {{"--memory", "lots"}, "--memory: memory is 'lots', expected a size such as 64MiB, at least 8MiB"},
      {{"--consistency", "keyed"},
       "--consistency: not available in this version: to.consistency keyed; available: atomic"},
      {{"--origins", "mine"}, "--origins: origins is 'mine', expected auto, all or local"},
      {{"--consistency", "keyed"}, "not available in this version: to.consistency keyed"},
      {{"--http", "everywhere"}, "--http: http is 'everywhere', expected off, or IP:PORT"},
      {{"--http", "0.0.0.0:0"}, "expected --http-token-file"},
      {{"--http-token-file", "/nowhere"}, "reading /nowhere"},
      {{"--log-format", "xml"}, "--log-format: 'xml', expected text or json"},
      {{"--table"}, "--table needs a value"},
      {{"--quiet=1"}, "--quiet takes no value"},
  };
  for (const auto& [words, expected] : cases) {
    const RunResult result = run(words);
    EXPECT_EQ(result.code, 2) << expected;
    EXPECT_TRUE(has(result.err, expected)) << result.err << " lacks " << expected;
    EXPECT_FALSE(has(result.err, "hunter")) << result.err;
  }
}

TEST_F(CliTest, FilesAreCheckedAndFlagsOverrideThem) {
  write("bad.yaml", "from: {url: mysql://h/d, tabels: [a]}\nto: {url: postgresql://h/d, lanes: many}\nfrom: {}\n");
  const RunResult bad = weft({"run", "bad.yaml"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err,
            "bad.yaml:1: unknown key 'tabels' in from, expected one of url, tables, exclude, snapshot, "
            "on_lost_position, nearest known word 'tables'\n"
            "bad.yaml:2: to.lanes is 'many', expected auto, or a whole number from 1 to 64\n"
            "bad.yaml:3: key 'from' is given twice, expected it once: it stands in line 1 already\n");
  write("good.yaml", "from: {url: 'mysql://app:${SHOP_PASSWORD}@h/d'}\nto: {url: postgresql://h/d, lanes: 2}\n");
  EXPECT_TRUE(has(weft({"run", "good.yaml", "--print-config"}).err, "${SHOP_PASSWORD} is not set"));
  const RunResult good = weft({"run", "good.yaml", "--lanes", "5", "--print-config"}, {"SHOP_PASSWORD=hunter2"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(has(good.out, "lanes: 5\n") && has(good.out, "${SHOP_PASSWORD}")) << good.out;
  EXPECT_FALSE(has(good.out, "hunter2"));
}

TEST_F(CliTest, PrintedConfigurationsCanBeRun) {
  const RunResult first = run({"--table", "a", "--table", "line_*", "--print-config"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_FALSE(has(first.out, "hunter")) << first.out;
  write("again.yaml", first.out);
  const RunResult second = weft({"run", "again.yaml", "--print-config"}, {"FROM_PASSWORD=x", "TO_PASSWORD=y"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(second.out, first.out);
}

TEST_F(CliTest, BadFilesNeverCrash) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j) bomb += ", " + before;
    bomb += "]\n";
  }
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the file is empty"},
      {std::string("a\0b", 3), "byte 0 is not text"},
      {std::string(300000, 'x'), "expected at most"},
      {"a: 1\n---\nb: 2\n", "several documents"},
      {"a: &a [*a]\n", "an alias inside of what it stands for"},
      {"a: " + std::string(1000, '['), "nested too deeply"},
      {"\xff\xfe", "is not text"},
      {"from: [\n", "not YAML"},
      {bomb, "the file grows too large here"},
  };
  for (const auto& [text, expected] : cases) {
    write("bad.yaml", text);
    for (const char* command : {"run", "check", "status"}) {
      const RunResult result = weft({command, "bad.yaml"});
      EXPECT_EQ(result.code, 2) << command << " " << expected;
      EXPECT_TRUE(has(result.err, expected)) << result.err;
    }
  }
}

TEST_F(CliTest, UnreachableServersAreExit3AfterAWhile) {
  const support::Port nobody;
  const std::string from = "mysql://app:hunter2@127.0.0.1:" + nobody.text() + "/shop";
  const std::string to = "postgresql://app:hunter3@127.0.0.1:" + nobody.text() + "/shop";
  const auto begin = support::deadline_in(0ms);
  const RunResult result = weft({"run", "--from", from, "--to", to});
  const auto took = support::deadline_in(0ms) - begin;
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_TRUE(took > 8s && took < 15s);
  EXPECT_TRUE(has(result.out, "http://127.0.0.1:")) << result.out;
  EXPECT_TRUE(has(result.err, "source: ") && has(result.err, "target: ") && has(result.err, nobody.text()))
      << result.err;
  EXPECT_FALSE(has(result.out + result.err, "hunter")) << result.err;
}

TEST_F(CliTest, ASignalBeforeTheStartIsExit0AndSecretsLeaveTheProcessList) {
  const support::Port nobody;
  support::Process process({.argv = {WEFT_BINARY,
                                     "run",
                                     "--from",
                                     "mysql://app:hunter2@127.0.0.1:" + nobody.text() + "/shop",
                                     "--to=postgresql://app:hunter3@127.0.0.1:" + nobody.text() + "/shop"},
                            .output_file = (dir_.path() / "out").string()});
  const auto said = [&] {
    std::ostringstream text;
    text << std::ifstream(dir_.path() / "out").rdbuf();
    return text.str();
  };
  ASSERT_TRUE(support::wait_until(support::deadline_in(10s), [&] { return has(said(), "http://"); }));
  const RunResult list =
      support::run({"cat", "/proc/" + std::to_string(process.pid()) + "/cmdline"}, support::deadline_in(10s));
  EXPECT_TRUE(has(list.out, "app:***@")) << list.out;
  EXPECT_FALSE(has(list.out, "hunter")) << list.out;
  process.kill(SIGTERM);
  const auto ended = process.wait(support::deadline_in(10s));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->text(), support::ExitStatus{}.text());
}

TEST_F(CliTest, StatusOfNobodySaysSo) {
  EXPECT_EQ(weft({"status"}).code, 0);
  EXPECT_EQ(weft({"status"}).out, "no pipeline runs on this machine\n");
  EXPECT_EQ(weft({"status", "--json"}).out, "");
  const RunResult named = weft({"status", "shop"});
  EXPECT_EQ(named.code, 3);
  EXPECT_TRUE(has(named.err, "no pipeline shop runs here")) << named.err;
}

}  // namespace
}  // namespace weft
