// SPDX-License-Identifier: Apache-2.0
// Table readers: every row once, in order, under views whose place in the log is what they say.
// long file: one fixture of servers and tables serves all of these claims.
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "live/mysql_source_fixture.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

class Readers : public MysqlSource {
 protected:
  // All ids of a table with an INT column `id` first, read in chunks each under a view of its own.
  std::vector<int64_t> ids_by_chunks(TestSource& source, const std::string& table, size_t rows) {
    std::vector<int64_t> ids;
    auto reader = *source.source->table_reader();
    const SchemaRef schema = schema_of(source, table);
    EXPECT_TRUE(reader->chunkable(*schema));
    KeyRange range;
    for (bool end = false; !end;) {
      auto point = reader->begin(schema);
      EXPECT_TRUE(point.has_value()) << (point ? "" : point.error().message());
      auto chunk = reader->read(range, {.rows = rows, .bytes = 1u << 20});
      EXPECT_TRUE(chunk.has_value()) << (chunk ? "" : chunk.error().message());
      if (!chunk) return ids;
      EXPECT_LE(chunk->rows.size(), rows);
      for (const Row& row : chunk->rows) ids.push_back(row[0].as_int());
      end = chunk->end;
      if (!chunk->rows.empty()) range.after = key_of(*schema, chunk->rows.back());
      reader->end();
    }
    return ids;
  }

  void expect_every_id_once(const std::string& table, int count, size_t rows) {
    TestSource source(*server);
    source.connect();
    const std::vector<int64_t> ids = ids_by_chunks(source, table, rows);
    EXPECT_EQ(ids.size(), static_cast<size_t>(count)) << table;
    EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), static_cast<size_t>(count)) << table;
  }

  void check_views(bool exact);

  void fill(const std::string& table, const std::string& expression, int count) {
    std::string values;
    for (int i = 0; i < count; ++i) {
      std::string row = expression;
      for (size_t at = 0; (at = row.find('#', at)) != std::string::npos;) row.replace(at, 1, std::to_string(i));
      values += (i == 0 ? "(" : ",(") + row + ")";
    }
    server->exec(cat("INSERT INTO ", table, " VALUES ", values));
  }
};

TEST_P(Readers, GiveEveryRowOnceForAllKindsOfKeys) {
  serve();
  if (IsSkipped()) return;

  struct Keyed {
    const char* table;
    const char* columns;
    const char* row;
  };

  std::vector<Keyed> tables = {
      {"k_int", "id INT, PRIMARY KEY (id)", "#-100"},
      {"k_ubig", "id INT, u BIGINT UNSIGNED, PRIMARY KEY (u)", "#, 18446744073709551615-#"},
      {"k_dec", "id INT, d DECIMAL(20,4), PRIMARY KEY (d)", "#, (#-120)/7"},
      {"k_text", "id INT, t VARCHAR(20), PRIMARY KEY (t)", "#, CONCAT(CHAR(97+# MOD 26), 'ä', #)"},
      {"k_latin",
       "id INT, t VARCHAR(20) CHARACTER SET latin1, PRIMARY KEY (t)",
       "#, CONCAT(CHAR(97+# MOD 26), 'ä', #)"},
      {"k_utf16", "id INT, t CHAR(20) CHARACTER SET utf16, PRIMARY KEY (t)", "#, CONCAT('ä€', #)"},
      {"k_bin", "id INT, b VARBINARY(20), PRIMARY KEY (b)", "#, CONCAT(CHAR(255-# MOD 100), #)"},
      {"k_fixed", "id INT, b BINARY(8), PRIMARY KEY (b)", "#, CONCAT(CHAR(255-# MOD 100), #)"},
      {"k_date", "id INT, d DATE, PRIMARY KEY (d)", "#, DATE_ADD('2024-01-01', INTERVAL # DAY)"},
      {"k_dt",
       "id INT, d DATETIME(3), PRIMARY KEY (d)",
       "#, DATE_ADD('2024-01-01 00:00:00', INTERVAL #*1500000 MICROSECOND)"},
      {"k_ts",
       "id INT, d TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6), PRIMARY KEY (d)",
       "#, DATE_ADD('2024-03-31 00:00:00', INTERVAL #*1500001 MICROSECOND)"},
      {"k_time", "id INT, d TIME(2), PRIMARY KEY (d)", "#, SEC_TO_TIME(#*25000-3000000)"},
      {"k_three", "id INT, a INT, b VARCHAR(10), c INT, PRIMARY KEY (a, b, c)", "#, # MOD 3, CONCAT('x', # MOD 5), #"},
      {"k_unique", "id INT, u INT NOT NULL, n INT, UNIQUE (n), UNIQUE (u)", "#, #*2, NULL"},
  };
  if (mariadb()) {
    tables.push_back({"k_uuid", "id INT, u UUID, PRIMARY KEY (u)", "#, UUID()"});
    tables.push_back({"k_inet", "id INT, u INET6, PRIMARY KEY (u)", "#, CONCAT('fe80::', HEX(#*100))"});
  }
  for (const Keyed& keyed : tables) {
    server->exec(cat("CREATE TABLE ", keyed.table, " (", keyed.columns, ") CHARACTER SET utf8mb4"));
    fill(keyed.table, keyed.row, 230);
    expect_every_id_once(keyed.table, 230, 50);
    expect_every_id_once(keyed.table, 230, 230);
  }
}

