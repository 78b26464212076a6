// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/gtid.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "codec/mysql_binlog/gtid_event.h"
#include "codec/mysql_binlog/position.h"

namespace weft::mysql_binlog {
namespace {

constexpr std::string_view kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr std::string_view kB = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

GtidSet set(const std::string& text) {
  const Result<GtidSet> parsed = GtidSet::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : GtidSet();
}

GtidSet a(const std::string& intervals) {
  return set(std::string(kA) + ":" + intervals);
}

TEST(GtidSet, PrintsWhatItReadsInTheServersOrder) {
  EXPECT_EQ(a("7:1-5:6").text(), std::string(kA) + ":1-7");
  EXPECT_EQ(a("1-3:5-7:9").text(), std::string(kA) + ":1-3:5-7:9");
  EXPECT_EQ(set(" 3E11FA47-71CA-11E1-9E33-C80AA9429562:1-2 ,\n").text(), std::string(kA) + ":1-2");
  EXPECT_EQ(set("").text(), "");
}

TEST(GtidSet, ATagStandsForTheIntervalsBehindIt) {
  const GtidSet tagged = set(std::string(kA) + ":1-5:tag_1:1-3:7:other:9");
  EXPECT_EQ(tagged.text(),
            std::string(kA) + ":1-5," + std::string(kA) + ":other:9," + std::string(kA) + ":tag_1:1-3:7");
  EXPECT_EQ(set(tagged.text()), tagged);
}

TEST(GtidSet, RefusesWhatNoServerPrints) {
  for (const char* text : {"x",
                           "3e11fa47:1",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:0",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:5-3",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9223372036854775807",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:9tag:1"}) {
    EXPECT_FALSE(GtidSet::parse(text)) << text;
  }
}

TEST(GtidSet, AddSubtractAndContainAgree) {
  GtidSet all = a("1-100");
  GtidSet part = a("3-5:9:50-60");
  EXPECT_TRUE(all.contains(part));
  EXPECT_FALSE(part.contains(all));
  GtidSet rest = all;
  rest.subtract(part);
  EXPECT_EQ(rest.text(), std::string(kA) + ":1-2:6-8:10-49:61-100");
  EXPECT_EQ(part.missing(all), rest);
  rest.add(part);
  EXPECT_EQ(rest, all);
  EXPECT_EQ(all.count(), 100u);
  const SourceId source = all.sources().begin()->first;
  EXPECT_TRUE(part.includes(source, 9));
  EXPECT_FALSE(part.includes(source, 10));
}

TEST(GtidSet, EncodesAsCommandAndEventDo) {
  const GtidSet plain = set(std::string(kA) + ":1-50," + std::string(kB) + ":7");
  const std::string bytes = plain.encode();
  EXPECT_EQ(bytes.size(), 8u + 2 * (16 + 8 + 16));
  EXPECT_EQ(bytes[0], 2);
  EXPECT_EQ(bytes[8 + 16 + 8 + 8], 51) << "ends are exclusive";
  EXPECT_EQ(*GtidSet::decode(bytes), plain);
  const GtidSet tagged = set(std::string(kA) + ":1-50:abc:2");
  EXPECT_EQ(tagged.encode().substr(0, 8), std::string_view("\1\2\0\0\0\0\0\1", 8));
  EXPECT_EQ(*GtidSet::decode(tagged.encode()), tagged);
}

TEST(GtidSet, ACutEncodingIsRefused) {
  const std::string bytes = set(std::string(kA) + ":1-50:abc:2:7").encode();
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(GtidSet::decode(bytes.substr(0, size))) << size;
}

TEST(GtidState, HoldsTheLastOfEachDomain) {
  GtidState state = *GtidState::parse("1-1-5,0-1-100");
  EXPECT_EQ(state.text(), "0-1-100,1-1-5");
  EXPECT_TRUE(state.includes({0, 2, 100}));
  EXPECT_FALSE(state.includes({0, 2, 101}));
  EXPECT_FALSE(state.includes({2, 1, 1}));
  state.add(Gtid{0, 2, 101});
  EXPECT_EQ(state.text(), "0-2-101,1-1-5");
  EXPECT_EQ(state.missing(*GtidState::parse("0-1-50,1-3-6,7-1-1")).text(), "1-3-6,7-1-1");
  for (const char* text : {"0-1", "0-1-", "a-1-1", "0-1-1,0-1-2", "0-1-1-1"})
    EXPECT_FALSE(GtidState::parse(text)) << text;
}

TEST(GtidState, IsWhatAGtidListSays) {
  ByteWriter list;
  list.le(3, 4);
  for (const Gtid& gtid : {Gtid{0, 1, 9}, Gtid{0, 2, 7}, Gtid{5, 1, 1}}) {
    list.le(gtid.domain, 4);
    list.le(gtid.server, 4);
    list.le(gtid.sequence, 8);
  }
  EXPECT_EQ(parse_gtid_list(list.str())->text(), "0-1-9,5-1-1");
  for (size_t size = 0; size < list.str().size(); ++size)
    EXPECT_FALSE(parse_gtid_list(list.str().substr(0, size))) << size;
}

TEST(Position, EveryFormPrintsAndReadsBack) {
  for (const char* text :
       {"", "0-1-100,1-1-5", "0-1-100@mysql-bin.000002:1234", "@mysql-bin.000001:4", "file:mysql-bin.000002:1234"}) {
    const auto position = MySqlPosition::parse(text, Flavor::kMariaDb);
    ASSERT_TRUE(position) << text;
    EXPECT_EQ(position->text(), text);
  }
  const std::string mysql = std::string(kA) + ":1-5@binlog.000003:157";
  EXPECT_EQ(MySqlPosition::parse(mysql, Flavor::kMySql)->text(), mysql);
  for (const char* text : {"file:", "file:x", "file::4", "file:a:", "0-1-1@", "0-1-1@a", "rubbish"}) {
    EXPECT_FALSE(MySqlPosition::parse(text, Flavor::kMariaDb)) << text;
  }
}

TEST(Position, PlacesCompareByTheNumberOfTheFile) {
  EXPECT_TRUE(at_or_after({"bin.1000000", 4}, {"bin.999999", 500}));
  EXPECT_FALSE(at_or_after({"bin.000002", 4}, {"bin.000002", 5}));
  const auto by_gtid = *MySqlPosition::parse("0-1-9@bin.000002:100", Flavor::kMariaDb);
  EXPECT_TRUE(by_gtid.contains(MySqlPosition::at_file("bin.000002", 100))) << "by place, where the forms differ";
  EXPECT_FALSE(by_gtid.contains(MySqlPosition::at_file("bin.000002", 101)));
  EXPECT_FALSE(MySqlPosition::parse("0-1-9", Flavor::kMariaDb)->contains(MySqlPosition::at_file("bin.000001", 4)));
}

TEST(PositionLog, FoldsItsEntriesAndLeavesOpenFragmentsOut) {
  const auto sources = std::make_shared<const std::vector<SourceId>>(
      std::vector<SourceId>{set(std::string(kA) + ":1").sources().begin()->first});
  const auto files = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"b.000001", "b.000002"});
  MySqlPosition base = *MySqlPosition::parse(std::string(kA) + ":1-5", Flavor::kMySql);
  const MySqlPositionLog log(Flavor::kMySql,
                             base,
                             sources,
                             files,
                             {{.sequence = 6, .offset = 100},
                              {.sequence = 8, .offset = 200},
                              {.sequence = 9, .offset = 250, .open = true},
                              {.sequence = 9, .offset = 300, .file = 1}});
  EXPECT_EQ(log.text(0), std::string(kA) + ":1-6@b.000001:100");
  EXPECT_EQ(log.text(1), std::string(kA) + ":1-6:8@b.000001:200");
  EXPECT_EQ(log.text(2), log.text(1));
  EXPECT_EQ(log.text(3), std::string(kA) + ":1-6:8-9@b.000002:300");
  EXPECT_EQ(log.gtid_text(3), std::string(kA) + ":9");
  EXPECT_TRUE(position_includes(log.text(1), log, 1));
  EXPECT_FALSE(position_includes(log.text(1), log, 3));
  EXPECT_TRUE(position_includes("file:b.000002:300", log, 3));
  EXPECT_FALSE(position_includes("file:b.000002:299", log, 3));
  EXPECT_FALSE(position_includes("rubbish", log, 0));
}

}  // namespace
}  // namespace weft::mysql_binlog
