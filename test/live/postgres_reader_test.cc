// SPDX-License-Identifier: Apache-2.0
// The table reader of a PostgreSQL source: every row once, in order, exactly as the server has it, under views whose place in
// the log is what they say; and what the catalogue tells of tables.
// long file: one fixture of a server and its vocabulary serves all of these claims.
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/postgres/url.h"
#include "source/postgres/catalogue.h"
#include "source/postgres/position.h"
#include "source/postgres/table_reader.h"
#include "support/postgres_server.h"
#include "support/wait.h"

namespace weft::postgres {
namespace {

using support::deadline_in;
using support::PostgresConnection;
using support::PostgresServer;
using support::wait_until;
using namespace std::chrono_literals;

class PgReader : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::unavailable()) return;
    server_ =
        new PostgresServer({.wal_level = "logical",
                            .settings = {"autovacuum = off", "max_prepared_transactions = 4", "bgwriter_delay = 10s"}});
    server_->start();
  }

  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << *PostgresServer::unavailable();
    database_ = cat("db", ++databases_);
    server_->exec("CREATE DATABASE " + database_);
    sql_.emplace(server_->connect(database_));
    sql_->exec("CREATE SCHEMA shop; SET search_path = shop, public");
  }

  std::unique_ptr<Connection> open_session(const std::string& user = "postgres") {
    const auto address = Address::parse(server_->url(database_, user));
    EXPECT_TRUE(address);
    auto session = Connection::open({.address = &*address});
    EXPECT_TRUE(session) << session.error().message();
    return session ? std::move(*session) : nullptr;
  }

  std::unique_ptr<TableReader> open_reader(const std::string& user = "postgres") {
    auto reader = open_table_reader(
        [this, user]() -> Result<std::unique_ptr<Connection>> {
          TRY_ASSIGN(const Address address, Address::parse(server_->url(database_, user)));
          return Connection::open({.address = &address});
        },
        delivered_);
    EXPECT_TRUE(reader) << reader.error().message();
    return reader ? std::move(*reader) : nullptr;
  }

  CatalogueTable described(const std::string& table) {
    auto session = open_session();
    auto found = load_table(*session, {"shop", table});
    EXPECT_TRUE(found) << found.error().message();
    EXPECT_EQ(found ? found->size() : 0u, 1u) << table;
    if (found && !found->empty()) return found->front();
    CatalogueTable none;
    none.schema = std::make_shared<TableSchema>();
    return none;
  }

  SchemaRef schema_of(const std::string& table) { return described(table).schema; }

  std::shared_ptr<const ReadPoint> begin(TableReader& reader, const SchemaRef& schema) {
    auto point = reader.begin(schema);
    EXPECT_TRUE(point) << point.error().message();
    return point ? *point : nullptr;
  }

  // Reads on; the chunk's bytes live as long as the test.
  const Chunk& read(TableReader& reader, const KeyRange& range, size_t rows, size_t bytes = 1u << 20) {
    auto chunk = reader.read(range, {.rows = rows, .bytes = bytes});
    EXPECT_TRUE(chunk) << chunk.error().message();
    chunks_.push_back(chunk ? std::move(*chunk) : Chunk{.schema = nullptr, .rows = {}, .slabs = {}, .end = true});
    return chunks_.back();
  }

  // The first column of all rows, in chunks of `rows` each under a view of its own.
  std::vector<int64_t> ids_by_chunks(const std::string& table, size_t rows) {
    std::vector<int64_t> ids;
    const auto reader = open_reader();
    const SchemaRef schema = schema_of(table);
    EXPECT_TRUE(reader->chunkable(*schema)) << table;
    KeyRange range;
    for (;;) {
      if (!begin(*reader, schema)) return ids;
      const Chunk& chunk = read(*reader, range, rows);
      EXPECT_LE(chunk.rows.size(), rows);
      for (const Row& row : chunk.rows) ids.push_back(row[0].as_int());
      reader->end();
      if (chunk.end) return ids;
      range.after = key_of(*schema, chunk.rows.back());
    }
  }

  // The values of one column's only row, as describe() prints them.
  std::string only_value(const std::string& type, const std::string& literal) {
    sql_->exec("DROP TABLE IF EXISTS one; CREATE TABLE one (v " + type + "); INSERT INTO one VALUES (" + literal + ")");
    const auto reader = open_reader();
    if (!begin(*reader, schema_of("one"))) return "no view";
    const auto chunk = reader->read({}, {});
    if (!chunk) return "error: " + chunk.error().message();
    if (chunk->rows.size() != 1) return cat(chunk->rows.size(), " rows");
    const Value& v = chunk->rows[0][0];
    return cat(to_string(v.kind()), " ", describe(v, 1u << 16));
  }

  std::string value_of(const std::string& sql) { return support::single_value(sql_->query(sql)); }

  // The id that the transaction of a session has.
  static uint32_t xid_of(PostgresConnection& session) {
    return static_cast<uint32_t>(std::stoull(support::single_value(session.query("SELECT pg_current_xact_id()::xid"))));
  }

  Position head() {
    const auto lsn = parse_lsn(value_of("SELECT pg_current_wal_insert_lsn()"));
    return Position(PgPosition{1, *lsn}.text());
  }

  // Whether a transaction of the stream is covered.
  static Covers covers(const ReadPoint& point, uint32_t xid, uint64_t end = 1) {
    Arena arena(1 << 10);
    BatchBuilder builder(arena);
    auto log = std::make_shared<PgPositionLog>(1);
    builder.begin(0);
    builder.end(log->add({end, xid}));
    const Batch batch = builder.finish(std::move(log));
    return point.covers(batch, batch.transactions()[0]);
  }

  static inline PostgresServer* server_ = nullptr;
  static inline int databases_ = 0;
  std::string database_;
  std::optional<PostgresConnection> sql_;
  std::shared_ptr<Delivered> delivered_ = std::make_shared<Delivered>();
  std::deque<Chunk> chunks_;
};

