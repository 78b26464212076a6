// SPDX-License-Identifier: Apache-2.0
// What progress looks like, to the character.
#include <gtest/gtest.h>

#include "base/text.h"
#include "cmd/progress_text.h"
#include "cmd/screen.h"
#include "cmd/status_text.h"

namespace weft {
namespace {

constexpr int64_t kNow = 1767225600000000;  // 2026-01-01T00:00:00Z
constexpr ProgressStyle kPlain = {{80, 24}, false, false};

SteadyTime at(int64_t seconds) {
  return {seconds * 1'000'000'000};
}

TableStatus table(TableState state, uint64_t done, uint64_t estimated) {
  TableStatus status;
  status.state = state;
  status.rows_done = done;
  status.rows_estimated = estimated;
  return status;
}

PipelineStatus copying() {
  PipelineStatus status;
  status.name = "shop";
  status.state = PipelineState::kSnapshotting;
  status.since_us = kNow - 72'000'000;
  status.lag_seconds = 0.2;
  status.tables["shop.items"] = table(TableState::kSnapshotting, 500'000, 2'000'000);
  status.tables["shop.orders"] = table(TableState::kStreaming, 1200, 1200);
  status.tables["shop.z"] = table(TableState::kPending, 0, 500);
  return status;
}

// Rates after `rows` more rows of shop.items in ten seconds.
RateMeter metered(PipelineStatus& status, uint64_t rows) {
  RateMeter rates;
  rates.feed(status, at(0));
  status.tables["shop.items"].rows_done += rows;
  rates.feed(status, at(10));
  return rates;
}

TEST(ProgressTest, NumbersAreForPeople) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.26), "0.3");
  EXPECT_EQ(short_number(45), "45");
  EXPECT_EQ(short_number(999.4), "999");
  EXPECT_EQ(short_number(999.6), "1.0k");
  EXPECT_EQ(short_number(45123), "45.1k");
  EXPECT_EQ(short_number(450000), "450k");
  EXPECT_EQ(short_number(1.5e6), "1.5M");
  EXPECT_EQ(clock_text(17), "0:17");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(10 * 86400), "10 days");
  EXPECT_EQ(lag_text(0.23), "0.2 s");
  EXPECT_EQ(lag_text(185), "3:05");
}

TEST(ProgressTest, CopyingTablesHaveBarsAndStandFirst) {
  PipelineStatus status = copying();
  const RateMeter rates = metered(status, 100'000);
  const std::vector<std::string> lines = progress_lines(status, rates, kNow, kPlain);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "shop  snapshotting 1:12   1 of 3 tables   30 %   10.0k rows/s   about 2:20 left   lag 0.2 s");
  EXPECT_EQ(lines[1], "  shop.items   ####------------  30 %    600,000 / 2,000,000   10.0k/s     2:20");
  EXPECT_EQ(lines[2], "  shop.orders  streaming   1,200 rows copied");
  EXPECT_EQ(lines[3], "  shop.z       waiting");
}

TEST(ProgressTest, NarrowTerminalsLoseTheRightmostFirst) {
  PipelineStatus status = copying();
  const RateMeter rates = metered(status, 100'000);
  const auto line = [&](size_t columns) {
    return progress_lines(status, rates, kNow, {{columns, 24}, false, false})[1];
  };
  EXPECT_EQ(line(60), "  shop.items   ####-----------  30 %    600,000 / 2,000,000");
  EXPECT_EQ(line(40), "  shop.items   #####-------------  30 %");
  for (size_t columns = 1; columns < 200; ++columns) {
    for (const std::string& text : progress_lines(status, rates, kNow, {{columns, 24}, true, true})) {
      EXPECT_LE(display_width(fitted(text, columns - 1)), columns - 1);
    }
  }
}

TEST(ProgressTest, ManyTablesBecomeACount) {
  PipelineStatus status = copying();
  for (int i = 0; i < 40; ++i)
    status.tables[cat("shop.t", i)] = table(i < 3 ? TableState::kFailed : TableState::kPending, 0, 0);
  const std::vector<std::string> lines = progress_lines(status, {}, kNow, {{80, 10}, false, false});
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[1], "  shop.t0      failed");
  EXPECT_EQ(lines.back(), "  and 38 more: 38 waiting");
}

TEST(ProgressTest, TroubleIsShown) {
  PipelineStatus status = copying();
  status.reason = "connection refused";
  status.tables["shop.z"].state = TableState::kFailed;
  status.tables["shop.z"].reason = "row 7 does not fit\x1b[2J";
  const std::vector<std::string> lines = progress_lines(status, {}, kNow, kPlain);
  EXPECT_EQ(lines[1], "  connection refused");
  EXPECT_EQ(lines[2], "  shop.z       failed: row 7 does not fit?[2J");
}

TEST(ProgressTest, LogLinesSayTheSame) {
  PipelineStatus status = copying();
  const RateMeter rates = metered(status, 100'000);
  EXPECT_EQ(progress_line(status, rates),
            "snapshotting: 601,200 of 2,001,700 rows (30 %), 10.0k rows/s, about 2:20 left, 1 of 3 tables copied");
  status.state = PipelineState::kStreaming;
  status.position = "0-1-4711";
  status.transactions = 12;
  EXPECT_EQ(progress_line(status, rates), "streaming: lag 0.2 s, 0 changes/s, 12 transactions, at 0-1-4711");
}

TEST(ProgressTest, RatesForgetAndNeverJumpBack) {
  PipelineStatus status = copying();
  RateMeter rates = metered(status, 100'000);
  EXPECT_NEAR(rates.copied("shop.items"), 10'000, 1);
  for (int i = 11; i < 40; ++i) rates.feed(status, at(i));
  EXPECT_LT(rates.copied("shop.items"), 10);
  status.tables["shop.items"].rows_done = 0;  // the table starts again
  rates.feed(status, at(41));
  EXPECT_EQ(rates.copied("shop.items"), 0);
}

TEST(ScreenTest, WidthsCountColumns) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("\xe5\xae\xa2\xe6\x88\xb7"), 4u);
  EXPECT_EQ(display_width("\x1b[32mab\x1b[0m"), 2u);
  EXPECT_EQ(fitted("abcdef", 4), "abc\u2026");
  EXPECT_EQ(fitted("abcd", 4), "abcd");
  EXPECT_EQ(fitted("\xe5\xae\xa2\xe6\x88\xb7x", 4), "\xe5\xae\xa2\u2026");
  EXPECT_EQ(fitted("abc", 0), "");
  EXPECT_EQ(printable("a\x1b[2J\n\xff\xc3\xa9"), "a?[2J??\xc3\xa9");
}

TEST(StatusTextTest, ColumnsLineUp) {
  PipelineStatus status = copying();
  status.since_us = kNow;
  status.tables["shop.z"].reason = "waits for its parent";
  status.tables["shop.orders"].inserts = 12345;
  status.sequence = 7;
  EXPECT_EQ(status_lines(status),
            (std::vector<std::string>{
                "shop  snapshotting since 2026-01-01T00:00:00Z",
                "  lag 0.2 s",
                "  TABLE        STATE                       COPIED  INSERTED  UPDATED  DELETED  DEAD LETTERS",
                "  shop.items   snapshotting  500,000 of 2,000,000         0        0        0             0",
                "  shop.orders  streaming                    1,200    12,345        0        0             0",
                "  shop.z       pending                   0 of 500         0        0        0             0",
                "    waits for its parent",
                "  target applying   sequence 7",
            }));
}

}  // namespace
}  // namespace weft
