// SPDX-License-Identifier: Apache-2.0
// What programs read: /status, /healthz, /metrics.
#include <set>

#include <gtest/gtest.h>

#include "base/text.h"
#include "control/health.h"
#include "control/http_api.h"
#include "control/metrics.h"
#include "control/status_json.h"
#include "io/file.h"

namespace weft {
namespace {

constexpr int64_t kNewYear = 1767225600000000;  // 2026-01-01T00:00:00Z

SteadyTime at(int64_t seconds) {
  return {seconds * 1'000'000'000};
}

PipelineStatus sample() {
  PipelineStatus status;
  status.name = "shop";
  status.state = PipelineState::kStreaming;
  status.since_us = kNewYear;
  status.consistent_since_us = kNewYear + 9'999'999;
  status.lag_seconds = 0.2;
  status.position = "0-1-4711";
  status.sequence = 4711;
  status.memory_budget = 64u << 20;
  status.memory_used = 1u << 20;
  status.tables["shop.orders"] = {TableState::kStreaming, "", 1200, 1200, 1, 2, 0, 0};
  status.stages["apply"] = {at(100), false, ""};
  status.stages["capture"] = {at(100), false, ""};
  return status;
}

class FakeClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return now_; }

  [[nodiscard]] int64_t wall_us() const override { return kNewYear; }

  void sleep(Duration d, std::stop_token) override { now_ = now_ + d; }

 private:
  SteadyTime now_ = at(100);
};

TEST(StatusJsonTest, IsTheContractsText) {
  EXPECT_EQ(
      status_json(sample()),
      R"({"name":"shop","state":"streaming","reason":"","since":"2026-01-01T00:00:00Z","consistent_since":"2026-01-01T00:00:09Z",)"
      R"("lag_seconds":0.2,"backlog_bytes":0,"position":"0-1-4711","tables":[{"name":"shop.orders","state":"streaming","reason":"",)"
      R"("snapshot":{"rows_done":1200,"rows_estimated":1200},"applied":{"insert":1,"update":2,"delete":0},"dead_letters":0}],)"
      R"("targets":[{"name":"to","state":"applying","reason":"","lag_seconds":0.2,"sequence":4711}],)"
      R"("memory":{"budget":67108864,"used":1048576}})");
}

TEST(StatusJsonTest, WhatIsNotKnownIsNullOrEmpty) {
  const std::string text = status_json(PipelineStatus{});
  EXPECT_NE(text.find(R"("consistent_since":null,"lag_seconds":0,)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("tables":[],)"), std::string::npos) << text;
}

TEST(StatusJsonTest, AnyTextIsValidJson) {
  PipelineStatus status = sample();
  status.reason = "a \"quote\", a \\, a\nline, \xc3\xa9, \xff and \x01";
  const auto read = parse_status(status_json(status));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->reason, "a \"quote\", a \\, a\nline, \xc3\xa9, \xef\xbf\xbd and \x01");
}

TEST(StatusJsonTest, WhatIsWrittenIsRead) {
  for (int i = 0; i <= static_cast<int>(PipelineState::kFinished); ++i) {
    PipelineStatus status = sample();
    status.state = static_cast<PipelineState>(i);
    status.lag_seconds = 1e6 + 0.125;
    const auto read = parse_status(status_json(status));
    ASSERT_TRUE(read);
    EXPECT_EQ(status_json(*read), status_json(status));
  }
  for (const char* text : {"", "[]", "{}", "{\"tables\":1}", "null", "{\"tables\":[1],\"targets\":[],\"memory\":{}}"}) {
    EXPECT_FALSE(parse_status(text)) << text;
  }
}

TEST(StatusJsonTest, TimesAreUtcText) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(kNewYear - 1), "2025-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(951827696000000), "2000-02-29T12:34:56Z");
}

TEST(HealthTest, AStageThatMovesIsHealthy) {
  EXPECT_TRUE(health_of(sample(), at(110)).healthy);
  EXPECT_EQ(health_of(sample(), at(110)).text, "ok");
  EXPECT_TRUE(health_of(PipelineStatus{}, at(1000)).healthy) << "nothing has begun";
}

TEST(HealthTest, AStageThatStandsIsNamedWithItsReason) {
  PipelineStatus status = sample();
  status.stages["apply"].reason = "waiting for a lock";
  status.stages["capture"].moved = at(111);
  EXPECT_FALSE(health_of(status, at(112)).healthy);
  EXPECT_EQ(health_of(status, at(112)).text, "apply: no progress for 12 s: waiting for a lock");
  status.stages["apply"].reason = "";
  status.reason = "connection refused";
  EXPECT_EQ(health_of(status, at(130)).text,
            "apply: no progress for 30 s: connection refused\ncapture: no progress for 19 s: connection refused");
  status.state = PipelineState::kFinished;
  EXPECT_TRUE(health_of(status, at(1000)).healthy);
  status.state = PipelineState::kFailed;
  EXPECT_EQ(health_of(status, at(1000)).text, "failed: connection refused");
}

TEST(HealthTest, AStalledStageIsUnhealthyAtOnce) {
  PipelineStatus status = sample();
  status.stages["lane-1"] = {at(100), true, "its queue is full"};
  EXPECT_EQ(health_of(status, at(103)).text, "lane-1: no progress for 3 s: its queue is full");
}