OwnedRow int_key(int64_t id) {
  return OwnedRow(std::vector<Value>{Value::int64(id)});
}

TEST_F(PgReader, GivesEveryRowOnceForAllKindsOfKeys) {
  sql_->exec(
      "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN code AS varchar(20) COLLATE \"C\"; "
      "CREATE TYPE pair AS (a int, b text); "
      "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");

  struct Keyed {
    const char* columns;
    const char* row;  // of i, 0..229
  };

  const std::vector<Keyed> tables = {
      {"id int, PRIMARY KEY (id)", "i - 100"},
      {"id int, k bigint PRIMARY KEY", "i, 9223372036854775807 - i"},
      {"id int, k oid PRIMARY KEY", "i, (4294967295 - i)::oid"},
      {"id int, k numeric PRIMARY KEY", "i, (i - 120) / 7.0"},
      {"id int, k double precision PRIMARY KEY",
       "i, CASE i WHEN 7 THEN 'NaN' WHEN 8 THEN '-Infinity' ELSE i / 7.0 END"},
      {"id int, k real PRIMARY KEY", "i, i / 7.0"},
      {"id int, k text PRIMARY KEY", "i, chr(97 + i % 26) || 'ä' || i || chr(39)"},
      {"id int, k text COLLATE \"C\" PRIMARY KEY", "i, chr(97 + i % 26) || 'Ä' || i"},
      {"id int, k text COLLATE ci PRIMARY KEY", "i, chr(65 + i % 26) || chr(97 + i % 3) || i"},
      {"id int, k varchar(20) PRIMARY KEY", "i, chr(65 + i % 50) || i"},
      {"id int, k char(9) PRIMARY KEY", "i, 'x' || i"},
      {"id int, k name PRIMARY KEY", "i, ('n' || i)::name"},
      {"id int, k \"char\", n int, PRIMARY KEY (n, k)", "i, 'x', i % 230"},
      {"id int, k bytea PRIMARY KEY", "i, decode(lpad(to_hex(i * 7919), 8, '0'), 'hex')"},
      {"id int, k uuid PRIMARY KEY", "i, md5(i::text)::uuid"},
      {"id int, k date PRIMARY KEY", "i, date '2024-01-01' + i"},
      {"id int, k timestamp(3) PRIMARY KEY", "i, timestamp '2024-01-01' + i * interval '1.5 s'"},
      {"id int, k timestamptz PRIMARY KEY", "i, timestamptz '2024-03-31' + i * interval '1.500001 s'"},
      {"id int, k time PRIMARY KEY", "i, CASE i WHEN 5 THEN time '24:00' ELSE time '00:00' + i * interval '1 min' END"},
      {"id int, k timetz PRIMARY KEY", "i, timetz '00:00+02' + i * interval '1 min'"},
      {"id int, k interval PRIMARY KEY", "i, i * interval '1 day 3 hours' - interval '1 mon'"},
      {"id int, k inet PRIMARY KEY", "i, inet '10.0.0.0/8' + i"},
      {"id int, k bit(10) PRIMARY KEY", "i, i::bit(10)"},
      {"id int, k varbit PRIMARY KEY", "i, i::bit(10)::varbit"},
      {"id int, k jsonb PRIMARY KEY", "i, jsonb_build_object('a', i, 'b', 'x')"},
      {"id int, k int[] PRIMARY KEY", "i, ARRAY[i % 3, i, NULL]"},
      {"id int, k int4range PRIMARY KEY", "i, int4range(i, i + 2)"},
      {"id int, k pair PRIMARY KEY", "i, ROW(i % 5, 'p' || i)::pair"},
      {"id int, m mood, n int, PRIMARY KEY (m, n)", "i, (enum_range(NULL::mood))[1 + i % 3], i"},
      {"id int, k code PRIMARY KEY", "i, 'c' || i"},
      {"id int, k boolean, n int, PRIMARY KEY (k, n)", "i, i % 2 = 0, i"},
      {"id int, a int, b varchar(10), c int, PRIMARY KEY (c, b, a)", "i, i, 'x' || i % 5, i % 3"},
      {"id int, n int, u int NOT NULL, UNIQUE (n), UNIQUE (u)", "i, NULL, i * 2"},
  };
  for (const Keyed& keyed : tables) {
    sql_->exec(cat("DROP TABLE IF EXISTS k; CREATE TABLE k (",
                   keyed.columns,
                   "); INSERT INTO k SELECT ",
                   keyed.row,
                   " FROM generate_series(0, 229) AS i"));
    for (const size_t rows : {size_t{50}, size_t{230}}) {
      const std::vector<int64_t> ids = ids_by_chunks("k", rows);
      EXPECT_EQ(ids.size(), 230u) << keyed.columns;
      EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 230u) << keyed.columns;
    }
    // And by their keys.
    const auto reader = open_reader();
    const SchemaRef schema = schema_of("k");
    begin(*reader, schema);
    const Chunk& all = read(*reader, {}, 1000);
    std::vector<OwnedRow> keys;
    for (const Row& row : all.rows) keys.push_back(key_of(*schema, row));
    const auto again = reader->read_keys(keys);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->rows.size(), 230u) << keyed.columns;
  }
}

