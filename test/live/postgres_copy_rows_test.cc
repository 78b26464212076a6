// SPDX-License-Identifier: Apache-2.0
// Rows that a PostgreSQL reader takes by COPY in binary form are, value by value, those that a SELECT prints.
#include <span>

#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/pgoutput/text_values.h"
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

  // `placed`: as a stream's copy reads; else as those who only read.
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

  // All rows of the table as they are printed.
  std::vector<OwnedRow> printed(const SchemaRef& schema) {
    std::string columns;
    std::string key;
    for (const Column& column : schema->columns) columns += cat(columns.empty() ? "" : ", ", column.name);
    for (const uint16_t o : schema->key) key += cat(key.empty() ? "" : ", ", schema->columns[o].name);
    const auto answer =
        session()->execute(cat("SELECT ", columns, " FROM public.", schema->name.table, " ORDER BY ", key));
    EXPECT_TRUE(answer) << answer.error().message();
    std::vector<OwnedRow> out;
    Arena arena(1u << 16);
    for (size_t r = 0; r < answer->rows(); ++r) {
      std::vector<Value> values;
      for (size_t c = 0; c < schema->columns.size(); ++c) {
        const auto value = pgoutput::read_text(schema->columns[c], answer->text(r, c), arena);
        values.push_back(answer->is_null(r, c) ? Value() : *value);
      }
      out.emplace_back(Row(values));
    }
    return out;
  }

  // All rows of the range, in chunks; a read that only the printed form can go on with goes on.
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
        EXPECT_LE(chunk->rows.size(), 50u);
        if (placed && !asked_by_copy()) ++fetched_;
        for (const Row& row : chunk->rows) out.emplace_back(row);
        if (!chunk->rows.empty()) left.after = key_of(*schema, chunk->rows.back());
        if (chunk->end) return out;
      }
    }
    return out;
  }

  // Whether the session with an open view asked for rows by COPY.
  bool asked_by_copy() {
    auto sql = server_->connect("shop");
    const auto found =
        sql.query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY (%' AND state = 'idle in transaction'");
    return support::single_value(found) == "1";
  }

  void expect_same(const std::string& table) {
    const SchemaRef schema = schema_of(table);
    const auto all = printed(schema);
    ASSERT_GT(all.size(), 0u);
    for (const bool placed : {false, true}) expect_same(*schema, all, rows(schema, placed));
  }

  static void expect_same(const TableSchema& schema,
                          std::span<const OwnedRow> printed,
                          std::span<const OwnedRow> read) {
    ASSERT_EQ(printed.size(), read.size()) << schema.name.table;
    for (size_t i = 0; i < printed.size(); ++i) {
      for (size_t c = 0; c < schema.columns.size(); ++c) {
        EXPECT_TRUE(printed[i].row()[c].same(read[i].row()[c]))
            << schema.columns[c].name << ": " << describe(printed[i].row()[c]) << " and " << describe(read[i].row()[c]);
      }
    }
  }

  std::optional<support::PostgresServer> server_;
  int fallen_back_ = 0;  // reads that have to be begun again
  int fetched_ = 0;      // chunks of a stream's copy that came in printed form
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
  EXPECT_EQ(fetched_, 0);
  expect_same("types");
  EXPECT_GT(fetched_, 0);
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
  EXPECT_EQ(fallen_back_, 1) << "of those who only read";
  EXPECT_EQ(fetched_, 2) << "of 201 rows, 150 were behind the chunks that had gone";
}

TEST_F(CopyRowsTest, RangesOfKeysThatNeedQuotingAreTheSame) {
  server_->connect("shop").exec(
      "CREATE TABLE words (w text, b bytea, v int, PRIMARY KEY (w, b));"
      "INSERT INTO words SELECT chr(39) || 'q\\' || g, decode(md5(g::text), 'hex'), g FROM generate_series(1, 300) g");
  const SchemaRef schema = schema_of("words");
  const auto all = printed(schema);
  KeyRange range;
  range.after = key_of(*schema, all[40].row());
  range.upto = key_of(*schema, all[260].row());
  const std::span part = std::span(all).subspan(41, 220);
  for (const bool placed : {false, true}) expect_same(*schema, part, rows(schema, placed, range));
}

// More than twice what a chunk may hold: the rest of the COPY comes with the next chunks.
TEST_F(CopyRowsTest, RowsThatAreLargerThanThoseBeforeDoNotFillMemory) {
  server_->connect("shop").exec(
      "CREATE TABLE growing (id int PRIMARY KEY, v text); INSERT INTO growing SELECT g, repeat('x', CASE WHEN g > 100 "
      "THEN 100000 ELSE 1 END) FROM generate_series(1, 300) g");
  const SchemaRef schema = schema_of("growing");
  const auto by = reader(true);
  ASSERT_TRUE(by->begin(schema));
  std::vector<OwnedRow> read;
  for (bool end = false; !end;) {
    const auto chunk = by->read({}, {.rows = 5000, .bytes = 1u << 20});
    ASSERT_TRUE(chunk) << chunk.error().message();
    EXPECT_LT(chunk->bytes, 5u << 19);
    for (const Row& row : chunk->rows) read.emplace_back(row);
    end = chunk->end;
  }
  expect_same(*schema, printed(schema), read);
  by->end();
  ASSERT_TRUE(by->begin(schema)) << "the reader goes on";
}

}  // namespace
}  // namespace weft::postgres