TEST_P(Readers, ReadRangesAndSingleKeys) {
  serve();
  if (IsSkipped()) return;
  server->exec("CREATE TABLE t (id INT, b VARCHAR(9), PRIMARY KEY (id, b))");
  fill("t", "#, 'x'", 100);
  TestSource source(*server);
  source.connect();
  auto reader = *source.source->table_reader();
  const SchemaRef schema = schema_of(source, "t");
  const auto key = [](int64_t id) { return OwnedRow(std::vector<Value>{Value::int64(id), Value::text("x")}); };
  ASSERT_TRUE(reader->begin(schema).has_value());
  KeyRange range;
  range.after = key(10);
  range.upto = key(20);
  auto chunk = reader->read(range, {.rows = 6, .bytes = 1u << 20});
  ASSERT_TRUE(chunk.has_value()) << chunk.error().message();
  ASSERT_EQ(chunk->rows.size(), 6u);
  EXPECT_EQ(chunk->rows[0][0].as_int(), 11);
  EXPECT_FALSE(chunk->end);
  chunk = reader->read(range, {.rows = 6, .bytes = 1u << 20});
  ASSERT_EQ(chunk->rows.size(), 4u);
  EXPECT_EQ(chunk->rows[3][0].as_int(), 20);
  EXPECT_TRUE(chunk->end);
  const std::vector<OwnedRow> keys = {key(5), key(500), key(99)};
  chunk = reader->read_keys(keys);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->rows.size(), 2u);
}

TEST_P(Readers, FindTheirPlaceByTheIndexWhateverTheKeysCharacterSet) {
  serve();
  if (IsSkipped()) return;
  for (const char* charset : {"utf8mb4", "latin1", "utf16", "ascii"}) {
    const std::string table = cat("k_", charset);
    server->exec(
        cat("CREATE TABLE ", table, " (t VARCHAR(20), n INT, id INT, PRIMARY KEY (t, n)) CHARACTER SET ", charset));
    fill(table, "CONCAT('key', # MOD 100), #, #", 20000);
    TestSource source(*server);
    source.connect();
    auto reader = *source.source->table_reader();
    ASSERT_TRUE(reader->begin(schema_of(source, table)).has_value());
    KeyRange range;
    range.after = OwnedRow(std::vector<Value>{Value::text("key50"), Value::int64(7000)});
    const auto rows_touched = [&] {
      return std::stoll(server->value("SELECT SUM(VARIABLE_VALUE) FROM " +
                                      std::string(mariadb() ? "information_schema" : "performance_schema") +
                                      (mariadb() ? ".GLOBAL_STATUS" : ".global_status") +
                                      " WHERE VARIABLE_NAME IN ('Handler_read_next','Handler_read_rnd_next')"));
    };
    const long long before = rows_touched();
    const auto chunk = reader->read(range, {.rows = 64, .bytes = 1u << 20});
    ASSERT_TRUE(chunk.has_value());
    ASSERT_EQ(chunk->rows.size(), 64u);
    EXPECT_EQ(chunk->rows[0][1].as_int(), 7050);
    EXPECT_LT(rows_touched() - before, 5000) << charset;
    reader->end();
  }
}

