// SPDX-License-Identifier: Apache-2.0
// The parts of the source that need no server: statements, dump commands, read points, captured tables.
#include <gtest/gtest.h>

#include "source/mysql/binlog_dump.h"
#include "source/mysql/captured.h"
#include "source/mysql/chunk_query.h"
#include "source/mysql/read_point.h"
#include "source/mysql/snapshot_view.h"

namespace weft::mysql {
namespace {

using mysql_binlog::FilePlace;
using mysql_binlog::MySqlPosition;
using mysql_binlog::MySqlPositionLog;
using mysql_binlog::PositionEntry;

TableSchema two_key_table() {
  TableSchema schema;
  schema.name = {"d", "t"};
  schema.columns.resize(3);
  schema.columns[0].name = "a";
  schema.columns[1].name = "b";
  schema.columns[2].name = "c";
  schema.key = {0, 1};
  return schema;
}

OwnedRow key(int64_t a, int64_t b) {
  return OwnedRow(std::vector<Value>{Value::int64(a), Value::int64(b)});
}

TEST(ChunkQuery, SpellsRangesOutColumnByColumn) {
  const TableSchema schema = two_key_table();
  const OwnedRow after = key(1, 2);
  const OwnedRow upto = key(5, 6);
  const Query query = range_query(schema, &after, &upto, 10);
  EXPECT_EQ(query.sql,
            "SELECT `a`,`b`,`c` FROM `d`.`t` WHERE `a` >= ? AND (`a` > ? OR (`a` = ? AND `b` > ?)) AND "
            "`a` <= ? AND (`a` < ? OR (`a` = ? AND `b` <= ?)) ORDER BY `a`,`b` LIMIT 10");
  std::vector<int64_t> bound;
  for (const Value& v : query.parameters) bound.push_back(v.as_int());
  EXPECT_EQ(bound, (std::vector<int64_t>{1, 1, 1, 2, 5, 5, 5, 6}));
}

TEST(ChunkQuery, OneKeyColumnNeedsOneComparison) {
  TableSchema schema = two_key_table();
  schema.key = {1};
  const OwnedRow after(std::vector<Value>{Value::text("x")});
  EXPECT_EQ(range_query(schema, &after, nullptr, 3).sql,
            "SELECT `a`,`b`,`c` FROM `d`.`t` WHERE `b` > ? ORDER BY `b` LIMIT 3");
  EXPECT_EQ(range_query(schema, nullptr, nullptr, 3).sql, "SELECT `a`,`b`,`c` FROM `d`.`t` ORDER BY `b` LIMIT 3");
}

TEST(ChunkQuery, KeysAreFoundOneByOneAndUuidsByTheirText) {
  TableSchema schema = two_key_table();
  const std::vector<OwnedRow> keys = {key(1, 2), key(3, 4)};
  EXPECT_EQ(keys_query(schema, keys).sql,
            "SELECT `a`,`b`,`c` FROM `d`.`t` WHERE (`a` = ? AND `b` = ?) OR (`a` = ? AND `b` = ?)");
  schema.key = {0};
  const std::vector<OwnedRow> uuids = {OwnedRow(std::vector<Value>{Value::uuid("0123456789abcdef")})};
  const Query query = keys_query(schema, uuids);
  EXPECT_EQ(query.parameters[0].view(), "30313233-3435-3637-3839-616263646566");
}

TEST(DumpCommand, HoldsPlaceServerAndSet) {
  EXPECT_EQ(encode_dump(0x80000001, "bin.000002", 0x104), std::string("\4\1\0\0\0\0\1\0\0\x80", 10) + "bin.000002");
  EXPECT_EQ(encode_dump_gtid(7, "", 4, "SET"), std::string("\4\0\7\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\3\0\0\0SET", 25));
}

TEST(View, IsAsExactAsTheServerAllows) {
  EXPECT_EQ(choose_view({.mariadb = true, .gtids = true}), ViewKind::kSnapshotPlace);
  EXPECT_EQ(choose_view({.mariadb = true, .gtids = true, .exact = true}), ViewKind::kSnapshotPlace);
  EXPECT_EQ(choose_view({.mariadb = false, .gtids = true}), ViewKind::kGtidBounds);
  EXPECT_EQ(choose_view({.mariadb = false, .gtids = true, .exact = true}), ViewKind::kLockedOpening);
  EXPECT_EQ(choose_view({.mariadb = false, .gtids = false}), ViewKind::kLockedOpening);
  EXPECT_EQ(choose_view({.mariadb = true, .gtids = true, .read_views = false}), ViewKind::kLockedThroughout);
}

// Three transactions of one source at 100, 200 and 300 of log.000001.
struct Stream {
  explicit Stream(mysql_binlog::Flavor flavor) {
    auto files = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"log.000001"});
    auto sources = std::make_shared<const std::vector<mysql_binlog::SourceId>>(1);
    MySqlPosition base;
    if (flavor == mysql_binlog::Flavor::kMySql) base.form = MySqlPosition::Form::kMySqlGtid;
    std::vector<PositionEntry> entries;
    for (uint64_t i = 1; i <= 3; ++i) entries.push_back({.sequence = i, .offset = i * 100, .source = 0, .server = 1});
    Arena arena(4096);
    BatchBuilder builder(arena);
    for (uint32_t i = 0; i < 3; ++i) {
      builder.begin(0);
      builder.end(i);
    }
    batch = builder.finish(std::make_shared<MySqlPositionLog>(flavor, base, sources, files, entries));
  }

