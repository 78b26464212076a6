// SPDX-License-Identifier: Apache-2.0
// PostgreSQL to PostgreSQL: what the source holds and does is what the target holds, for every kind of key, common type and
// shape of a transaction.
#include "live/postgres_pair_fixture.h"
#include "live/rig.h"
#include "live/transfers.h"

namespace weft::live {
namespace {

using namespace std::chrono_literals;

// The last two know their rows by all of them, and by an index that is not the primary key.
constexpr const char* kKeys =
    "CREATE TABLE ints (id bigint PRIMARY KEY, v text);"
    "CREATE TABLE texts (w text PRIMARY KEY, n int);"
    "CREATE TABLE composites (a int, b varchar(20), v numeric(10,2), PRIMARY KEY (b, a));"
    "CREATE TABLE uuids (id uuid PRIMARY KEY, v text);"
    "CREATE TABLE bag (x int, y text); ALTER TABLE bag REPLICA IDENTITY FULL;"
    "CREATE TABLE coded (id int PRIMARY KEY, code text NOT NULL UNIQUE, v text);"
    "ALTER TABLE coded REPLICA IDENTITY USING INDEX coded_code_key";

constexpr const char* kTypes =
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'so glad'); CREATE DOMAIN small_text AS varchar(12) CHECK (VALUE = "
    "lower(VALUE));"
    "CREATE TABLE types (id int PRIMARY KEY, i2 smallint, i4 int, i8 bigint, n numeric, n2 numeric(12,3), f4 real,"
    " f8 double precision, b boolean, v varchar(30), c char(7), t text, ts timestamp, ts3 timestamp(3), tz timestamptz,"
    " d date, tm time, by bytea, j json, jb jsonb, u uuid, ta text[], ia int[], ip inet, iv interval, m mood, bt "
    "bit(5),"
    " dm small_text)";

// Ordinary values, extreme ones, empty ones, none, and some hundred made up.
const std::string kTypeRows = R"sql(
INSERT INTO types VALUES
 (1, 1, 2, 3, 12.50, 12.5, 1.5, 0.1, true, 'grün', 'ab', E'line\n\ttab \\ "quoted" ''q''', '2024-02-29 12:34:56.789',
  '2024-02-29 12:34:56.789', '2024-07-01 12:00:00+02', '2024-02-29', '12:34:56.000001', '\x00ff27',
  '{"a" :  [1, null, "\u00e9"], "a": 2}', '{"b": 1.50, "a": "x"}', '00112233-4455-6677-8899-aabbccddeeff',
  '{a,"b,c",NULL,"q\"uote","back\\slash","",nUll}', '{{1,2},{3,NULL}}', '10.1.2.3/24', '1 year 2 mons -3 days 04:05:06.7',
  'so glad', B'10101', 'lower'),
 (2, -32768, -2147483648, -9223372036854775808, -0.00000000000000000001, 999999999.999, '3.4028235e38',
  '1.7976931348623157e308', false, repeat('x', 30), '       ', '漢字 😀', '9999-12-31 23:59:59.999999',
  '0001-01-01 00:00:00', '0001-01-01 00:00:00+00', '9999-12-31', '23:59:59.999999', decode(repeat('00', 3000), 'hex'),
  '[]', '{}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '[5:6]={x,y}', '[-1:0]={7,8}', '2001:db8::1/64', '-178000 years',
  'sad', B'00000', 'x'),
 (3, 32767, 2147483647, 9223372036854775807, 123456789012345678901234567890.123456789, -0.001, '1e-45', '5e-324', NULL,
  '', '', '', '1970-01-01 00:00:00', '1969-12-31 23:59:59.999', '9999-12-31 23:59:59.999999+00', '0001-01-01', '00:00:00',
  '', '""', 'null', '00000000-0000-0000-0000-000000000000', '{}', '{}', '0.0.0.0/0', '0', 'ok', B'11111', '');
INSERT INTO types (id) VALUES (4);
INSERT INTO types (id, ts, ts3, tz, d) VALUES (8, 'infinity', '-infinity', '-infinity', 'infinity'), (9, '-infinity', NULL, 'infinity', '-infinity');
INSERT INTO types (id, n, f4, f8) VALUES (5, 'NaN', 'NaN', '-Infinity'), (6, 0.000, '-0', '-0'), (7, 1e20, 1e10, 1e15);
INSERT INTO types (id, i8, n, f8, t, tz, jb, u, ta, by) SELECT g, g * 1000000007::bigint, g / 7.0, g / 7.0::float8, repeat('t', g),
  timestamptz '2024-01-01 00:00:00+00' + g * interval '1.000001 hour', jsonb_build_object('g', g, 'a', array[g, g]),
  md5(g::text)::uuid, array[g::text, NULL], decode(md5(g::text), 'hex') FROM generate_series(10, 300) g)sql";

constexpr const char* kKeyRows =
    "INSERT INTO ints SELECT g * 3, 'v' || g FROM generate_series(-300, 300) g;"
    "INSERT INTO texts SELECT w, 1 FROM unnest(array['ant', 'Ant', 'ANT ', 'ant ', '', 'über', '漢', '''q', '\\']) w;"
    "INSERT INTO composites SELECT g % 7, 'b' || g, g / 3.0 FROM generate_series(1, 200) g;"
    "INSERT INTO uuids SELECT md5(g::text)::uuid, g FROM generate_series(1, 200) g;"
    "INSERT INTO bag VALUES (1, 'a'), (1, 'a'), (1, 'a'), (2, NULL), (NULL, NULL), (NULL, NULL);"
    "INSERT INTO coded SELECT g, 'code' || g, 'v' FROM generate_series(1, 50) g";

constexpr const char* kKeyChanges =
    "UPDATE ints SET v = NULL WHERE id % 2 = 0; DELETE FROM ints WHERE id > 600; INSERT INTO ints VALUES (1, 'new');"
    "UPDATE texts SET n = 2 WHERE w = 'ant'; DELETE FROM texts WHERE w = 'Ant'; INSERT INTO texts VALUES ('aNT', 3);"
    "UPDATE composites SET v = -v WHERE a = 3; DELETE FROM composites WHERE b = 'b8';"
    "UPDATE uuids SET v = v || 'x' WHERE v < '2'; DELETE FROM uuids WHERE v = '7';"
    "UPDATE bag SET y = 'b' WHERE ctid = (SELECT ctid FROM bag WHERE y = 'a' LIMIT 1);"
    "DELETE FROM bag WHERE ctid = (SELECT ctid FROM bag WHERE x IS NULL LIMIT 1);"
    "UPDATE coded SET v = 'w' WHERE id < 9; UPDATE coded SET code = 'other' WHERE id = 2; DELETE FROM coded WHERE id = "
    "3;"
    "UPDATE coded SET id = 400 WHERE id = 4";

constexpr const char* kTypeChanges =
    "UPDATE types SET j = '[1,  2]', ta = ta || '{z}' WHERE id = 1; UPDATE types SET dm = NULL, ts = NULL WHERE id = 2;"
    "UPDATE types SET m = 'ok', n = 0, bt = B'00001', iv = '1 day', ip = '::1' WHERE id = 4; DELETE FROM types WHERE "
    "id = 3;"
    "UPDATE types SET f8 = f8 + 1, tz = tz + interval '1 us', by = by || '\\x00' WHERE id >= 10";

class PostgresPairs : public PostgresPairFixture {
 protected:
  // Tables of documents, each with a value of 30 kB that no page holds; one of them has no key.
  void make_documents() {
    both(
        "CREATE TABLE docs (id int PRIMARY KEY, title text, body text); ALTER TABLE docs ALTER body SET STORAGE "
        "EXTERNAL;"
        "CREATE TABLE loose_docs (id int, title text, body text); ALTER TABLE loose_docs ALTER body SET STORAGE "
        "EXTERNAL;"
        "ALTER TABLE loose_docs REPLICA IDENTITY FULL");
    source(
        "INSERT INTO docs SELECT g, 'title ' || g, repeat(md5(g::text), 1000) FROM generate_series(1, 20) g;"
        "INSERT INTO loose_docs SELECT * FROM docs");
  }
};

TEST_F(PostgresPairs, EveryTypeAndKeyIsEqualAfterTheSnapshot) {
  both(kKeys);
  both(kTypes);
  source(kKeyRows);
  source(kTypeRows);
  const WeftResult result = run_until_now();
  ASSERT_EQ(result.code, 0) << result.out;
  EXPECT_TRUE(pair_->equal());
}

TEST_F(PostgresPairs, EveryTypeIsEqualAfterTheStream) {
  both(kTypes);
  WeftProcess weft = streaming();
  source(kTypeRows);
  EXPECT_TRUE(becomes_equal(weft));
  source(kTypeChanges);
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, RowsOfEveryKeyAreEqualAfterTheStream) {
  both(kKeys);
  WeftProcess weft = streaming();
  source(kKeyRows);
  EXPECT_TRUE(becomes_equal(weft));
  source(kKeyChanges);
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, ALargeValueThatDidNotChangeStaysAsItIs) {
  make_documents();
  WeftProcess weft = streaming();
  source("UPDATE docs SET title = 'new' WHERE id < 5; UPDATE loose_docs SET title = 'new' WHERE id < 5");
  EXPECT_TRUE(becomes_equal(weft));
  source(
      "UPDATE docs SET body = body || 'x' WHERE id = 1; UPDATE docs SET title = 'then' WHERE id = 1;"
      "INSERT INTO docs SELECT 30, 'made', body FROM docs WHERE id = 2; UPDATE docs SET title = 'at once' WHERE id = "
      "30");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, AKeyThatChangesMovesItsRow) {
  both(kKeys);
  source(kKeyRows);
  WeftProcess weft = streaming();
  source(
      "UPDATE ints SET id = id + 10000; UPDATE texts SET w = w || '!'; UPDATE composites SET a = a + 10 WHERE a = 1;"
      "UPDATE uuids SET id = md5(id::text)::uuid WHERE v < '3'");
  source("BEGIN; UPDATE ints SET id = 1 WHERE id = 10003; UPDATE ints SET id = 2 WHERE id = 1; COMMIT");
  source("BEGIN; UPDATE ints SET id = 0 WHERE id = 10006; UPDATE ints SET id = 10006 WHERE id = 10009; COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, AKeyThatChangesTakesALargeUnchangedValueAlong) {
  make_documents();
  WeftProcess weft = streaming();
  source("UPDATE docs SET id = id + 100 WHERE id < 10; UPDATE loose_docs SET id = id + 100 WHERE id < 10");
  source("BEGIN; UPDATE docs SET id = 200 WHERE id = 101; UPDATE docs SET title = 'then' WHERE id = 200; COMMIT");
  source("BEGIN; UPDATE docs SET id = 0 WHERE id = 102; UPDATE docs SET id = 102 WHERE id = 103; COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, ATruncatedTableIsEmpty) {
  WeftProcess weft = streaming();
  source("TRUNCATE t");
  EXPECT_TRUE(becomes_equal(weft));
  source("BEGIN; INSERT INTO t VALUES (3, 'gone'); TRUNCATE t; INSERT INTO t VALUES (4, 'stays'); COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "4,stays");
}

TEST_F(PostgresPairs, TablesThatAreTruncatedTogetherAreEmpty) {
  both(
      "CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES "
      "parents)");
  const std::string family = "INSERT INTO parents VALUES (1), (2); INSERT INTO children VALUES (1, 1), (2, 1), (3, 2)";
  source(family);
  WeftProcess weft = streaming();
  source("TRUNCATE children, parents");
  EXPECT_TRUE(becomes_equal(weft));
  source(family);
  source("TRUNCATE parents CASCADE");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows("children"), "");
}

TEST_F(PostgresPairs, WhatWasRolledBackToASavepointNeverWas) {
  WeftProcess weft = streaming();
  source(
      "BEGIN; INSERT INTO t VALUES (3, 'kept'); SAVEPOINT a; DELETE FROM t; INSERT INTO t VALUES (1, 'never');"
      "SAVEPOINT b; TRUNCATE t; ROLLBACK TO a; UPDATE t SET v = 'kept too' WHERE id = 1; SAVEPOINT c;"
      "INSERT INTO t VALUES (4, 'kept'); RELEASE c; COMMIT");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,kept too|2,two|3,kept|4,kept");
}

TEST_F(PostgresPairs, ATransactionThatWasRolledBackChangesNothing) {
  WeftProcess weft = streaming();
  source("BEGIN; DELETE FROM t; INSERT INTO t SELECT g, 'never' FROM generate_series(1, 20000) g; ROLLBACK");
  EXPECT_TRUE(becomes_equal(weft));
  EXPECT_EQ(rows(), "1,one|2,two");
}

// Larger than the budget and than the memory in which the source decodes it.
TEST_F(PostgresPairs, HardCase27ALargeTransactionIsSeenWholeOrNotAtAll) {
  both("CREATE TABLE large (id int PRIMARY KEY, v text)");
  WeftProcess weft = streaming({"--memory", "8MiB"});
  source("INSERT INTO large SELECT g, repeat('x', g % 300) FROM generate_series(1, 100000) g");
  auto session = pair_->target_session();
  std::string seen;
  EXPECT_TRUE(support::wait_until(deadline_in(120s), [&] {
    seen = support::single_value(session.query("SELECT count(*) FROM large"));
    return seen != "0";
  })) << weft.log_tail();
  EXPECT_EQ(seen, "100000");
  source("UPDATE large SET v = 'y'");
  EXPECT_TRUE(becomes_equal(weft, 120s));
}

TEST_F(PostgresPairs, RowsThatAreWrittenWhileTheSnapshotRunsAreEqual) {
  Transfers transfers(*pair_, test_seed());
  source("INSERT INTO bulk SELECT g, 'old' FROM generate_series(100001, 250000) g");
  transfers.start();
  WeftProcess weft = streaming();
  transfers.stop();
  EXPECT_EQ(transfers.trouble(), "");
  EXPECT_GT(transfers.committed(), 0u);
  EXPECT_TRUE(becomes_equal(weft));
}

TEST_F(PostgresPairs, UntilNowEndsWithAllThatWasThere) {
  const WeftResult copied = run_until_now();
  ASSERT_EQ(copied.code, 0) << copied.out;
  EXPECT_EQ(rows(), "1,one|2,two");
  source("INSERT INTO t VALUES (3, 'three'); DELETE FROM t WHERE id = 1");
  const WeftResult followed = run_until_now();
  ASSERT_EQ(followed.code, 0) << followed.out;
  EXPECT_EQ(rows(), "2,two|3,three");
  const WeftResult idle = run_until_now();
  EXPECT_EQ(idle.code, 0) << idle.out;
}

}  // namespace
}  // namespace weft::live