TEST_F(PgReader, ReadsRangesAndSingleKeys) {
  sql_->exec(
      "CREATE TABLE t (id int, b text, PRIMARY KEY (id, b)); INSERT INTO t SELECT i, 'x' FROM generate_series(0, 99) "
      "i");
  const auto reader = open_reader();
  const SchemaRef schema = schema_of("t");
  const auto key = [](int64_t id) { return OwnedRow(std::vector<Value>{Value::int64(id), Value::text("x")}); };
  begin(*reader, schema);
  KeyRange range;
  range.after = key(10);
  range.upto = key(20);
  const Chunk& first = read(*reader, range, 6);
  ASSERT_EQ(first.rows.size(), 6u);
  EXPECT_EQ(first.rows[0][0].as_int(), 11);
  EXPECT_EQ(first.schema, schema);
  EXPECT_FALSE(first.end);
  const Chunk& second = read(*reader, range, 6);
  ASSERT_EQ(second.rows.size(), 4u);
  EXPECT_EQ(second.rows[3][0].as_int(), 20);
  EXPECT_TRUE(second.end);
  EXPECT_TRUE(read(*reader, range, 6).rows.empty());
  EXPECT_TRUE(chunks_.back().end);
  const auto some = reader->read_keys(std::vector<OwnedRow>{key(5), key(500), key(99)});
  ASSERT_TRUE(some) << some.error().message();
  EXPECT_EQ(some->rows.size(), 2u);
  EXPECT_TRUE(reader->read_keys({})->rows.empty());
}

TEST_F(PgReader, KeepsToTheByteLimit) {
  sql_->exec(
      "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat('x', 20000) FROM generate_series(1, "
      "200) i");
  const auto reader = open_reader();
  begin(*reader, schema_of("t"));
  size_t rows = 0;
  for (bool end = false; !end; end = chunks_.back().end) {
    read(*reader, {}, 1000, 100000);
    EXPECT_LE(chunks_.back().bytes, 420000u) << "twenty rows of unknown size at first";
    rows += chunks_.back().rows.size();
  }
  EXPECT_EQ(rows, 200u);
}

TEST_F(PgReader, FindsItsPlaceByTheIndexOfTheKey) {
  sql_->exec(
      "CREATE TABLE t (a text, b int, v text, PRIMARY KEY (a, b)); "
      "INSERT INTO t SELECT 'k' || i % 100, i, repeat('v', 100) FROM generate_series(1, 20000) i");
  const auto reader = open_reader();
  begin(*reader, schema_of("t"));
  KeyRange range;
  range.after = OwnedRow(std::vector<Value>{Value::text("k50"), Value::int64(7000)});
  const Chunk& chunk = read(*reader, range, 64);
  ASSERT_EQ(chunk.rows.size(), 64u);
  EXPECT_EQ(chunk.rows[0][1].as_int(), 7050);
  reader->end();
  // Counters are handed in at the end of a transaction, shortly after.
  EXPECT_TRUE(wait_until(deadline_in(10s), [&] {
    return value_of("SELECT coalesce(sum(idx_scan), 0) > 0 FROM pg_stat_user_tables WHERE relname = 't'") == "t";
  }));
  EXPECT_EQ(value_of("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 't'"), "0");
}

TEST_F(PgReader, ReadsTablesWithoutAKeyWholeUnderOneExactView) {
  sql_->exec("CREATE TABLE log (line int); INSERT INTO log SELECT i FROM generate_series(1, 3000) i");
  const auto reader = open_reader();
  const SchemaRef schema = schema_of("log");
  EXPECT_FALSE(reader->chunkable(*schema));
  const auto point = begin(*reader, schema);
  ASSERT_TRUE(point);
  EXPECT_TRUE(point->exact());
  std::set<int64_t> lines;
  for (bool end = false; !end; end = chunks_.back().end) {
    read(*reader, {}, 700);
    for (const Row& row : chunks_.back().rows) lines.insert(row[0].as_int());
    sql_->exec("INSERT INTO log VALUES (-1)");
  }
  EXPECT_EQ(lines.size(), 3000u);
  EXPECT_EQ(*lines.begin(), 1);
}

