// SPDX-License-Identifier: Apache-2.0
#include "verify/report.h"

#include <gtest/gtest.h>

namespace weft::verify {
namespace {

Report sample() {
  TableReport table;
  table.table = "shop.orders";
  table.target = "public.orders";
  table.source_rows = 10;
  table.target_rows = 9;
  table.missing = 1;
  table.different = 2;
  table.in_flight = 1;
  table.left_out = {"sum"};
  table.differences.push_back({What::kDifferent, "{\"id\": 7}", 1, {{"v", "\"a\"", "null"}}});
  table.differences.push_back({What::kMissing, "{\"id\": 8}", 1, {}});
  Report report;
  report.pipeline = "shop";
  report.known = true;
  report.source_position = "0-1-9";
  report.target_position = "0-1-7";
  report.behind = true;
  report.seconds = 0.25;
  report.tables = {table};
  return report;
}

TEST(ReportTest, TextNamesEachRowAndSaysWhatIsNotShown) {
  EXPECT_EQ(text_of(sample().tables[0]),
            "shop.orders: 10 rows, 1 missing at the target, 2 different, 1 still in flight; not compared: sum\n"
            "  shop.orders {\"id\": 7}: v is \"a\" at the source, null at the target\n"
            "  shop.orders {\"id\": 8}: missing at the target\n"
            "  ... and 1 more");
}

TEST(ReportTest, TheLastLineSaysHowItEnded) {
  Report report = sample();
  EXPECT_EQ(
      text_of(report),
      "no process runs pipeline shop: the target stands at 0-1-7, the source at 0-1-9; what was committed between "
      "them counts as a difference\ndifferent: 3 rows of 10 rows in 1 table, 1 more still in flight, 0.25 s");
  report.runs = true;
  report.tables[0].missing = report.tables[0].different = 0;
  EXPECT_EQ(text_of(report), "not decided: 1 row still in flight, of 10 rows in 1 table, 0.25 s");
  report.tables[0].in_flight = 0;
  EXPECT_EQ(text_of(report), "equal: 10 rows in 1 table, 0.25 s");
  report.tables[0].not_compared = true;
  EXPECT_EQ(text_of(report), "not decided: not every table could be compared, 10 rows in 1 table, 0.25 s");
}

TEST(ReportTest, JsonHoldsTheSame) {
  EXPECT_EQ(
      json_of(sample()),
      "{\"pipeline\":\"shop\",\"equal\":false,\"differences\":3,\"in_flight\":1,\"rows\":10,\"runs\":false,"
      "\"source_position\":\"0-1-9\",\"target_position\":\"0-1-7\",\"repaired\":\"\",\"seconds\":0.25,\"tables\":["
      "{\"name\":\"shop.orders\",\"target\":\"public.orders\",\"equal\":false,\"compared\":true,\"state\":\"\","
      "\"source_rows\":10,\"target_rows\":9,\"missing\":1,\"extra\":0,\"different\":2,\"in_flight\":1,"
      "\"at_least\":false,\"sampled_percent\":100,\"left_out\":[\"sum\"],\"differences\":["
      "{\"what\":\"different\",\"key\":{\"id\": 7},\"times\":1,\"columns\":[{\"column\":\"v\",\"source\":\"a\","
      "\"target\":null}]},{\"what\":\"missing\",\"key\":{\"id\": 8},\"times\":1,\"columns\":[]}]}]}");
}

}  // namespace
}  // namespace weft::verify
