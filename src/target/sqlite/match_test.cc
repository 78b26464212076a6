// SPDX-License-Identifier: Apache-2.0
// Claims about tables of SQLite that a source's tables are matched with, and the statements that follow.
#include "target/sqlite/match.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "target/refusals.h"
#include "target/sqlite/statements.h"

namespace weft::sqlite {
namespace {

class SqliteMatch : public ::testing::Test {
 protected:
  void SetUp() override {
    auto db = Connection::open({.path = ":memory:", .mode = Mode::kReadWrite});
    ASSERT_TRUE(db) << db.error().message();
    db_ = std::move(db).value();
    auto schema = std::make_shared<TableSchema>();
    schema->name = {"shop", "t"};
    for (const char* name : {"id", "v"}) {
      Column c;
      c.name = name;
      c.kind = Kind::kInt;
      c.int_bits = 64;
      schema->columns.push_back(std::move(c));
    }
    schema->columns[0].nullable = false;
    schema->columns[1].kind = Kind::kText;
    schema->key = {0};
    schema_ = schema;
  }

  TablePlan match(const std::string& ddl, bool leave_out = false) {
    findings_.clear();
    EXPECT_TRUE(db_->execute(cat("DROP TABLE IF EXISTS t; ", ddl)));
    const auto table = read_table(*db_, "t");
    EXPECT_TRUE(table && *table);
    return match_table(**table, schema_, findings_, leave_out);
  }

  std::string errors() const {
    const Status status = errors_of(findings_);
    return status ? std::string() : status.error().message();
  }