TEST_F(PgReader, WaitsForAMomentToReadATableWithoutAKey) {
  sql_->exec("CREATE TABLE log (line int)");
  const auto reader = open_reader();
  auto writer = server_->connect(database_);
  writer.exec("BEGIN; INSERT INTO shop.log VALUES (1)");
  const auto none = reader->begin(schema_of("log"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().blame(), Blame::kTransient);
  EXPECT_NE(none.error().message().find("shop.log"), std::string::npos);
  writer.exec("COMMIT");
  EXPECT_TRUE(begin(*reader, schema_of("log")));
}

TEST_F(PgReader, hard_case_01_CoversWhatShowsAndNotWhatIsEarlierInTheLog) {
  sql_->exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  auto open = server_->connect(database_);
  open.exec("BEGIN; INSERT INTO shop.t VALUES (2)");
  const uint32_t running = xid_of(open);
  auto over = server_->connect(database_);
  over.exec("BEGIN; INSERT INTO shop.t VALUES (3)");
  const uint32_t committed = xid_of(over);
  over.exec("COMMIT");
  const auto reader = open_reader();
  const auto point = begin(*reader, schema_of("t"));
  ASSERT_TRUE(point);
  open.exec("COMMIT");
  over.exec("BEGIN; INSERT INTO shop.t VALUES (4)");
  const uint32_t later = xid_of(over);
  over.exec("COMMIT");
  EXPECT_EQ(covers(*point, committed), Covers::kYes);
  EXPECT_EQ(covers(*point, running), Covers::kNo);
  EXPECT_EQ(covers(*point, later), Covers::kNo);
  EXPECT_FALSE(point->exact()) << "a writer was in the middle of the table";
  EXPECT_EQ(read(*reader, {}, 10).rows.size(), 2u);
}

TEST_F(PgReader, PlacesAreEndsOfTheLogAroundTheView) {
  sql_->exec("CREATE TABLE t (id int PRIMARY KEY)");
  const Position before = head();
  const auto reader = open_reader();
  const auto point = begin(*reader, schema_of("t"));
  ASSERT_TRUE(point);
  EXPECT_TRUE(point->contains(before)) << point->text();
  EXPECT_TRUE(point->reached_by(head())) << point->text();
  sql_->exec("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(point->contains(head()));
  EXPECT_TRUE(point->passed_by(head()));
  EXPECT_FALSE(point->reached_by(Position("1:0/1")));
}

// A server whose commits wait for a standby that never comes, if a session wants that.
class PgReaderBesideStandby : public PgReader {
 protected:
  static void SetUpTestSuite() {}

  void SetUp() override {
    if (!PostgresServer::unavailable()) {
      server_ =
          new PostgresServer({.synchronous_commit = "local",
                              .wal_level = "logical",
                              .settings = {"synchronous_standby_names = 'nobody'", "max_prepared_transactions = 4"}});
      server_->start();
    }
    PgReader::SetUp();
    if (IsSkipped()) return;
    sql_->exec("CREATE TABLE t (id int PRIMARY KEY)");
    schema_ = schema_of("t");
    writer_.emplace(server_->connect(database_));
    writer_->exec("BEGIN; INSERT INTO shop.t VALUES (1)");
    xid_ = xid_of(*writer_);
  }

  void TearDown() override {
    if (server_ != nullptr) release();
    PgReader::TearDownTestSuite();
  }

  // Runs a statement that waits, and returns when it does.
  void commit_and_wait(const std::string& statement) {
    writer_->exec("SET synchronous_commit = on");
    committer_ = std::jthread([this, statement] { writer_->exec(statement); });
    ASSERT_TRUE(wait_until(deadline_in(20s), [&] {
      return !sql_->query("SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'").empty();
    }));
  }

  void release() {
    server_->exec("ALTER SYSTEM SET synchronous_standby_names = ''");
    server_->exec("SELECT pg_reload_conf()");
    if (committer_.joinable()) committer_.join();
  }

  void expect_doubt(TableReader& reader) {
    const auto point = reader.begin(schema_);
    ASSERT_FALSE(point);
    EXPECT_EQ(point.error().blame(), Blame::kTransient);
    EXPECT_NE(point.error().message().find(cat("transaction ", xid_)), std::string::npos) << point.error().message();
  }

  SchemaRef schema_;
  std::optional<PostgresConnection> writer_;  // in a transaction that has changed t
  uint32_t xid_ = 0;
  std::jthread committer_;
};

TEST_F(PgReaderBesideStandby, hard_case_01_DoesNotContainATransactionThatWaits) {
  commit_and_wait("COMMIT");
  const Position after = head();
  const uint64_t end = *parse_lsn(after.text().substr(2));
  const auto reader = open_reader();
  // Nothing is known of its place: it may lie before whatever the stream was opened at.
  expect_doubt(*reader);
  // The stream has delivered it.
  delivered_->add(xid_, end);
  const auto point = begin(*reader, schema_);
  ASSERT_TRUE(point);
  EXPECT_EQ(covers(*point, xid_), Covers::kNo);
  EXPECT_FALSE(point->contains(after));
  EXPECT_TRUE(point->contains(Position(PgPosition{1, end - 1}.text())));
  EXPECT_TRUE(read(*reader, {}, 10).rows.empty());
  reader->end();
  release();
  EXPECT_EQ(covers(*begin(*reader, schema_), xid_), Covers::kYes);
}

TEST_F(PgReaderBesideStandby, hard_case_01_APreparedTransactionIsInDoubtWhileItsCommitWaits) {
  writer_->exec("PREPARE TRANSACTION 'p'");
  const auto reader = open_reader();
  EXPECT_EQ(covers(*begin(*reader, schema_), xid_), Covers::kNo) << "prepared alone is no reason to wait";
  reader->end();
  commit_and_wait("COMMIT PREPARED 'p'");
  expect_doubt(*reader);
  const Position after = head();
  delivered_->add(xid_, *parse_lsn(after.text().substr(2)));
  EXPECT_FALSE(begin(*reader, schema_)->contains(after));
  reader->end();
  release();
  EXPECT_TRUE(begin(*reader, schema_)->contains(head()));
}

TEST_F(PgReaderBesideStandby, ARoleHasToSeeWhoWaits) {
  writer_->exec("ROLLBACK");
  sql_->exec("CREATE ROLE narrow LOGIN; GRANT USAGE ON SCHEMA shop TO narrow; GRANT SELECT ON t TO narrow");
  const auto reader = open_reader("narrow");
  const auto point = reader->begin(schema_);
  ASSERT_FALSE(point);
  EXPECT_EQ(point.error().blame(), Blame::kConfig);
  EXPECT_NE(point.error().message().find("GRANT pg_read_all_stats"), std::string::npos) << point.error().message();
  sql_->exec("GRANT pg_read_all_stats TO narrow");
  EXPECT_TRUE(begin(*reader, schema_));
}

TEST_F(PgReader, SelectIsAllThatARoleNeeds) {
  sql_->exec(
      "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE ROLE narrow LOGIN; "
      "GRANT USAGE ON SCHEMA shop TO narrow; GRANT SELECT ON t TO narrow");
  auto open = server_->connect(database_);
  open.exec("BEGIN; INSERT INTO shop.t VALUES (2)");
  const uint32_t xid = xid_of(open);
  const SchemaRef schema = schema_of("t");
  const auto reader = open_reader("narrow");
  const auto point = begin(*reader, schema);
  ASSERT_TRUE(point);
  EXPECT_EQ(read(*reader, {}, 10).rows.size(), 1u);
  EXPECT_FALSE(point->exact());
  const Position at = head();
  reader->end();
  // Another role's transaction is known by its id.
  const auto again = begin(*reader, schema);
  EXPECT_TRUE(again->contains(at));
  delivered_->add(xid, 1);
  EXPECT_FALSE(again->contains(at));
  reader->end();
  open.exec("ROLLBACK");
  sql_->exec("DROP OWNED BY narrow; DROP ROLE narrow");
}

TEST_F(PgReader, RowsHiddenByAPolicyAreAnError) {
  sql_->exec(
      "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY; "
      "CREATE ROLE limited LOGIN; GRANT USAGE ON SCHEMA shop TO limited; GRANT SELECT ON t TO limited");
  const auto reader = open_reader("limited");
  begin(*reader, schema_of("t"));
  const auto chunk = reader->read({}, {});
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().blame(), Blame::kConfig) << chunk.error().message();
  reader->end();
  sql_->exec("DROP OWNED BY limited; DROP ROLE limited");
}

TEST_F(PgReader, NoticesAChangedShape) {
  const auto reader = open_reader();
  for (const char* change : {"ALTER TABLE t ADD more int",
                             "ALTER TABLE t DROP v",
                             "ALTER TABLE t ALTER v TYPE varchar(10)",
                             "ALTER TABLE t ALTER v SET NOT NULL",
                             "ALTER TABLE t RENAME v TO w",
                             "ALTER TABLE t DROP CONSTRAINT t_pkey",
                             "ALTER TABLE t RENAME TO other",
                             "ALTER TABLE t SET UNLOGGED",
                             "DROP TABLE t"}) {
    sql_->exec(
        "DROP TABLE IF EXISTS t, other; CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x')");
    const SchemaRef schema = schema_of("t");
    ASSERT_TRUE(begin(*reader, schema)) << change;
    reader->end();
    sql_->exec(change);
    const auto point = reader->begin(schema);
    ASSERT_FALSE(point) << change;
    EXPECT_EQ(point.error().code(), kSchemaChanged) << change << ": " << point.error().message();
    EXPECT_EQ(point.error().blame(), Blame::kTransient);
    EXPECT_EQ(point.error().table(), "shop.t");
    EXPECT_NE(point.error().message().find("shop.t"), std::string::npos);
  }
}

TEST_F(PgReader, NoticesNewLabelsAndChangedKeys) {
  sql_->exec(
      "CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE size AS ENUM ('s'); CREATE DOMAIN size_d AS size; "
      "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL, m mood, d size_d)");
  const auto reader = open_reader();
  for (const char* change : {"ALTER TYPE mood ADD VALUE 'ok'",
                             "ALTER TYPE mood RENAME VALUE 'ok' TO 'happy'",
                             "ALTER TYPE size ADD VALUE 'm'",
                             "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (n)",
                             "ALTER TABLE t DROP CONSTRAINT t_pkey; CREATE UNIQUE INDEX ON t (id)"}) {
    const SchemaRef schema = schema_of("t");
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(begin(*reader, schema)) << change;
      reader->end();
    }
    sql_->exec(change);
    const auto point = reader->begin(schema);
    ASSERT_FALSE(point) << change;
    EXPECT_EQ(point.error().code(), kSchemaChanged) << change;
  }
  // What is no part of the shape changes nothing.
  const SchemaRef schema = schema_of("t");
  ASSERT_TRUE(begin(*reader, schema));
  reader->end();
  sql_->exec("CREATE INDEX ON t (n); ALTER TYPE mood RENAME TO temper; ANALYZE t");
  EXPECT_TRUE(begin(*reader, schema));
}

