// SPDX-License-Identifier: Apache-2.0
// What an operator relies on, as far as it can be seen without a database: secrets, the state directory, tokens, JSON logs,
// completions, man pages, the SQL of setup.
#include <filesystem>

#include "base/text.h"
#include "cli/cli_fixture.h"
#include "io/http_client.h"

namespace weft {
namespace {

using namespace std::chrono_literals;

namespace fs = std::filesystem;

class OperationTest : public CliTest {
 protected:
  void chmod(const std::string& name, unsigned mode) {
    fs::permissions(dir_.path() / name, static_cast<fs::perms>(mode), fs::perm_options::replace);
  }

  // Each line is one JSON object with these keys; what is wrong, or nothing.
  std::string judged(const std::string& lines) {
    write("lines", lines);
    return support::run({"python3",
                         "-c",
                         "import json,sys\n"
                         "for line in open(sys.argv[1]):\n"
                         "  o = json.loads(line)\n"
                         "  assert o['time'].endswith('Z') and o['message'], line\n"
                         "  assert o['level'] in ('info', 'warning', 'error'), line\n",
                         path("lines")},
                        support::deadline_in(20s))
        .err;
  }
};

// A run that waits for servers which never come; it has ten seconds, and everything else works meanwhile.
class WaitingRun {
 public:
  WaitingRun(std::vector<std::string> words, std::vector<std::string> env, std::string out)
      : out_(std::move(out)),
        from_("mysql://app:hunter2@127.0.0.1:" + nobody_.text() + "/shop"),
        to_("--to=postgresql://app@127.0.0.1:" + nobody_.text() + "/shop?password=hunter3"),
        process_({.argv = argv(std::move(words)), .env = std::move(env), .output_file = out_}) {}

  // "127.0.0.1:port"
  std::string http() {
    const auto seen = [&] {
      return output().find("\nhttp://") != std::string::npos || output().starts_with("http://");
    };
    if (!support::wait_until(support::deadline_in(10s), seen)) return {};
    const std::string text = output();
    const size_t at = text.find("http://") + 7;
    return text.substr(at, text.find('\n', at) - at);
  }

  HttpResponse get(const std::string& target, const std::string& token) {
    const auto address = parse_http_address(http());
    if (!address) return {0, "", address.error().message()};
    const auto answer = http_get(*address, target, token, 5s);
    return answer ? *answer : HttpResponse{0, "", answer.error().message()};
  }

  [[nodiscard]] std::string output() const {
    std::ostringstream text;
    text << std::ifstream(out_).rdbuf();
    return text.str();
  }

  support::Process& process() { return process_; }

 private:
  std::vector<std::string> argv(std::vector<std::string> words) {
    words.insert(words.begin(), {WEFT_BINARY, "run", "--from", from_, to_});
    return words;
  }