TEST_P(Readers, KeepToTheByteLimit) {
  serve();
  if (IsSkipped()) return;
  server->exec("CREATE TABLE t (id INT PRIMARY KEY, v TEXT)");
  fill("t", "#, REPEAT('x', 20000)", 200);
  TestSource source(*server);
  source.connect();
  auto reader = *source.source->table_reader();
  ASSERT_TRUE(reader->begin(schema_of(source, "t")).has_value());
  size_t rows = 0;
  for (bool end = false; !end;) {
    auto chunk = reader->read({}, {.rows = 1000, .bytes = 100000});
    ASSERT_TRUE(chunk.has_value());
    EXPECT_LE(chunk->bytes, 230000u);
    rows += chunk->rows.size();
    end = chunk->end;
  }
  EXPECT_EQ(rows, 200u);
}

TEST_P(Readers, KeylessAndOtherEnginesAreReadWholeAtAnExactPlace) {
  serve();
  if (IsSkipped()) return;
  server->exec("GRANT LOCK TABLES ON *.* TO weft@'%'");
  for (const char* definition : {"nokey (id INT) ENGINE=InnoDB",
                                 "isam (id INT PRIMARY KEY) ENGINE=MyISAM",
                                 "memory_t (id INT PRIMARY KEY) ENGINE=MEMORY",
                                 "floaty (id FLOAT PRIMARY KEY) ENGINE=InnoDB"}) {
    server->exec(cat("CREATE TABLE ", definition));
    const std::string table(definition, std::string(definition).find(' '));
    fill(table, "#", 1000);
    TestSource source(*server);
    source.start();
    auto reader = *source.source->table_reader();
    auto point = reader->begin(schema_of(source, table));
    ASSERT_TRUE(point.has_value()) << point.error().message();
    EXPECT_TRUE((*point)->exact());
    size_t rows = 0;
    for (bool end = false; !end;) {
      auto chunk = reader->read({}, {.rows = 300, .bytes = 1u << 20});
      ASSERT_TRUE(chunk.has_value()) << chunk.error().message();
      rows += chunk->rows.size();
      end = chunk->end;
    }
    EXPECT_EQ(rows, 1000u) << table;
    reader->end();
    server->exec(cat("INSERT INTO ", table, " VALUES (5000)"));  // not locked any more
    EXPECT_EQ(source.drain(1).size(), 1u);
    ASSERT_FALSE(source.batches.empty());
    const Batch& batch = source.batches.back();
    EXPECT_EQ((*point)->covers(batch, batch.transactions().back()), Covers::kNo);
  }
}

TEST_P(Readers, AnAbandonedWholeReadDoesNotHoldTheReaderUp) {
  serve();
  if (IsSkipped()) return;
  server->exec("GRANT LOCK TABLES ON *.* TO weft@'%'");
  server->exec("CREATE TABLE nokey (id INT, v TEXT)");
  fill("nokey", "#, REPEAT('x', 20000)", 500);
  TestSource source(*server);
  source.connect();
  auto reader = *source.source->table_reader();
  const SchemaRef schema = schema_of(source, "nokey");
  ASSERT_TRUE(reader->begin(schema).has_value());
  ASSERT_TRUE(reader->read({}, {.rows = 3, .bytes = 1u << 20}).has_value());
  reader->end();
  ASSERT_TRUE(reader->begin(schema).has_value());
  EXPECT_EQ(reader->read({}, {.rows = 3, .bytes = 1u << 20})->rows.size(), 3u);
}