TEST(MetricsTest, NamesFollowTheConventionAndAreDocumented) {
  const std::string text = metrics_text(sample(), at(101), {1u << 20, 1.5}, "0.1.0");
  const Result<std::string> document = read_file("docs/metrics.md");
  ASSERT_TRUE(document);
  std::set<std::string> names;
  for (size_t at_type = text.find("# TYPE "); at_type != std::string::npos;
       at_type = text.find("# TYPE ", at_type + 1)) {
    const size_t begin = at_type + 7;
    const std::string name = text.substr(begin, text.find(' ', begin) - begin);
    const std::string type = text.substr(begin + name.size() + 1, text.find('\n', begin) - begin - name.size() - 1);
    EXPECT_TRUE(names.insert(name).second) << name << " comes twice";
    EXPECT_TRUE(name.starts_with("weft_")) << name;
    EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
    EXPECT_NE(document->find(cat("| `", name, "` | ", type, " |")), std::string::npos)
        << name << " is not in docs/metrics.md as a " << type;
  }
  size_t documented = 0;
  for (size_t row = document->find("\n| `weft_"); row != std::string::npos; row = document->find("\n| `weft_", row + 1))
    ++documented;
  EXPECT_EQ(documented, names.size());
}

TEST(MetricsTest, ValuesBearTheirLabels) {
  const std::string text = metrics_text(sample(), at(101), {1u << 20, 1.5}, "0.1.0");
  for (const char* line : {"weft_state{pipeline=\"shop\",state=\"streaming\"} 1\n",
                           "weft_state{pipeline=\"shop\",state=\"failed\"} 0\n",
                           "weft_lag_seconds{pipeline=\"shop\"} 0.2\n",
                           "weft_memory_budget_bytes{pipeline=\"shop\"} 67108864\n",
                           "weft_table_changes_total{pipeline=\"shop\",table=\"shop.orders\",op=\"update\"} 2\n",
                           "weft_stage_idle_seconds{pipeline=\"shop\",stage=\"apply\"} 1\n",
                           "weft_cpu_seconds_total{pipeline=\"shop\"} 1.5\n",
                           "weft_build_info{pipeline=\"shop\",version=\"0.1.0\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  EXPECT_GT(process_use().resident_bytes, 0u);
}

class HttpApiTest : public testing::Test {
 protected:
  HttpApiTest() : board_(clock_) {
    board_.update([](PipelineStatus& status) { status = sample(); });
  }

  [[nodiscard]] HttpResponse get(const std::string& path,
                                 HttpHeaders headers = {},
                                 const std::string& token = {}) const {
    return HttpApi({token, "0.1.0"}, clock_, board_)({"GET", path, "", std::move(headers), ""});
  }

  FakeClock clock_;
  StatusBoard board_;
};

TEST_F(HttpApiTest, EachPathHasItsAnswer) {
  EXPECT_EQ(get("/status").body, status_json(sample()) + "\n");
  EXPECT_EQ(get("/status").content_type, "application/json");
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/healthz").body, "ok\n");
  EXPECT_NE(get("/metrics").body.find("weft_lag_seconds"), std::string::npos);
  EXPECT_EQ(get("/nothing").status, 404);
  for (const char* link : {"href=\"status\"", "href=\"healthz\"", "href=\"metrics\""})
    EXPECT_NE(get("/").body.find(link), std::string::npos);
}

TEST_F(HttpApiTest, AStandingStageIsServiceUnavailable) {
  clock_.sleep(std::chrono::seconds(11), {});
  EXPECT_EQ(get("/healthz").status, 503);
  EXPECT_EQ(
      get("/healthz").body,
      "apply: no progress for 11 s: waiting for the target\ncapture: no progress for 11 s: waiting for the source\n");
}

TEST_F(HttpApiTest, NothingIsChangedOverHttp) {
  EXPECT_EQ(HttpApi({}, clock_, board_)({"POST", "/status", "", {}, ""}).status, 405);
}

TEST_F(HttpApiTest, ATokenIsNeededWhereOneIsSet) {
  EXPECT_EQ(get("/status", {}, "t0ken").status, 401);
  EXPECT_EQ(get("/healthz", {{"authorization", "Bearer t0kem"}}, "t0ken").status, 401);
  EXPECT_EQ(get("/healthz", {{"authorization", "Bearer t0ken2"}}, "t0ken").status, 401);
  EXPECT_EQ(get("/healthz", {{"authorization", "Bearer t0ken"}, {"host", "weft.example"}}, "t0ken").status, 200);
  EXPECT_FALSE(equal_in_constant_time("", "a"));
  EXPECT_FALSE(equal_in_constant_time("aa", "a"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
}

TEST_F(HttpApiTest, ForeignNamesOfALoopbackServerAreRefused) {
  for (const char* host : {"localhost:8420", "127.0.0.1:8420", "[::1]:8420", "10.0.0.1"})
    EXPECT_EQ(get("/status", {{"host", host}}).status, 200) << host;
  for (const char* host : {"evil.example", "evil.example:8420", "127.0.0.1.evil.example"})
    EXPECT_EQ(get("/status", {{"host", host}}).status, 403) << host;
}

TEST_F(HttpApiTest, NamesCannotBreakThePage) {
  board_.update([](PipelineStatus& status) { status.name = "<script>\""; });
  EXPECT_NE(get("/").body.find("&lt;script&gt;&quot;"), std::string::npos);
}

}  // namespace
}  // namespace weft