  support::Port nobody_;
  std::string out_;
  std::string from_;
  std::string to_;
  support::Process process_;
};

TEST_F(OperationTest, hard_case_33_NoSecretIsShownWhateverIsWrong) {
  write("pw", "hunter4\n");
  const std::string by_file = "mysql://app:file:" + path("pw") + "@127.0.0.1:1/shop";
  const std::vector<std::pair<std::string, std::string>> ends = {
      {kFrom, kTo},
      {by_file, "postgresql://app:${TO}@127.0.0.1:1/shop"},
      {"mysql://app:hunter2@127.0.0.1:1/shop?tsl=verify", kTo},
      {"mysql://app:hunter2@h:99999999/shop", kTo},
      {"mysql://app:hunter2%zz@h/shop", kTo},
      {"mysqll://app:hunter2@h/shop", kTo},
      {kFrom, "postgresql://app:se/hunter3@127.0.0.1:1/shop"},
      {kFrom, "postgresql://app:1/hunter3@127.0.0.1:1/shop"},
      {kFrom, "postgresql://app:se@hunter3@127.0.0.1:1/shop"},
      {kFrom, "postgresql://app@127.0.0.1:1/shop?password=hunter3&sslmode=nonsense"},
      {kFrom, "postgresql://app@127.0.0.1:1/shop?pasword=hunter3"},
      {"app:hunter2@h/shop", "password=hunter3 host=h"},
      {"${FROM_URL}", "${TO_URL}"}};
  const std::vector<std::string> env = {
      "TO=hunter5", "FROM_URL=mysql://app:hunter2@h:x/shop", "TO_URL=postgresql://app:hunter3@h:x/shop"};
  for (const auto& [from, to] : ends) {
    write("bad.yaml", "from: {url: '" + from + "', x: 1}\nto: {url: '" + to + "'}\n");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"run", "--from", from, "--to", to, "--print-config"},
          {"run", "--from", from, "--to", to, "--lanes", "0", "--log-format", "json"},
          {"check", "--from", from, "--to", to, "--until", "x"},
          {"setup", "--from", from, "--to", to, "--dry-run"},
          {"run", "bad.yaml"},
          {"run", from},
          {"status", from, to},
          {from}}) {
      const RunResult result = weft(words, env);
      EXPECT_FALSE(has(result.out + result.err, "hunter")) << from << " " << to << "\n" << result.out << result.err;
    }
  }
}

TEST_F(OperationTest, hard_case_33_SecretsInFilesLeaveNoTrace) {
  write("pw", "hunter4\n");
  chmod("pw", 0644);
  const support::Port nobody;
  const RunResult result = weft({"run",
                                 "--from",
                                 "mysql://app:file:" + path("pw") + "@127.0.0.1:" + nobody.text() + "/shop",
                                 "--to",
                                 "postgresql://app:${PW}@127.0.0.1:" + nobody.text() + "/shop"},
                                {"PW=hunter5"});
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_FALSE(has(result.out + result.err, "hunter")) << result.err;
  EXPECT_TRUE(has(result.err, "can read the secret in " + path("pw") + ": chmod 600")) << result.err;
}

TEST_F(OperationTest, hard_case_33_AWaitingRunShowsNoSecretWantsItsTokenAndLogsJson) {
  write("token", "t0ken-of-hunter6\n");
  WaitingRun waiting(
      {"--http-token-file", path("token"), "--log-format", "json"}, {"XDG_STATE_HOME=" + path("home")}, path("out"));
  for (const char* target : {"/", "/status", "/healthz", "/metrics"}) {
    EXPECT_EQ(waiting.get(target, "").status, 401) << target;
    EXPECT_EQ(waiting.get(target, "t0ken-of-hunter7").status, 401) << target;
    const HttpResponse answer = waiting.get(target, "t0ken-of-hunter6");
    EXPECT_EQ(answer.status, 200) << target << answer.body;
    EXPECT_FALSE(has(answer.body, "hunter")) << answer.body;
  }
  const std::string process = cat("/proc/", waiting.process().pid());
  const RunResult line = support::run({"cat", process + "/cmdline"}, support::deadline_in(10s));
  EXPECT_TRUE(has(line.out, "app:***@") && has(line.out, "password=***")) << line.out;
  EXPECT_FALSE(has(line.out, "hunter")) << line.out;
  const auto ended = waiting.process().wait(support::deadline_in(20s));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 3);
  std::string lines = waiting.output();
  EXPECT_FALSE(has(lines, "hunter")) << lines;
  lines.erase(lines.find("http://"), lines.find('\n', lines.find("http://")) + 1 - lines.find("http://"));  // stdout
  EXPECT_EQ(judged(lines), "") << lines;
  EXPECT_TRUE(has(lines, "\"exit_code\":\"3\"")) << lines;
  EXPECT_TRUE(has(lines, "can read the secret in")) << "the token's file is everybody's: " << lines;
}