TEST_P(Readers, ATableThatWasAlteredIsASchemaChange) {
  serve();
  if (IsSkipped()) return;
  server->exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)");
  fill("t", "#, #", 100);
  TestSource source(*server);
  source.connect();
  auto reader = *source.source->table_reader();
  const SchemaRef schema = schema_of(source, "t");
  ASSERT_TRUE(reader->begin(schema).has_value());
  ASSERT_TRUE(reader->read({}, {.rows = 10, .bytes = 1u << 20}).has_value());
  reader->end();
  for (const char* ddl : {"ADD COLUMN n INT",
                          "DROP COLUMN n, MODIFY v BIGINT",
                          "CHANGE v w INT",
                          "CHANGE w v INT, DROP PRIMARY KEY, ADD PRIMARY KEY (id, v)"}) {
    server->exec(cat("ALTER TABLE t ", ddl));
    auto point = reader->begin(schema);
    ASSERT_FALSE(point.has_value()) << ddl;
    EXPECT_EQ(point.error().code(), kSchemaChanged) << ddl << ": " << point.error().message();
    EXPECT_EQ(point.error().blame(), Blame::kTransient);
  }
  // From the opening of the view on nothing alters the table.
  const SchemaRef now = schema_of(source, "t");
  ASSERT_TRUE(reader->begin(now).has_value());
  server->exec("SET SESSION lock_wait_timeout = 1");
  EXPECT_THROW(server->exec("ALTER TABLE t ADD COLUMN z INT"), support::SqlError);
  EXPECT_TRUE(reader->read({}, {.rows = 10, .bytes = 1u << 20}).has_value());
  reader->end();
  server->exec("DROP TABLE t");
  auto gone = reader->begin(now);
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().code(), kSchemaChanged);
}

TEST_P(Readers, LargeTablesAreSplitAtKeysThatExist) {
  serve();
  if (IsSkipped()) return;
  server->exec("CREATE TABLE t (id INT PRIMARY KEY)");
  fill("t", "#*3", 1000);
  for (int i = 0; i < 8; ++i) server->exec(cat("INSERT INTO t SELECT id+", 3000 << i, " FROM t"));
  server->exec("ANALYZE TABLE t");
  TestSource source(*server);
  source.connect();
  auto reader = *source.source->table_reader();
  const SchemaRef schema = schema_of(source, "t");
  const auto estimate = reader->estimate(*schema);
  ASSERT_TRUE(estimate.has_value());
  EXPECT_GT(estimate->rows, 200000u);
  const auto cuts = reader->split(*schema, 4);
  ASSERT_TRUE(cuts.has_value()) << cuts.error().message();
  ASSERT_EQ(cuts->size(), 3u);
  EXPECT_EQ((*cuts)[1].row()[0].as_int() % 3, 0);
  EXPECT_NEAR(static_cast<double>((*cuts)[1].row()[0].as_int()), 384000, 10);
}

// Hard case 1: a view's place is checked against what the view shows, while writers commit all the time.
void Readers::check_views(bool exact) {
  server->exec("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)");
  server->exec("INSERT INTO t (v) VALUES (0)");
  TestSource source(*server);
  source.start();
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      auto session = server->connect("shop");
      while (!stop) session.exec(cat("INSERT INTO t (v) VALUES (", w, ")"));
    });
  }

  struct Seen {
    std::shared_ptr<const ReadPoint> point;
    std::set<int64_t> ids;
  };

  std::vector<Seen> seen;
  auto reader = *source.source->table_reader();
  const SchemaRef schema = schema_of(source, "t");
  for (int i = 0; i < 25; ++i) {
    auto point = reader->begin(schema);
    ASSERT_TRUE(point.has_value()) << point.error().message();
    Seen one{*point, {}};
    for (bool end = false; !end;) {
      auto chunk = reader->read({}, {.rows = 5000, .bytes = 1u << 20});
      ASSERT_TRUE(chunk.has_value()) << chunk.error().message();
      for (const Row& row : chunk->rows) one.ids.insert(row[0].as_int());
      end = chunk->end;
    }
    reader->end();
    seen.push_back(std::move(one));
    source.drain(50, 20ms);
  }
  stop = true;
  for (auto& thread : writers) thread.join();
  source.drain(SIZE_MAX, 1500ms);
  std::map<Covers, size_t> counts;
  for (const Seen& one : seen) {
    EXPECT_EQ(one.point->exact(), exact);
    for (const Batch& batch : source.batches) {
      for (const Transaction& tx : batch.transactions()) {
        if (tx.empty()) continue;
        const Covers covers = one.point->covers(batch, tx);
        ++counts[covers];
        const bool shown = one.ids.contains(std::get<RowChange>(tx.changes[0]).after[0].as_int());
        ASSERT_TRUE(covers != Covers::kYes || shown) << one.point->text();
        ASSERT_TRUE(covers != Covers::kNo || !shown) << one.point->text();
        ASSERT_TRUE(covers == Covers::kYes || !one.point->contains(batch.position(tx)));
      }
    }
    ASSERT_TRUE(one.point->passed_by(Position(source.last))) << one.point->text() << " " << source.last;
    ASSERT_TRUE(one.point->reached_by(Position(source.last)));
  }
  EXPECT_GT(counts[Covers::kYes], 100u);
  EXPECT_GT(counts[Covers::kNo], 100u);
  EXPECT_TRUE(!exact || counts[Covers::kMaybe] == 0);
  std::printf(
      "covers: %zu yes, %zu no, %zu maybe\n", counts[Covers::kYes], counts[Covers::kNo], counts[Covers::kMaybe]);
}