  std::unique_ptr<Connection> db_;
  SchemaRef schema_;
  std::vector<Finding> findings_;
};

TEST_F(SqliteMatch, AnIntegerPrimaryKeyIsAKeyToMeetConflictsOn) {
  const TablePlan plan = match("CREATE TABLE t (ID INTEGER PRIMARY KEY, v TEXT)");
  EXPECT_EQ(errors(), "");
  EXPECT_EQ(plan.columns[0].quoted, "\"ID\"");
  EXPECT_EQ(plan.table.unique_keys, (std::vector<std::vector<uint16_t>>{{0}}));
  EXPECT_FALSE(plan.table.coarse_keys);
}

TEST_F(SqliteMatch, WhatStandsInTheWayIsNamedWithItsMending) {
  (void)match("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  EXPECT_NE(errors().find("has no column \"v\": ALTER TABLE \"t\" ADD COLUMN \"v\" TEXT"), std::string::npos)
      << errors();
  (void)match("CREATE TABLE t (id INTEGER PRIMARY KEY)", true);
  EXPECT_EQ(errors(), "");
  (void)match("CREATE TABLE t (id BIGINT, v TEXT)");
  EXPECT_NE(errors().find("CREATE UNIQUE INDEX \"t_key\" ON \"t\" (\"id\")"), std::string::npos) << errors();
  (void)match("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, must TEXT NOT NULL)");
  EXPECT_NE(errors().find("\"must\" NOT NULL without a default"), std::string::npos) << errors();
}

TEST_F(SqliteMatch, IndexesThatDoNotCompareBytesMakeTheKeysCoarse) {
  EXPECT_TRUE(match("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE UNIQUE)").table.coarse_keys);
  EXPECT_TRUE(match("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE UNIQUE INDEX p ON t (v) WHERE v <> ''")
                  .table.coarse_keys);
  EXPECT_FALSE(match("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)").table.coarse_keys);
}

TEST_F(SqliteMatch, StatementsAreThese) {
  const TablePlan plan = match("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
  EXPECT_EQ(row_statement(plan, BatchOp::kInsert, {0, 1}).sql, R"(INSERT INTO "t" ("id", "v") VALUES (?, ?))");
  EXPECT_EQ(row_statement(plan, BatchOp::kUpsert, {0, 1}).sql,
            R"(INSERT INTO "t" ("id", "v") VALUES (?, ?) ON CONFLICT ("id") DO UPDATE SET "v" = excluded."v" )"
            R"(WHERE "t"."id" COLLATE BINARY IS excluded."id")");
  EXPECT_EQ(row_statement(plan, BatchOp::kMend, {0, 1}).sql,
            R"(INSERT INTO "t" ("id", "v") VALUES (?, ?) ON CONFLICT ("id") DO UPDATE SET "v" = excluded."v" )"
            R"(WHERE "t"."id" COLLATE BINARY IS excluded."id" AND ("t"."v" COLLATE BINARY IS NOT excluded."v" OR )"
            R"(typeof("t"."v") <> typeof(excluded."v")))");
  const RowStatement update = row_statement(plan, BatchOp::kUpdate, {1});
  EXPECT_EQ(update.sql, R"(UPDATE "t" SET "v" = ? WHERE "id" IS ?)");
  ASSERT_EQ(update.params.size(), 2u);
  EXPECT_FALSE(update.params[0].before);
  EXPECT_TRUE(update.params[1].before);
  EXPECT_EQ(row_statement(plan, BatchOp::kDelete, {}).sql, R"(DELETE FROM "t" WHERE "id" IS ?)");
  EXPECT_EQ(row_statement(plan, BatchOp::kDeleteRivals, {1}).sql,
            R"(DELETE FROM "t" WHERE "v" = ? AND NOT ("id" IS ?))");
}

TEST_F(SqliteMatch, hard_case_09_AKeyThatACollationTakesForAnotherIsNotWrittenOver) {
  auto words = std::make_shared<TableSchema>(*schema_);
  words->columns[0].kind = Kind::kText;
  schema_ = words;
  const TablePlan plan =
      match("CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, v TEXT); INSERT INTO t VALUES ('a', 'old')");
  auto upsert = db_->prepare(row_statement(plan, BatchOp::kUpsert, {0, 1}).sql);
  ASSERT_TRUE(upsert);
  (*upsert)->bind_text(1, "A");
  (*upsert)->bind_text(2, "new");
  ASSERT_TRUE((*upsert)->run());
  EXPECT_EQ(db_->changes(), 0);
  EXPECT_EQ(*db_->value("SELECT id || v FROM t"), "aold");
  auto remove = db_->prepare(row_statement(plan, BatchOp::kDelete, {}).sql);
  ASSERT_TRUE(remove);
  (*remove)->bind_text(1, "A");
  (*remove)->bind_text(2, "A");
  ASSERT_TRUE((*remove)->run());
  EXPECT_EQ(db_->changes(), 0) << "nor is it deleted for it";
}

TEST_F(SqliteMatch, ATableMadeForASourceMatchesIt) {
  for (const char* key : {"kept", "text"}) {
    auto shape = std::make_shared<TableSchema>(*schema_);
    if (std::string_view(key) == "text") shape->columns[0].kind = Kind::kText;
    shape->unique_keys = {{1}};
    schema_ = shape;
    (void)match(create_table_statement(*shape));
    EXPECT_EQ(errors(), "") << key;
  }
}

TEST_F(SqliteMatch, EvolveAddsWhatIsMissingAndSaysWhatCantBeDone) {
  (void)match("CREATE TABLE t (id INTEGER PRIMARY KEY)");
  const auto table = read_table(*db_, "t");
  const std::vector<Value> value{Value::text("it's")};
  const auto added = evolve_statements(**table, *schema_, {{"v", encode_key(value)}});
  ASSERT_TRUE(added);
  EXPECT_EQ(*added,
            (std::vector<std::string>{R"(ALTER TABLE "t" ADD COLUMN "v" TEXT)", R"(UPDATE "t" SET "v" = 'it''s')"}));
  EXPECT_FALSE(evolve_statements(**table, *schema_, {{"v", ""}})) << "what the rows hold is not known";
  (void)match("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL)");
  const auto strict = read_table(*db_, "t");
  const auto refused = evolve_statements(**strict, *schema_, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("NOT NULL"), std::string::npos);
}

}  // namespace
}  // namespace weft::sqlite