TEST_F(OperationTest, UsageErrorsAreJsonLinesWhereThatIsAskedFor) {
  const RunResult result = run({"--log-format=json", "--lanes", "0", "--memory", "lots"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(judged(result.err), "") << result.err;
  EXPECT_TRUE(has(result.err, "to.lanes") && has(result.err, "memory")) << result.err;
  EXPECT_EQ(judged(run({"--log-format", "json", "--nonsense"}).err), "");
}

TEST_F(OperationTest, hard_case_33_BeyondLoopbackATokenOfOnesOwnIsNeeded) {
  write("token", "t0ken");
  EXPECT_EQ(run({"--http", "0.0.0.0:0", "--print-config"}).code, 2);
  EXPECT_EQ(run({"--http", "[::]:0", "--print-config"}).code, 2);
  EXPECT_EQ(run({"--http", "0.0.0.0:0", "--http-token-file", path("token"), "--print-config"}).code, 0);
  chmod("token", 0666);
  const RunResult loose = run({"--http-token-file", path("token"), "--print-config"});
  EXPECT_EQ(loose.code, 2);
  EXPECT_TRUE(has(loose.err, "can be written by every user, expected a token of yours: chmod 600")) << loose.err;
  write("empty", "\n");
  EXPECT_TRUE(has(run({"--http-token-file", path("empty"), "--print-config"}).err, "is empty, expected a token"));
}

TEST_F(OperationTest, hard_case_33_AStateDirectoryThatOthersCanWriteIsRefused) {
  fs::create_directory(dir_.path() / "state");
  chmod("state", 0777);
  const RunResult refused = run({"--state", path("state")});
  EXPECT_EQ(refused.code, 3);
  EXPECT_TRUE(
      has(refused.err, "the state directory: directory " + path("state") + " can be written by others: chmod 700"))
      << refused.err;
  EXPECT_EQ(refused.out, "") << "nothing was started";
  EXPECT_EQ(weft({"status", "--state", path("state")}).code, 3);
}

TEST_F(OperationTest, SetupPrintsItsSqlWithoutContactingAnybody) {
  const RunResult result = weft({"setup", "--from", kFrom, "--to", kTo, "--dry-run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("CREATE SCHEMA IF NOT EXISTS _weft;\n")) << result.out;
  EXPECT_TRUE(has(result.out, "GRANT USAGE ON SCHEMA _weft TO \"app\";")) << result.out;
  EXPECT_EQ(weft({"setup", "--from", kFrom, "--to", kTo}).code, 3) << "nobody is there";
}

TEST_F(OperationTest, BashCompletesCommandsFlagsAndValues) {
  write("weft.bash", weft({"completion", "bash"}).out);
  const auto completed = [&](const std::string& words) {
    return support::run({"bash",
                         "-c",
                         cat("source ",
                             path("weft.bash"),
                             "; COMP_WORDS=(",
                             words,
                             words.ends_with(' ') ? "''" : "",
                             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _weft; echo ${COMPREPLY[@]}")},
                        support::deadline_in(10s))
        .out;
  };
  EXPECT_EQ(completed("weft ru"), "run\n");
  EXPECT_EQ(completed("weft run --sn"), "--snapshot\n");
  EXPECT_EQ(completed("weft run --snapshot "), "yes no only\n");
  EXPECT_EQ(completed("weft status --j"), "--json\n");
}

TEST_F(OperationTest, ManPagesReadWithoutComplaint) {
  if (support::run({"sh", "-c", "command -v groff"}, support::deadline_in(10s)).code != 0) GTEST_SKIP() << "no groff";
  for (const char* command :
       {"", "run", "check", "setup", "teardown", "status", "demo", "help", "completion", "version"}) {
    std::vector<std::string> words = {"help", "--man"};
    if (*command != '\0') words.emplace_back(command);
    write("page.1", weft(words).out);
    const RunResult read =
        support::run({"groff", "-man", "-ww", "-Tascii", "-z", path("page.1")}, support::deadline_in(20s));
    EXPECT_EQ(read.out + read.err, "") << command;
  }
}

}  // namespace
}  // namespace weft
