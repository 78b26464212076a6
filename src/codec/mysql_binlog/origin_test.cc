// SPDX-License-Identifier: Apache-2.0
// What weft writes of where its rows come from, read back from the log of the database that it wrote to.
#include "model/origin.h"

#include <gtest/gtest.h>

#include "codec/mysql_binlog/made_events.h"
#include "codec/mysql_binlog/stream.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint64_t kTable = 9;

// `_weft_origin (lane BIGINT, chain LONGBLOB)`; `columns` as a table map gives them.
std::string origin_map(std::string_view columns = std::string_view("\0\x02\x08\xfc\x01\x04\x00", 7)) {
  ByteWriter body;
  body.le(kTable, 6);
  body.le(1, 2);
  body.bytes(std::string_view("\x08weft_rec\0", 10));
  body.le(kOriginTable.size(), 1);
  body.bytes(kOriginTable);
  body.bytes(columns);
  return made_event(EventType::kTableMap, body.str());
}

std::string origin_row(std::string_view chain) {
  ByteWriter body;
  body.le(kTable, 6);
  body.le(1, 2);
  body.le(2, 1);
  body.le(3, 1);
  body.le(0, 1);
  body.le(77, 8);
  body.le(chain.size(), 4);
  body.bytes(chain);
  return made_event(EventType::kWriteRowsV1, body.str());
}

class OriginInLog : public testing::Test {
 protected:
  void given(const std::vector<std::string>& events) {
    ASSERT_EQ(feeder.feed_all({made_rotate("mysql-bin.000001", 4), made_format(Flavor::kMariaDb)}), "");
    ASSERT_EQ(feeder.feed_all(events), "");
  }

  class Shop final : public Catalogue {
   public:
    Result<SchemaRef> lookup(std::string_view database, std::string_view table) override {
      return made_.lookup(database, table);
    }

    bool captured(std::string_view database, std::string_view table) override {
      return database == "weft_rec" && (table.empty() || table == "t");
    }

   private:
    MadeCatalogue made_;
  };

  Shop catalogue;
  Feeder feeder{StreamOptions{}, catalogue};
};

TEST_F(OriginInLog, hard_case_19_ItStandsInFrontOfTheRowsOfItsTransactionAlone) {
  given({made_maria_gtid(0, 1),
         origin_map(),
         origin_row("5\na\nb"),
         made_table_map(),
         made_insert(1),
         made_xid(),
         made_maria_gtid(0, 2),
         made_table_map(),
         made_insert(2),
         made_xid()});
  const Batch batch = feeder.stream.take();
  ASSERT_EQ(batch.transactions().size(), 2u);
  ASSERT_NE(batch.transactions()[0].origin(), nullptr);
  EXPECT_EQ(batch.transactions()[0].origin()->chain, "a\nb");
  EXPECT_EQ(batch.transactions()[0].changes.size(), 2u);
  EXPECT_EQ(batch.transactions()[1].origin(), nullptr);
}

TEST_F(OriginInLog, BehindARowItSaysNothing) {
  given({made_maria_gtid(0, 1), made_table_map(), made_insert(1), origin_map(), origin_row("5\na"), made_xid()});
  const Batch batch = feeder.stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  EXPECT_EQ(batch.transactions()[0].origin(), nullptr);
  EXPECT_EQ(batch.transactions()[0].changes.size(), 1u);
}

TEST_F(OriginInLog, SomebodyElsesTableOfThatNameIsNoneOfOurs) {
  // Three columns, of which the first is an INT.
  const std::string_view other("\0\x03\x03\x03\x03\x00\x00", 7);
  given({made_maria_gtid(0, 1), origin_map(other), made_table_map(), made_insert(1), made_xid()});
  const Batch batch = feeder.stream.take();
  ASSERT_EQ(batch.transactions().size(), 1u);
  EXPECT_EQ(batch.transactions()[0].origin(), nullptr);
}

}  // namespace
}  // namespace weft::mysql_binlog
