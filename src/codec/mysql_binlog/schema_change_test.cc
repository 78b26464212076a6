// SPDX-License-Identifier: Apache-2.0
// DDL in recorded logs: which statements come out as changes of which tables, and where.
#include <gtest/gtest.h>

#include "codec/mysql_binlog/made_events.h"

namespace weft::mysql_binlog {
namespace {

// Every statement that comes out, as "table: first words", truncates as "truncate table", rows as "op table".
std::vector<std::string> story(const Batch& batch) {
  std::vector<std::string> out;
  for (const Transaction& tx : batch.transactions()) {
    for (const Change& change : tx.changes) {
      if (const auto* schema = std::get_if<SchemaChange>(&change)) {
        out.push_back(cat(schema->table, ": ", schema->statement.substr(0, schema->statement.find_first_of(" ", 8))));
      } else if (const auto* empty = std::get_if<Truncate>(&change)) {
        out.push_back(cat("truncate ", empty->schema->name.table));
      } else {
        const auto& row = std::get<RowChange>(change);
        out.push_back(cat(to_string(row.op),
                          " ",
                          row.schema->name.table,
                          " ",
                          describe(row.op == Op::kDelete ? row.before : row.after)));
      }
    }
  }
  return out;
}

Batch replay(const std::string& name, RecordedCatalogue& catalogue) {
  const RecordedLog log = RecordedLog::open(name);
  StreamOptions options{.flavor = flavor_of(name)};
  if (options.flavor == Flavor::kMySql) options.start.form = MySqlPosition::Form::kMySqlGtid;
  BinlogStream stream(options, catalogue);
  for (const std::string_view event : log.events) {
    const Status status = stream.feed(event, log.slab);
    EXPECT_TRUE(status) << status.error().message();
    if (!status) break;
  }
  EXPECT_FALSE(stream.in_transaction());
  return stream.take();
}

const std::vector<std::string> kStory = {
    "d1: CREATE TABLE",
    "insert d1 (1, 1)",
    "d1: ALTER TABLE",
    "insert d1 (2, 'two', 2)",
    "d1: ALTER TABLE",
    "update d1 (1, 'b', 5)",
    "d2: CREATE TABLE",
    "insert d2 (1, 'b', 5)",
    "insert d2 (2, 'two', NULL)",
    "d3: CREATE TABLE",
    "insert d3 (1, 5)",
    "insert d3 (2, NULL)",
    "d2: RENAME TABLE",
    "d4: RENAME TABLE",
    "insert d4 (9, 'nine', 9)",
    "d1: CREATE INDEX",
    "d1: DROP INDEX",
    "truncate d1",
    "insert d1 (7, 'seven', 7)",
    "d3: DROP TABLE",
    "d5: CREATE TABLE",
    "insert d5 (5)",
    "d5: DROP TABLE",
    "no_such_table: DROP TABLE",
};

TEST(SchemaChanges, AreToldInOrderWithTheRowsAroundThem) {
  for (const std::string name : {"mariadb_ddl", "mysql_ddl"}) {
    RecordedCatalogue catalogue = RecordedCatalogue::open(name);
    EXPECT_EQ(story(replay(name, catalogue)), kStory) << name;
    EXPECT_EQ(catalogue.changed.size(), 13u) << name;
  }
}

TEST(SchemaChanges, StandInATransactionOrFragmentOfTheirOwn) {
  for (const std::string name : {"mariadb_ddl", "mysql_ddl"}) {
    RecordedCatalogue catalogue = RecordedCatalogue::open(name);
    const Batch batch = replay(name, catalogue);
    for (const Transaction& tx : batch.transactions()) {
      size_t schema = 0;
      for (const Change& change : tx.changes) schema += std::holds_alternative<SchemaChange>(change) ? 1 : 0;
      EXPECT_TRUE(schema == 0 || schema == tx.changes.size()) << name;
    }
  }
}

TEST(SchemaChanges, hard_case_31_a_two_phase_alter_counts_once_at_its_end) {
  RecordedCatalogue catalogue = RecordedCatalogue::open("maria_alter");
  const Batch batch = replay("maria_alter", catalogue);
  const std::vector<std::string> told = story(batch);
  EXPECT_EQ(std::count(told.begin(), told.end(), "a2: ALTER TABLE"), 1);
  const auto& log = static_cast<const MySqlPositionLog&>(*batch.positions());
  EXPECT_EQ(log.gtid_text(static_cast<uint32_t>(log.size() - 1)), "5-77-2") << "domains and servers are told apart";
  EXPECT_EQ(log.position(static_cast<uint32_t>(log.size() - 1)).state.text(), "0-7-5,5-77-2");
}

TEST(SchemaChanges, OfTablesThatAreNotCapturedAreEmptyTransactions) {
  RecordedCatalogue catalogue = RecordedCatalogue("");
  for (const char* table : {"d1", "d2", "d3", "d4", "d5", "no_such_table"}) catalogue.uncaptured[table] = true;
  const Batch batch = replay("mariadb_ddl", catalogue);
  ASSERT_EQ(batch.transactions().size(), 1u);
  EXPECT_TRUE(batch.transactions()[0].empty());
}

TEST(SchemaChanges, DroppingADatabaseIsOneChangeWithoutATable) {
  class Whole final : public Catalogue {
   public:
    Result<SchemaRef> lookup(std::string_view, std::string_view) override { return SchemaRef(); }

    bool captured(std::string_view database, std::string_view) override { return database == "shop"; }
  };

  Whole catalogue;
  Feeder feeder({}, catalogue);
  ASSERT_EQ(feeder.feed_all({made_format(Flavor::kMariaDb),
                             made_maria_gtid(0, 1, 1),
                             made_query("DROP DATABASE other"),
                             made_maria_gtid(0, 2, 1),
                             made_query("CREATE DATABASE shop"),
                             made_maria_gtid(0, 3, 1),
                             made_query("DROP SCHEMA IF EXISTS `shop`")}),
            "");
  const Batch batch = feeder.stream.take();
  ASSERT_EQ(batch.transactions().size(), 2u);
  const auto& change = std::get<SchemaChange>(batch.transactions()[1].changes[0]);
  EXPECT_EQ(change.database, "shop");
  EXPECT_EQ(change.table, "");
}

TEST(SchemaChanges, DroppingADatabaseDropsEachTableThatIsKnown) {
  class Known final : public Catalogue {
   public:
    Result<SchemaRef> lookup(std::string_view, std::string_view table) override { return table == "t" ? t_ : nullptr; }

    bool captured(std::string_view database, std::string_view) override { return database == "shop"; }

    std::vector<std::string> tables_of(std::string_view database) override {
      return database == "shop" ? std::vector<std::string>{"t"} : std::vector<std::string>();
    }

   private:
    SchemaRef t_ = std::make_shared<const TableSchema>();
  };

  Known catalogue;
  Feeder feeder({}, catalogue);
  ASSERT_EQ(feeder.feed_all({made_format(Flavor::kMariaDb),
                             made_maria_gtid(0, 1, 1),
                             made_query("DROP DATABASE shop"),
                             made_maria_gtid(0, 2, 1),
                             made_query("DROP TABLE shop.t")}),
            "");
  const Batch batch = feeder.stream.take();
  ASSERT_EQ(batch.transactions().size(), 2u);
  for (const Transaction& tx : batch.transactions()) {
    const auto& change = std::get<SchemaChange>(tx.changes.back());
    EXPECT_EQ(change.table, "t");
    EXPECT_NE(change.schema, nullptr);
    EXPECT_TRUE(change.drops);
  }
}

TEST(PartialJson, hard_case_31_without_the_whole_value_before_is_refused_by_table_key_and_place) {
  RecordedCatalogue catalogue = RecordedCatalogue::open("mysql_partial_lost");
  const RecordedLog log = RecordedLog::open("mysql_partial_lost");
  StreamOptions options{.flavor = Flavor::kMySql};
  options.start.form = MySqlPosition::Form::kMySqlGtid;
  BinlogStream stream(options, catalogue);
  Status fed;
  for (size_t i = 0; fed && i < log.events.size(); ++i) fed = stream.feed(log.events[i], log.slab);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code(), kPartialJsonLost);
  EXPECT_EQ(fed.error().blame(), Blame::kConfig);
  for (const char* part : {"binary log ", "table ", "key (", "binlog_row_value_options"}) {
    EXPECT_NE(fed.error().message().find(part), std::string::npos) << part << " in " << fed.error().message();
  }
}

}  // namespace
}  // namespace weft::mysql_binlog
