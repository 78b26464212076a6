// SPDX-License-Identifier: Apache-2.0
// Rows that a PostgreSQL reader takes by COPY in binary form are, value by value, those that it takes in printed form.
#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/postgres/url.h"
#include "live/postgres_samples.h"
#include "source/postgres/catalogue.h"
#include "source/postgres/table_reader.h"
#include "support/postgres_server.h"

namespace weft::postgres {
namespace {

class CopyRowsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (auto why = support::PostgresServer::unavailable()) GTEST_SKIP() << *why;
    server_.emplace();
    server_->start();
    server_->exec("CREATE DATABASE shop");
  }

  std::unique_ptr<Connection> session() {
    const auto address = Address::parse(server_->url("shop"));
    auto opened = Connection::open({.address = &*address});
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : nullptr;
  }

  // `placed`: as a stream's copy reads, by a cursor; else as those who only read.
  std::unique_ptr<TableReader> reader(bool placed) {
    auto opened = open_table_reader([this]() -> Result<std::unique_ptr<Connection>> { return session(); },
                                    placed ? std::make_shared<Delivered>() : nullptr);
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : nullptr;
  }

  CatalogueTable described(const std::string& table) {
    auto found = load_table(*session(), {"public", table});
    EXPECT_TRUE(found && found->size() == 1);
    return found->front();
  }

  SchemaRef schema_of(const std::string& table) { return described(table).schema; }

  // All rows of the table, in chunks; a read that only the printed form can go on with goes on.
  std::vector<OwnedRow> rows(const SchemaRef& schema, bool placed, const KeyRange& range = {}) {
    std::vector<OwnedRow> out;
    KeyRange left = range;
    const auto by = reader(placed);
    for (int views = 0; views < 3; ++views) {
      EXPECT_TRUE(by->begin(schema));
      for (;;) {
        const auto chunk = by->read(left, {.rows = 50});
        if (!chunk) {
          EXPECT_EQ(chunk.error().blame(), Blame::kTransient) << chunk.error().message();
          ++fallen_back_;
          break;
        }
        for (const Row& row : chunk->rows) out.emplace_back(row);
        if (!chunk->rows.empty()) left.after = key_of(*schema, chunk->rows.back());
        if (chunk->end) return out;
      }
    }
    return out;
  }

  void expect_same(const std::string& table, const KeyRange& range = {}) {
    const SchemaRef schema = schema_of(table);
    const auto printed = rows(schema, true, range);
    const auto copied = rows(schema, false, range);
    ASSERT_GT(printed.size(), 0u);
    ASSERT_EQ(printed.size(), copied.size()) << table;
    for (size_t i = 0; i < printed.size(); ++i) {
      for (size_t c = 0; c < schema->columns.size(); ++c) {
        EXPECT_TRUE(printed[i].row()[c].same(copied[i].row()[c]))
            << schema->columns[c].name << ": " << describe(printed[i].row()[c]) << " and "
            << describe(copied[i].row()[c]);
      }
    }
  }

  std::optional<support::PostgresServer> server_;
  int fallen_back_ = 0;
};

TEST_F(CopyRowsTest, EveryTypeHasTheSameValues) {
  auto sql = server_->connect("shop");
  sql.exec(live::kTypes);
  sql.exec(live::kTypeRows);
  // Arrays have no binary form that is known, and keep a table from being copied: without them, column by column.
  sql.exec(
      "CREATE TABLE copied AS SELECT id, i2, i4, i8, n, n2, f4, f8, b, v, c, t, ts, ts3, tz, d, tm, by, j, jb, u, ip, "
      "iv, m, bt, dm FROM types; ALTER TABLE copied ADD PRIMARY KEY (id)");
  EXPECT_TRUE(described("copied").readable_in_binary());
  expect_same("copied");
  EXPECT_EQ(fallen_back_, 0);
  EXPECT_FALSE(described("types").readable_in_binary());
  expect_same("types");
}

TEST_F(CopyRowsTest, DecimalsOfEveryLengthAndScaleHaveTheSameDigits) {
  server_->connect("shop").exec(
      "CREATE TABLE n (id int PRIMARY KEY, v numeric);"
      "INSERT INTO n SELECT row_number() OVER (), s * x FROM (VALUES (1), (-1)) AS signs (s) CROSS JOIN (SELECT "
      "round(power(10::numeric, e) * f, p) AS x FROM generate_series(-12, 20) e CROSS JOIN (VALUES (1), "
      "(1.2345678901), (9.99), (0)) AS "
      "v (f) CROSS JOIN generate_series(0, 12, 3) p) AS xs;"
      "INSERT INTO n VALUES (100001, 'NaN'), (100002, 'Infinity'), (100003, '-Infinity')");
  expect_same("n");
  EXPECT_EQ(fallen_back_, 0);
}

TEST_F(CopyRowsTest, TimesOfFarYearsAreTheSame) {
  server_->connect("shop").exec(
      "CREATE TABLE times (id int PRIMARY KEY, d date, ts timestamp, tz timestamptz);"
      "INSERT INTO times SELECT g, date '2024-01-01' + g, timestamp '1999-12-31 23:59:59.999999' + g * interval '1 "
      "day', '0001-01-01 00:00:00+00' FROM generate_series(1, 200) g; UPDATE times SET d = 'infinity' WHERE id = 120;"
      "UPDATE times SET ts = '12000-01-01', d = '5874897-12-31' WHERE id = 150;"
      "UPDATE times SET tz = '0044-03-15 BC', d = '4713-01-01 BC', ts = '4713-01-01 BC' WHERE id = 151;"
      "UPDATE times SET tz = '294276-12-31 23:59:59.999999+00', d = '0001-12-31 BC' WHERE id = 152");
  expect_same("times");
  EXPECT_EQ(fallen_back_, 0);
}

TEST_F(CopyRowsTest, ARowThatHasToComeAsTextIsReadSo) {
  // The longest interval is the bytes of what later versions call infinity.
  server_->connect("shop").exec(
      "CREATE TABLE spans (id int PRIMARY KEY, v interval); INSERT INTO spans SELECT g, g * interval '1 mon -1 day 2.5 "
      "s' FROM generate_series(-100, 100) g; UPDATE spans SET v = '2562047788:00:54.775807' WHERE id = 50");
  expect_same("spans");
  EXPECT_EQ(fallen_back_, 1);
}

TEST_F(CopyRowsTest, RangesOfKeysThatNeedQuotingAreTheSame) {
  server_->connect("shop").exec(
      "CREATE TABLE words (w text, b bytea, v int, PRIMARY KEY (w, b));"
      "INSERT INTO words SELECT chr(39) || 'q\\' || g, decode(md5(g::text), 'hex'), g FROM generate_series(1, 300) g");
  const SchemaRef schema = schema_of("words");
  const auto all = rows(schema, true);
  KeyRange range;
  range.after = key_of(*schema, all[40].row());
  range.upto = key_of(*schema, all[260].row());
  expect_same("words", range);
}

}  // namespace
}  // namespace weft::postgres