TEST_F(PgReader, ATruncatedTableIsNotReadUnderAnOlderView) {
  sql_->exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const SchemaRef schema = schema_of("t");
  const auto reader = open_reader();
  begin(*reader, schema);
  auto other = server_->connect(database_);
  other.exec("SET lock_timeout = '100ms'");
  EXPECT_THROW(other.exec("TRUNCATE shop.t"), support::SqlError) << "the view holds the table";
  EXPECT_EQ(read(*reader, {}, 10).rows.size(), 1u);
  other.exec("INSERT INTO shop.t VALUES (2)");
}

TEST_F(PgReader, AViewThatWaitedForATruncateShowsWhatCameAfterIt) {
  sql_->exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  const SchemaRef schema = schema_of("t");
  const auto reader = open_reader();
  auto other = server_->connect(database_);
  other.exec("BEGIN; TRUNCATE shop.t; INSERT INTO shop.t VALUES (5)");
  const uint32_t xid = xid_of(other);
  std::shared_ptr<const ReadPoint> point;
  std::thread waits([&] { point = begin(*reader, schema); });
  EXPECT_TRUE(
      wait_until(deadline_in(20s), [&] { return value_of("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1"; }));
  other.exec("COMMIT");
  waits.join();
  ASSERT_TRUE(point);
  EXPECT_EQ(covers(*point, xid), Covers::kYes);
  const Chunk& chunk = read(*reader, {}, 10);
  ASSERT_EQ(chunk.rows.size(), 1u) << "an older view would show an empty table";
  EXPECT_EQ(chunk.rows[0][0].as_int(), 5);
}

TEST_F(PgReader, GoesOnAfterItsSessionWasLost) {
  sql_->exec("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const SchemaRef schema = schema_of("t");
  const auto reader = open_reader();
  begin(*reader, schema);
  EXPECT_EQ(value_of("SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity WHERE datname = "
                     "current_database() AND pid <> pg_backend_pid()"),
            "1");
  const auto lost = reader->read({}, {});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().blame(), Blame::kTransient) << lost.error().message();
  EXPECT_FALSE(reader->read({}, {}));
  EXPECT_FALSE(reader->read_keys(std::vector<OwnedRow>{int_key(1)}));
  begin(*reader, schema);
  EXPECT_EQ(read(*reader, {}, 10).rows.size(), 1u);
}

TEST_F(PgReader, PartitionsAreReadThroughTheirRootAndHeirsAreNot) {
  sql_->exec(
      "CREATE TABLE parts (id int, k int, PRIMARY KEY (k, id)) PARTITION BY RANGE (k); "
      "CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM (0) TO (10); "
      "CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM (10) TO (100) PARTITION BY LIST (k); "
      "CREATE TABLE parts_c PARTITION OF parts_b DEFAULT; "
      "INSERT INTO parts SELECT i, i % 100 FROM generate_series(1, 1000) i; "
      "CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE heir (extra int, PRIMARY KEY (id)) INHERITS (base); "
      "INSERT INTO base VALUES (1); INSERT INTO heir VALUES (2, 2); ANALYZE");
  EXPECT_EQ(ids_by_chunks("parts", 300).size(), 1000u);
  EXPECT_EQ(ids_by_chunks("base", 300), (std::vector<int64_t>{1}));
  EXPECT_EQ(ids_by_chunks("heir", 300), (std::vector<int64_t>{2}));
  const auto reader = open_reader();
  const auto size = reader->estimate(*schema_of("parts"));
  ASSERT_TRUE(size) << size.error().message();
  EXPECT_EQ(size->rows, 1000u);
  EXPECT_GT(size->bytes, 8192u);
}

TEST_F(PgReader, SplitsLargeTablesByTheirNumbers) {
  sql_->exec(
      "CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t VALUES (-9223372036854775808), (9223372036854775807); "
      "ANALYZE t; CREATE TABLE small (id int PRIMARY KEY)");
  const auto reader = open_reader();
  EXPECT_TRUE(reader->split(*schema_of("small"), 4)->empty());
  EXPECT_TRUE(reader->split(*schema_of("t"), 4)->empty()) << "two rows are not worth it";
  sql_->exec("UPDATE pg_class SET reltuples = 1000000 WHERE relname = 't'");
  const auto cuts = reader->split(*schema_of("t"), 4);
  ASSERT_TRUE(cuts) << cuts.error().message();
  ASSERT_EQ(cuts->size(), 3u);
  EXPECT_EQ((*cuts)[0].row()[0].as_int(), -4611686018427387905);
  EXPECT_LT((*cuts)[1].row()[0].as_int(), 0);
  EXPECT_GT((*cuts)[2].row()[0].as_int(), 4611686018427387000);
}

TEST_F(PgReader, ValuesAreExact) {
  sql_->exec(
      "CREATE TYPE mood AS ENUM ('sad', 'it''s ok'); CREATE DOMAIN price AS numeric(10,2); CREATE TYPE pair AS (a int, "
      "b text)");
  const std::map<std::pair<const char*, const char*>, const char*> values = {
      {{"boolean", "true"}, "bool true"},
      {{"smallint", "-32768"}, "int -32768"},
      {{"integer", "2147483647"}, "int 2147483647"},
      {{"bigint", "-9223372036854775808"}, "int -9223372036854775808"},
      {{"oid", "4294967295"}, "uint 4294967295"},
      {{"real", "'3.4028235e38'"}, "float 3.4028234663852886e+38"},
      {{"double precision", "5e-324"}, "double 5e-324"},
      {{"numeric", "12345678901234567890.1234567890"}, "decimal 12345678901234567890.1234567890"},
      {{"numeric(5,2)", "-1.5"}, "decimal -1.50"},
      {{"price", "7"}, "decimal 7.00"},
      {{"text", "'ä€ '"}, "text 'ä€ '"},
      {{"varchar(5)", "''"}, "text ''"},
      {{"char(3)", "'a'"}, "text 'a  '"},
      {{"name", "'n'"}, "text 'n'"},
      {{"\"char\"", "'c'"}, "text 'c'"},
      {{"mood", "'it''s ok'"}, "text 'it's ok'"},
      {{"text[]", "ARRAY['a', NULL, 'b\"c']"}, "text '{a,NULL,\"b\\\"c\"}'"},
      {{"int4range", "'[1,5)'"}, "text '[1,5)'"},
      {{"pair", "ROW(1, 'x y')"}, "text '(1,\"x y\")'"},
      {{"interval", "'1 mon -2 days 03:04:05.6'"}, "text '1 mon -2 days +03:04:05.6'"},
      {{"inet", "'10.1.2.3/8'"}, "text '10.1.2.3/8'"},
      {{"macaddr", "'08:00:2b:01:02:03'"}, "text '08:00:2b:01:02:03'"},
      {{"timetz", "'23:59:59.5+05:30'"}, "text '23:59:59.5+05:30'"},
      {{"tsvector", "'a b'"}, "text ''a' 'b''"},
      {{"varbit", "'0101'"}, "text '0101'"},
      {{"date", "'9999-12-31'"}, "date 9999-12-31"},
      {{"timestamp(3)", "'2024-02-29 23:59:59.1234'"}, "datetime 2024-02-29 23:59:59.123000"},
      {{"timestamptz", "'2024-03-31 02:30:00+02'"}, "timestamp 2024-03-31 00:30:00Z"},
      {{"json", "' {\"b\":1, \"b\":2}'"}, "json ' {\"b\":1, \"b\":2}'"},
      {{"jsonb", "'{\"b\":1, \"b\":2}'"}, "json '{\"b\": 2}'"},
      {{"integer", "NULL"}, "null NULL"},
  };
  for (const auto& [given, wanted] : values) EXPECT_EQ(only_value(given.first, given.second), wanted) << given.first;
}

TEST_F(PgReader, ValuesThatAreNotTheirTextAreExact) {
  sql_->exec(
      "CREATE TABLE t (b bytea, bits bit(5), t time, u uuid); "
      "INSERT INTO t VALUES ('\\x00ff', '10101', '24:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')");
  const auto reader = open_reader();
  begin(*reader, schema_of("t"));
  const Chunk& chunk = read(*reader, {}, 1);
  ASSERT_EQ(chunk.rows.size(), 1u);
  const Row row = chunk.rows[0];
  EXPECT_TRUE(row[0].same(Value::bytes({"\0\xff", 2})));
  EXPECT_TRUE(row[1].same(Value::bits(21, 5)));
  EXPECT_TRUE(row[2].same(Value::time(86400000000, 6)));
  EXPECT_TRUE(row[3].same(Value::uuid("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11")));
}

TEST_F(PgReader, ValuesThatNoKindHasAreText) {
  sql_->exec(
      "CREATE TABLE t (id int PRIMARY KEY, d date); INSERT INTO t VALUES (41, '0044-03-15 BC'), (42, 'infinity')");
  const auto reader = open_reader();
  begin(*reader, schema_of("t"));
  const auto chunk = reader->read({}, {});
  ASSERT_TRUE(chunk) << chunk.error().message();
  ASSERT_EQ(chunk->rows.size(), 2u);
  EXPECT_EQ(describe(chunk->rows[0]), "(41, '0044-03-15 BC')");
  EXPECT_EQ(describe(chunk->rows[1]), "(42, 'infinity')");
}

TEST_F(PgReader, TheCatalogueListsWhatIsInTheLog) {
  sql_->exec(
      "CREATE TABLE plain (id int PRIMARY KEY); CREATE UNLOGGED TABLE unlogged (id int); CREATE TEMP TABLE temporary "
      "(id int); "
      "CREATE VIEW seen AS SELECT 1 AS one; CREATE SCHEMA _weft; CREATE TABLE _weft.progress_log (id int); "
      "CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parts DEFAULT; "
      "CREATE TABLE public.\"Odd name\" (\"a b\" int)");
  const auto session = open_session();
  const auto tables = load_tables(*session);
  ASSERT_TRUE(tables) << tables.error().message();
  std::string names;
  for (const CatalogueTable& table : *tables) names += table.schema->name.text() + (table.partitioned ? "* " : " ");
  EXPECT_EQ(names, "public.Odd name shop.parts* shop.plain ");
  EXPECT_TRUE(load_table(*session, {"shop", "gone"})->empty());
}

TEST_F(PgReader, TheCatalogueDescribesColumns) {
  sql_->exec(
      "CREATE DOMAIN inner_d AS varchar(7); CREATE DOMAIN outer_d AS inner_d; CREATE TYPE mood AS ENUM ('sad', 'ok'); "
      "ALTER TYPE mood ADD VALUE 'happy' BEFORE 'ok'; "
      "CREATE TABLE t (gone int, id serial, n int NOT NULL GENERATED BY DEFAULT AS IDENTITY, d outer_d, m mood, "
      "g int GENERATED ALWAYS AS (id * 2) STORED, p numeric(10,2), other int DEFAULT nextval('t_id_seq'), b bit(3))");
  sql_->exec("ALTER TABLE t DROP gone");
  const CatalogueTable t = described("t");
  ASSERT_EQ(t.schema->columns.size(), 8u);
  const std::vector<Column>& c = t.schema->columns;
  EXPECT_TRUE(c[0].identity && !c[0].nullable) << "serial";
  EXPECT_TRUE(c[1].identity);
  EXPECT_EQ(c[2].source_type, "shop.outer_d");
  EXPECT_EQ(c[2].length, 7u);
  EXPECT_EQ(t.cast_types[2], "character varying");
  EXPECT_EQ(c[3].labels, (std::vector<std::string>{"sad", "happy", "ok"}));
  EXPECT_TRUE(c[4].generated);
  EXPECT_FALSE(c[4].identity);
  EXPECT_EQ(c[5].precision, 10);
  EXPECT_EQ(c[5].source_type, "numeric(10,2)");
  EXPECT_FALSE(c[6].identity) << "another column's sequence";
  EXPECT_EQ(t.cast_types[7], "\"bit\"");
  EXPECT_TRUE(t.schema->keyless());
}

TEST_F(PgReader, TheCatalogueFindsTheKey) {
  using Ordinals = std::vector<uint16_t>;
  sql_->exec("CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  const std::string columns = "(gone int, a int NOT NULL, b int NOT NULL, c int, t text COLLATE ci NOT NULL";

  struct Case {
    const char* more;
    const char* then;
    Ordinals key;
    char identity;
    Ordinals identity_columns;
  };

  const std::vector<Case> cases = {
      {", PRIMARY KEY (b, a)", "", {1, 0}, 'd', {1, 0}},
      {", PRIMARY KEY (a) INCLUDE (b)", "", {0}, 'd', {0}},
      {", UNIQUE (c), UNIQUE (b)", "", {1}, 'd', {}},
      {", UNIQUE (b) DEFERRABLE, UNIQUE (a)", "", {0}, 'd', {}},
      {", PRIMARY KEY (a) DEFERRABLE", "", {0}, 'd', {}},
      {"", "CREATE UNIQUE INDEX ON t (a) WHERE b > 0; CREATE UNIQUE INDEX ON t ((a + 1))", {}, 'd', {}},
      {"", "CREATE UNIQUE INDEX ON t (t COLLATE \"C\")", {}, 'd', {}},
      {"", "CREATE UNIQUE INDEX ON t (t)", {3}, 'd', {}},
      {", PRIMARY KEY (a), UNIQUE (b)", "ALTER TABLE t REPLICA IDENTITY USING INDEX t_b_key", {0}, 'i', {1}},
      {", UNIQUE (a), UNIQUE (b)", "ALTER TABLE t REPLICA IDENTITY USING INDEX t_b_key", {1}, 'i', {1}},
      {", PRIMARY KEY (a)", "ALTER TABLE t REPLICA IDENTITY FULL", {0}, 'f', {0, 1, 2, 3}},
      {", PRIMARY KEY (a)", "ALTER TABLE t REPLICA IDENTITY NOTHING", {0}, 'n', {}},
  };
  for (const Case& c : cases) {
    sql_->exec(cat("DROP TABLE IF EXISTS t; CREATE TABLE t ", columns, c.more, "); ALTER TABLE t DROP gone"));
    if (*c.then != '\0') sql_->exec(c.then);
    const CatalogueTable t = described("t");
    EXPECT_EQ(t.schema->key, c.key) << c.more << c.then;
    EXPECT_EQ(t.identity, c.identity) << c.more << c.then;
    EXPECT_EQ(t.identity_columns, c.identity_columns) << c.more << c.then;
  }
}

TEST_F(PgReader, TheCatalogueTellsUniqueAndForeignKeys) {
  sql_->exec(
      "CREATE TABLE parent (a int, gone int, b int, PRIMARY KEY (b, a)); ALTER TABLE parent DROP gone; "
      "CREATE TABLE child (id int PRIMARY KEY, x int, y int UNIQUE, z int, UNIQUE (z, x), "
      "CONSTRAINT to_parent FOREIGN KEY (y, x) REFERENCES parent (b, a) ON DELETE CASCADE ON UPDATE SET NULL, "
      "CONSTRAINT to_self FOREIGN KEY (z) REFERENCES child)");
  const SchemaRef child = schema_of("child");
  EXPECT_EQ(child->unique_keys, (std::vector<std::vector<uint16_t>>{{2}, {3, 1}}));
  ASSERT_EQ(child->foreign_keys.size(), 2u);
  const ForeignKey& key = child->foreign_keys[0];
  EXPECT_EQ(key.name, "to_parent");
  EXPECT_EQ(key.parent.text(), "shop.parent");
  EXPECT_EQ(key.columns, (std::vector<uint16_t>{2, 1}));
  EXPECT_EQ(key.parent_columns, (std::vector<std::string>{"b", "a"}));
  EXPECT_FALSE(key.acts());
  EXPECT_EQ(child->foreign_keys[1].parent.text(), "shop.child");
}

}  // namespace
}  // namespace weft::postgres
