// SPDX-License-Identifier: Apache-2.0
// Tables of every kind of key and of every common type of PostgreSQL, rows for them, and changes of these rows, as SQL for both
// or one side of a PostgresPair. Constants.
#pragma once

#include <string>

namespace weft::live {

// The last two know their rows by all of them, and by an index that is not the primary key.
inline constexpr const char* kKeys =
    "CREATE TABLE ints (id bigint PRIMARY KEY, v text);"
    "CREATE TABLE texts (w text PRIMARY KEY, n int);"
    "CREATE TABLE composites (a int, b varchar(20), v numeric(10,2), PRIMARY KEY (b, a));"
    "CREATE TABLE uuids (id uuid PRIMARY KEY, v text);"
    "CREATE TABLE bag (x int, y text); ALTER TABLE bag REPLICA IDENTITY FULL;"
    "CREATE TABLE coded (id int PRIMARY KEY, code text NOT NULL UNIQUE, v text);"
    "ALTER TABLE coded REPLICA IDENTITY USING INDEX coded_code_key";

inline constexpr const char* kTypes =
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'so glad'); CREATE DOMAIN small_text AS varchar(12) CHECK (VALUE = "
    "lower(VALUE));"
    "CREATE TABLE types (id int PRIMARY KEY, i2 smallint, i4 int, i8 bigint, n numeric, n2 numeric(12,3), f4 real,"
    " f8 double precision, b boolean, v varchar(30), c char(7), t text, ts timestamp, ts3 timestamp(3), tz timestamptz,"
    " d date, tm time, by bytea, j json, jb jsonb, u uuid, ta text[], ia int[], ip inet, iv interval, m mood, bt "
    "bit(5),"
    " dm small_text)";

// Ordinary values, extreme ones, empty ones, none, and some hundred made up.
inline const std::string kTypeRows = R"sql(
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

inline constexpr const char* kKeyRows =
    "INSERT INTO ints SELECT g * 3, 'v' || g FROM generate_series(-300, 300) g;"
    "INSERT INTO texts SELECT w, 1 FROM unnest(array['ant', 'Ant', 'ANT ', 'ant ', '', 'über', '漢', '''q', '\\']) w;"
    "INSERT INTO composites SELECT g % 7, 'b' || g, g / 3.0 FROM generate_series(1, 200) g;"
    "INSERT INTO uuids SELECT md5(g::text)::uuid, g FROM generate_series(1, 200) g;"
    "INSERT INTO bag VALUES (1, 'a'), (1, 'a'), (1, 'a'), (2, NULL), (NULL, NULL), (NULL, NULL);"
    "INSERT INTO coded SELECT g, 'code' || g, 'v' FROM generate_series(1, 50) g";

inline constexpr const char* kKeyChanges =
    "UPDATE ints SET v = NULL WHERE id % 2 = 0; DELETE FROM ints WHERE id > 600; INSERT INTO ints VALUES (1, 'new');"
    "UPDATE texts SET n = 2 WHERE w = 'ant'; DELETE FROM texts WHERE w = 'Ant'; INSERT INTO texts VALUES ('aNT', 3);"
    "UPDATE composites SET v = -v WHERE a = 3; DELETE FROM composites WHERE b = 'b8';"
    "UPDATE uuids SET v = v || 'x' WHERE v < '2'; DELETE FROM uuids WHERE v = '7';"
    "UPDATE bag SET y = 'b' WHERE ctid = (SELECT ctid FROM bag WHERE y = 'a' LIMIT 1);"
    "DELETE FROM bag WHERE ctid = (SELECT ctid FROM bag WHERE x IS NULL LIMIT 1);"
    "UPDATE coded SET v = 'w' WHERE id < 9; UPDATE coded SET code = 'other' WHERE id = 2; DELETE FROM coded WHERE id = "
    "3;"
    "UPDATE coded SET id = 400 WHERE id = 4";

inline constexpr const char* kTypeChanges =
    "UPDATE types SET j = '[1,  2]', ta = ta || '{z}' WHERE id = 1; UPDATE types SET dm = NULL, ts = NULL WHERE id = 2;"
    "UPDATE types SET m = 'ok', n = 0, bt = B'00001', iv = '1 day', ip = '::1' WHERE id = 4; DELETE FROM types WHERE "
    "id = 3;"
    "UPDATE types SET f8 = f8 + 1, tz = tz + interval '1 us', by = by || '\\x00' WHERE id >= 10";

}  // namespace weft::live
