// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/read_point.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "source/postgres/chunk_query.h"

namespace weft::postgres {
namespace {

constexpr uint64_t kEpoch = uint64_t{1} << 32;

XidSnapshot snapshot(std::string_view text) {
  auto parsed = XidSnapshot::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : XidSnapshot();
}

class PgReadPoints : public testing::Test {
 protected:
  PgReadPoint point(std::string_view snapshot_text, std::vector<uint32_t> unseen = {}) {
    return PgReadPoint(
        {.timeline = 3, .low = 0x200, .high = 0x300, .snapshot = snapshot(snapshot_text), .unseen = unseen},
        delivered_);
  }

  static Position at(uint64_t lsn, uint32_t timeline = 3) { return Position(PgPosition{timeline, lsn}.text()); }

  // Whether the point covers one transaction.
  static Covers covers(const PgReadPoint& point, PgPositionLog::Entry entry) {
    Arena arena(1 << 10);
    BatchBuilder builder(arena);
    auto log = std::make_shared<PgPositionLog>(3);
    builder.begin(0);
    builder.end(log->add(entry));
    const Batch made = builder.finish(std::move(log));
    return point.covers(made, made.transactions()[0]);
  }

  std::shared_ptr<Delivered> delivered_ = std::make_shared<Delivered>();
};

TEST(XidSnapshot, ShowsWhatWasOver) {
  const XidSnapshot s = snapshot("740:750:740,745,749");
  for (const uint32_t shown : {3u, 739u, 741u, 744u, 746u, 748u}) EXPECT_TRUE(s.shows(shown)) << shown;
  for (const uint32_t not_shown : {740u, 745u, 749u, 750u, 751u, 100000u})
    EXPECT_FALSE(s.shows(not_shown)) << not_shown;
  const XidSnapshot quiet = snapshot("750:750:");
  EXPECT_TRUE(quiet.shows(749));
  EXPECT_FALSE(quiet.shows(750));
}

TEST(XidSnapshot, IdsAreThoseNearestToTheEnd) {
  // Just behind the turn of the epoch: ids of the one before are large numbers.
  const XidSnapshot turned = snapshot(cat(kEpoch - 10, ":", kEpoch + 5, ":", kEpoch - 10, ",", kEpoch + 3));
  EXPECT_EQ(turned.whole_id(4294967290u), kEpoch - 6);
  EXPECT_EQ(turned.whole_id(3), kEpoch + 3);
  EXPECT_TRUE(turned.shows(4294967285u));
  EXPECT_FALSE(turned.shows(4294967286u)) << "runs";
  EXPECT_TRUE(turned.shows(4294967290u));
  EXPECT_FALSE(turned.shows(3)) << "runs";
  EXPECT_TRUE(turned.shows(4));
  EXPECT_FALSE(turned.shows(5));
  // Just before it: ids of the next one are small numbers.
  const XidSnapshot before = snapshot(cat(2 * kEpoch - 5, ":", 2 * kEpoch - 1, ":"));
  EXPECT_EQ(before.whole_id(3), 2 * kEpoch + 3);
  EXPECT_FALSE(before.shows(3));
  EXPECT_TRUE(before.shows(4294967294u));
  EXPECT_FALSE(before.shows(4294967295u));
  EXPECT_TRUE(before.shows(2147483700u));
}

TEST(XidSnapshot, OtherTextIsRefused) {
  for (const char* text : {"", "1", "1:", "1:2", "2:1:", "a:2:", "1:2:x", "1:2:1,", "1:2:1 1", "1:2:,1", "1:2:1,,1"}) {
    EXPECT_FALSE(XidSnapshot::parse(text)) << text;
  }
  EXPECT_EQ(snapshot("1:2:1").text(), "1:2:1");
}

TEST(EndOfRecord, LeavesHeadersOut) {
  constexpr uint64_t kSegment = 16 << 20;
  EXPECT_EQ(end_of_record(5 * kSegment + 40, 8192, kSegment), 5 * kSegment);
  EXPECT_EQ(end_of_record(5 * kSegment + 8192 + 24, 8192, kSegment), 5 * kSegment + 8192);
  EXPECT_EQ(end_of_record(5 * kSegment + 8192 + 40, 8192, kSegment), 5 * kSegment + 8192 + 40) << "a record's end";
  EXPECT_EQ(end_of_record(5 * kSegment + 48, 8192, kSegment), 5 * kSegment + 48);
  EXPECT_EQ(end_of_record(24, 0, 0), 24u);
}

TEST_F(PgReadPoints, CoverWhatShowsWhereverItLies) {
  const PgReadPoint p = point("740:750:740,745");
  EXPECT_EQ(covers(p, {0x100, 739}), Covers::kYes);
  EXPECT_EQ(covers(p, {0x100, 740}), Covers::kNo) << "in the log before the view, but not over";
  EXPECT_EQ(covers(p, {0x2f0, 749}), Covers::kYes) << "ended between `low` and the view";
  EXPECT_EQ(covers(p, {0x100, 750}), Covers::kNo);
  EXPECT_EQ(covers(p, {0x200, 0}), Covers::kYes) << "a place";
  EXPECT_EQ(covers(p, {0x201, 0}), Covers::kNo);
}

TEST_F(PgReadPoints, ContainPositionsUpToTheirLowEnd) {
  const PgReadPoint p = point("740:750:740");
  EXPECT_TRUE(p.contains(at(0x200)));
  EXPECT_FALSE(p.contains(at(0x201)));
  EXPECT_FALSE(p.contains(Position()));
  EXPECT_FALSE(p.contains(Position("0-1-2")));
}

TEST_F(PgReadPoints, hard_case_01_DoNotContainWhatWasDeliveredAndDoesNotShow) {
  // 740 runs; 751 runs too, and the snapshot does not even name it.
  const PgReadPoint p = point("740:750:740", {740, 751});
  EXPECT_TRUE(p.contains(at(0x180)));
  delivered_->add(740, 0x180);
  EXPECT_FALSE(p.contains(at(0x180)));
  EXPECT_FALSE(p.contains(at(0x200)));
  EXPECT_TRUE(p.contains(at(0x17f)));
  delivered_->add(751, 0x100);
  EXPECT_FALSE(p.contains(at(0x100))) << "asked when the question is";
  EXPECT_TRUE(p.contains(at(0xff)));
}

TEST_F(PgReadPoints, AreReachedAtTheirHighEnd) {
  const PgReadPoint p = point("740:750:740");
  EXPECT_FALSE(p.reached_by(at(0x2ff)));
  EXPECT_FALSE(p.passed_by(at(0x2ff)));
  EXPECT_TRUE(p.reached_by(at(0x300)));
  EXPECT_TRUE(p.passed_by(at(0x300)));
  EXPECT_FALSE(p.reached_by(Position()));
}

TEST_F(PgReadPoints, KnowNothingOfLaterTimelines) {
  const PgReadPoint p = point("740:750:740");
  EXPECT_TRUE(p.contains(at(0x100, 2)));
  EXPECT_FALSE(p.contains(at(0x100, 4)));
  EXPECT_TRUE(p.reached_by(at(0x300, 2)));
  EXPECT_FALSE(p.reached_by(at(0x300, 4)));
}

TEST_F(PgReadPoints, SayWhereTheyAre) {
  EXPECT_EQ(point("740:750:740").text(), "3:0/200 up to 0/300, transactions 740:750:740");
  EXPECT_FALSE(point("740:750:740").exact());
}

TEST(ChunkQuery, ReadsRangesByRowComparison) {
  TableSchema schema;
  schema.name = {"shop", "t"};
  for (const char* name : {"b", "a", "v"}) schema.columns.emplace_back().name = name;
  schema.key = {1, 0};
  CatalogueTable table;
  table.cast_types = {"text", "integer", "public.\"Mood\""};
  table.schema = std::make_shared<const TableSchema>(schema);
  const OwnedRow after(std::vector<Value>{Value::int64(-1), Value::text("x'y")});
  const OwnedRow upto(std::vector<Value>{Value::int64(7), Value::text("")});
  Query query = range_query(table, &after, &upto);
  EXPECT_EQ(query.sql,
            "SELECT \"b\",\"a\",\"v\" FROM ONLY \"shop\".\"t\" WHERE (\"a\",\"b\") > ($1::integer,$2::text) AND "
            "(\"a\",\"b\") <= ($3::integer,$4::text) ORDER BY \"a\",\"b\"");
  EXPECT_EQ(query.params, (TextParams{"-1", "x'y", "7", ""}));
  query = range_query(table, nullptr, nullptr);
  EXPECT_EQ(query.sql, "SELECT \"b\",\"a\",\"v\" FROM ONLY \"shop\".\"t\" ORDER BY \"a\",\"b\"");
  table.partitioned = true;
  EXPECT_EQ(whole_query(table).sql, "SELECT \"b\",\"a\",\"v\" FROM \"shop\".\"t\"");
  const std::vector<OwnedRow> keys = {after, upto};
  query = keys_query(table, keys);
  EXPECT_EQ(
      query.sql,
      "SELECT \"b\",\"a\",\"v\" FROM \"shop\".\"t\" WHERE (\"a\",\"b\") = ($1::integer,$2::text) OR (\"a\",\"b\") = "
      "($3::integer,$4::text)");
  EXPECT_EQ(parameter_text(Value::bytes("\x01\xff")), "\\x01ff");
}

}  // namespace
}  // namespace weft::postgres