  const Transaction& tx(size_t i) const { return batch.transactions()[i]; }

  Position at(size_t i) const { return batch.position(tx(i)); }

  Batch batch;
};

TEST(PlacePoint, ShowsWhatEndsAtOrBeforeItsPlace) {
  const Stream s(mysql_binlog::Flavor::kMariaDb);
  const PlacePoint point(mysql_binlog::Flavor::kMariaDb, {"log.000001", 200}, std::nullopt);
  EXPECT_EQ(point.covers(s.batch, s.tx(1)), Covers::kYes);
  EXPECT_EQ(point.covers(s.batch, s.tx(2)), Covers::kNo);
  EXPECT_TRUE(point.contains(s.at(1)));
  EXPECT_FALSE(point.contains(s.at(2)));
  EXPECT_FALSE(point.reached_by(s.at(0)));
  EXPECT_TRUE(point.reached_by(s.at(1)));
  EXPECT_TRUE(point.passed_by(s.at(2)));
  EXPECT_TRUE(point.exact());
  EXPECT_TRUE(point.reached_by(Position("0-1-2@log.000001:200")));
}

TEST(PlacePoint, ComparesByGtidWhenPlacesMayBeAnotherServers) {
  MySqlPosition state;
  state.state.add({0, 1, 2});
  const PlacePoint point(mysql_binlog::Flavor::kMariaDb, {"log.000001", 200}, state);
  EXPECT_TRUE(point.contains(Position("0-1-2@old.000009:4")));
  EXPECT_FALSE(point.contains(Position("0-1-3")));
  EXPECT_FALSE(point.reached_by(Position("0-1-1@old.000009:4")));
  EXPECT_TRUE(point.reached_by(Position("0-1-2@old.000009:4")));
}

TEST(SetPoint, LeavesAGapInWhichNobodyCanTell) {
  const Stream s(mysql_binlog::Flavor::kMySql);
  MySqlPosition low;
  low.form = MySqlPosition::Form::kMySqlGtid;
  low.set.add({}, 1, 1);
  const SetPoint point(low, {"log.000001", 200});
  EXPECT_EQ(point.covers(s.batch, s.tx(0)), Covers::kYes);
  EXPECT_EQ(point.covers(s.batch, s.tx(1)), Covers::kMaybe);
  EXPECT_EQ(point.covers(s.batch, s.tx(2)), Covers::kNo);
  EXPECT_TRUE(point.contains(s.at(0)));
  EXPECT_FALSE(point.contains(s.at(1)));
  EXPECT_FALSE(point.passed_by(s.at(0)));
  EXPECT_TRUE(point.reached_by(s.at(0)));
  EXPECT_TRUE(point.passed_by(s.at(1)));
  EXPECT_FALSE(point.exact());
}

TEST(Captured, AsksAnewAfterDdlOnlyIfEventsCarryNames) {
  int asked = 0;
  Captured captured(TableFilter({"t"}, {}), [&](const TableName&) {
    ++asked;
    return Result<SchemaRef>(std::make_shared<const TableSchema>());
  });
  const auto known = std::make_shared<const TableSchema>(two_key_table());
  captured.use({known});
  EXPECT_EQ(*captured.lookup("d", "t"), known);
  EXPECT_EQ(*captured.lookup("d", "other"), nullptr);
  EXPECT_TRUE(captured.captured("new", "t"));
  captured.schema_changed("d", "t");
  EXPECT_EQ(*captured.lookup("d", "t"), nullptr);
  EXPECT_EQ(asked, 0);
  captured.names_in_events(true);
  EXPECT_NE(*captured.lookup("d", "t"), nullptr);
  EXPECT_NE(*captured.lookup("d", "t"), nullptr);
  EXPECT_EQ(asked, 1);
}

TEST(Captured, KnowsWhichTablesGoWithADatabase) {
  Captured captured(TableFilter({}, {"left_out"}), [](const TableName&) { return Result<SchemaRef>(SchemaRef()); });
  const auto table = [](std::string database, std::string name) {
    auto schema = std::make_shared<TableSchema>();
    schema->name = {std::move(database), std::move(name)};
    return schema;
  };
  captured.use({table("shop", "a"), table("shop", "left_out"), table("other", "b"), table("shop", "c")});
  EXPECT_TRUE(captured.captured("shop", ""));
  EXPECT_EQ(captured.tables_of("shop"), (std::vector<std::string>{"a", "c"}));
  captured.schema_changed("shop", "");
  EXPECT_TRUE(captured.tables_of("shop").empty());
  EXPECT_EQ(captured.tables_of("other"), std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace weft::mysql
