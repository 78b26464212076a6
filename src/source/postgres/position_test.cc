// SPDX-License-Identifier: Apache-2.0
#include "source/postgres/position.h"

#include <gtest/gtest.h>

#include "source/postgres/delivered.h"

namespace weft::postgres {
namespace {

PgPositionLog example() {
  PgPositionLog log(1);
  log.add({0x16B3748, 742});
  log.add({0x16B3848, 741});
  log.add({0x16B3888, 0});
  return log;
}

TEST(PgPosition, IsPrintedAsTheServerPrintsIt) {
  EXPECT_EQ(lsn_text(0), "0/0");
  EXPECT_EQ(lsn_text(0x16B3748), "0/16B3748");
  EXPECT_EQ(lsn_text(0x1A0000000FULL), "1A/F");
  EXPECT_EQ(lsn_text(UINT64_MAX), "FFFFFFFF/FFFFFFFF");
  EXPECT_EQ((PgPosition{2, 0x1A00000000ULL}.text()), "2:1A/0");
  for (const char* text : {"1:0/0", "1:0/16B3748", "4294967295:FFFFFFFF/FFFFFFFF"}) {
    const auto position = PgPosition::parse(text);
    ASSERT_TRUE(position) << text;
    EXPECT_EQ(position->text(), text);
  }
  EXPECT_EQ(*parse_lsn("a/f"), 0xA0000000FULL);
}

TEST(PgPosition, OtherTextIsRefused) {
  for (const char* text : {"",
                           ":",
                           "1",
                           "1:",
                           "1:0",
                           "1:/",
                           "1:0/",
                           "1:/0",
                           "0:0/1",
                           "-1:0/0",
                           "1:0/16B3748x",
                           "1: 0/0",
                           "1:100000000/0",
                           "1:0/100000000",
                           "4294967296:0/0",
                           "1:0/-1",
                           "x:0/0",
                           "0-1-4711"}) {
    const auto position = PgPosition::parse(text);
    ASSERT_FALSE(position) << text;
    EXPECT_EQ(position.error().blame(), Blame::kConfig);
    EXPECT_NE(position.error().message().find("TIMELINE:LSN"), std::string::npos);
  }
}

TEST(PgPosition, IsTheSameOutOfTheStreamAndStored) {
  const auto log = std::make_shared<const PgPositionLog>(example());
  const auto streamed = position_of(Position(log, 1));
  const auto stored = position_of(Position(Position(log, 1).text()));
  ASSERT_TRUE(streamed && stored);
  EXPECT_EQ(streamed->lsn, 0x16B3848u);
  EXPECT_EQ(stored->lsn, streamed->lsn);
  EXPECT_EQ(stored->timeline, 1u);
  EXPECT_FALSE(position_of(Position()));
}

// docs/formats/postgres_position.md
TEST(PgPositionLog, IsSavedAsTheFormatPageSays) {
  const PgPositionLog log = example();
  std::string saved = "before";
  ASSERT_TRUE(log.save(0, 3, saved));
  EXPECT_EQ(saved, std::string("before\x01\x90\xdd\xd9\x16\xcc\x0b\x80\x04\x01\x80\x01\xc9\x0b", 20));
  EXPECT_EQ(log.text(0), "1:0/16B3748");
  EXPECT_EQ(log.text(1), "1:0/16B3848");
  EXPECT_EQ(log.text(2), "1:0/16B3888");
}

TEST(PgPositionLog, ComesBackFromAnySlice) {
  PgPositionLog log(7);
  for (const PgPositionLog::Entry entry :
       {PgPositionLog::Entry{UINT64_MAX, UINT32_MAX}, {0, 0}, {5, 1}, {1, UINT32_MAX}}) {
    log.add(entry);
  }
  for (uint32_t first = 0; first <= 4; ++first) {
    for (uint32_t count = 0; first + count <= 4; ++count) {
      std::string saved;
      ASSERT_TRUE(log.save(first, count, saved));
      const auto loaded = PgPositionLog::load("7:0/0", saved, count);
      ASSERT_TRUE(loaded) << loaded.error().message();
      const auto& back = dynamic_cast<const PgPositionLog&>(**loaded);
      EXPECT_EQ(back.timeline(), 7u);
      for (uint32_t i = 0; i < count; ++i) {
        EXPECT_EQ(back.entry(i).end, log.entry(first + i).end);
        EXPECT_EQ(back.entry(i).xid, log.entry(first + i).xid);
      }
    }
  }
}

TEST(PgPositionLog, CutOrLengthenedBytesAreRefused) {
  std::string saved;
  ASSERT_TRUE(example().save(0, 3, saved));
  for (size_t size = 0; size < saved.size(); ++size) {
    EXPECT_FALSE(PgPositionLog::load("", saved.substr(0, size), 3)) << size;
  }
  EXPECT_FALSE(PgPositionLog::load("", saved + "x", 3));
  EXPECT_FALSE(PgPositionLog::load("", saved, 2));
  EXPECT_FALSE(PgPositionLog::load("", saved, SIZE_MAX));
  EXPECT_FALSE(PgPositionLog::load("", std::string("\x01\x00\x01", 3), 1)) << "an id below zero";
}

TEST(Delivered, KeepsTheLatest) {
  Delivered delivered;
  EXPECT_FALSE(delivered.end_of(1));
  for (uint32_t xid = 1; xid <= Delivered::kKept; ++xid) delivered.add(xid, xid * uint64_t{10});
  delivered.add(1, 11);  // delivered again
  EXPECT_EQ(delivered.end_of(1), 11u);
  EXPECT_EQ(delivered.end_of(2), 20u);
  delivered.add(Delivered::kKept + 1, 5);
  EXPECT_FALSE(delivered.end_of(1)) << "the oldest goes";
  EXPECT_EQ(delivered.end_of(2), 20u);
  EXPECT_EQ(delivered.end_of(Delivered::kKept + 1), 5u);
  delivered.clear();
  EXPECT_FALSE(delivered.end_of(2));
  delivered.add(2, 3);
  EXPECT_EQ(delivered.end_of(2), 3u);
}

}  // namespace
}  // namespace weft::postgres