TEST_P(Readers, ViewsShowWhatTheirPlaceSays) {
  serve();
  if (!IsSkipped()) check_views(mariadb());
}

TEST_P(Readers, ViewsShowWhatTheirPlaceSaysWithoutGtids) {
  if (mariadb()) GTEST_SKIP() << "MariaDB always has GTIDs";
  serve({.extra = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}});
  if (IsSkipped()) return;
  server->exec("GRANT LOCK TABLES ON *.* TO weft@'%'");
  check_views(true);
}

// On an idle server a view's window closes by itself, as the stream tells how far it has read.
TEST_P(Readers, WindowsCloseOnAnIdleServer) {
  serve();
  if (IsSkipped()) return;
  server->exec("CREATE TABLE t (id INT PRIMARY KEY)");
  server->exec("INSERT INTO t VALUES (1)");
  server->exec("FLUSH BINARY LOGS");
  TestSource source(*server);
  source.start();
  auto reader = *source.source->table_reader();
  auto point = reader->begin(schema_of(source, "t"));
  ASSERT_TRUE(point.has_value());
  const SteadyTime deadline = real_clock().now() + 5s;
  while (real_clock().now() < deadline && (source.last.empty() || !(*point)->passed_by(Position(source.last)))) {
    source.drain(1, 200ms);
  }
  EXPECT_TRUE((*point)->passed_by(Position(source.last.empty() ? source.head() : source.last)))
      << (*point)->text() << " " << source.last;
}

TEST_P(Readers, CheckNamesWhatIsMissing) {
  serve({.row_image = "MINIMAL", .row_metadata = GetParam() == Engine::kMariaDb ? "NO_LOG" : "MINIMAL"});
  if (IsSkipped()) return;
  server->exec("CREATE TABLE t (id INT)");
  server->exec("CREATE TABLE isam (id INT PRIMARY KEY) ENGINE=MyISAM");
  server->exec("CREATE USER poor@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON shop.* TO poor@'%'");
  std::string url = server->url("shop", "weft");
  url.replace(url.find("weft:"), 4, "poor");
  TestSource source(url);
  std::string all;
  for (const Finding& f : source.source->check()) {
    all += cat(f.level == Finding::Level::kError ? "error: " : "warning: ", f.what, " | ", f.mend, "\n");
  }
  for (const char* words : {"binlog_row_image is MINIMAL, but tables without a key need full rows: shop.t",
                            "SET GLOBAL binlog_row_metadata = 'FULL'",
                            "lacks REPLICATION SLAVE",
                            "GRANT REPLICATION SLAVE ON *.* TO 'poor'@'%'",
                            "table shop.isam is MyISAM",
                            "lacks LOCK TABLES on shop"}) {
    EXPECT_NE(all.find(words), std::string::npos) << words << "\n" << all;
  }
  EXPECT_EQ(all.find("secret"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Servers, Readers, testing::Values(Engine::kMariaDb, Engine::kMySql), engine_of);

}  // namespace
}  // namespace weft::live
