// SPDX-License-Identifier: Apache-2.0
// Snapshot and stream give the same Values, for every type (docs/types/mysql.md).
#include "live/mysql_source_fixture.h"

namespace weft::live {
namespace {

struct TypeCase {
  const char* name;
  const char* type;
  Lines values;  // SQL expressions; NULL comes on top
};

// Types of both servers.
std::vector<TypeCase> common_types() {
  return {
      {"tiny", "TINYINT", {"-128", "127", "0"}},
      {"utiny", "TINYINT UNSIGNED", {"255", "0"}},
      {"truth", "TINYINT(1)", {"1", "5"}},
      {"small", "SMALLINT", {"-32768", "32767"}},
      {"usmall", "SMALLINT UNSIGNED ZEROFILL", {"65535", "7"}},
      {"medium", "MEDIUMINT", {"-8388608", "8388607"}},
      {"umedium", "MEDIUMINT UNSIGNED", {"16777215"}},
      {"normal", "INT", {"-2147483648", "2147483647"}},
      {"unormal", "INT UNSIGNED", {"4294967295"}},
      {"big", "BIGINT", {"-9223372036854775808", "9223372036854775807"}},
      {"ubig", "BIGINT UNSIGNED", {"18446744073709551615"}},
      {"dec", "DECIMAL(12,3)", {"-123456789.125", "0", "0.001", "-0.5", "999999999.999"}},
      {"decwide", "DECIMAL(65,30)", {"-12345678901234567890123456789012345.123456789012345678901234567890", "1"}},
      {"decwhole", "DECIMAL(20,0)", {"-12345678901234567890", "0"}},
      {"deczero", "DECIMAL(8,2) UNSIGNED ZEROFILL", {"1.5", "0"}},
      {"fl", "FLOAT", {"1.1", "16777217", "-0.0", "3.4e38", "1.5e-45"}},
      {"dbl", "DOUBLE", {"1.1", "-1.7976931348623157e308", "4.9e-324", "-0.0"}},
      {"bits", "BIT(1)", {"b'1'", "b'0'"}},
      {"bitsten", "BIT(10)", {"b'1000000001'"}},
      {"bitsmax", "BIT(64)", {"0xffffffffffffffff", "1"}},
      {"day", "DATE", {"'2024-02-29'", "'0000-00-00'", "'2024-00-00'", "'9999-12-31'", "'0001-01-01'"}},
      {"dt", "DATETIME", {"'2024-02-29 23:59:58'", "'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'"}},
      {"dtthree", "DATETIME(3)", {"'2024-02-29 23:59:58.123'", "'2024-02-29'"}},
      {"dtsix", "DATETIME(6)", {"'9999-12-31 23:59:59.999999'", "'2024-01-01 00:00:00.000001'"}},
      {"ts", "TIMESTAMP", {"'2024-02-29 23:59:58'", "'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'"}},
      {"tsfive", "TIMESTAMP(5)", {"'2024-02-29 23:59:58.12345'", "'2038-01-19 03:14:07.00001'"}},
      {"tim", "TIME", {"'838:59:59'", "'-838:59:59'", "'00:00:00'", "'-00:00:01'"}},
      {"timthree", "TIME(3)", {"'-12:34:56.789'", "'838:59:58.999'", "'-00:00:00.001'"}},
      {"timsix", "TIME(6)", {"'-12:34:56.000001'", "'01:02:03.4'"}},
      {"yr", "YEAR", {"1901", "2155", "0"}},
      {"ch", "CHAR(10)", {"'abc'", "'ä€😀'", "''", "'x   '"}},
      {"chl", "CHAR(10) CHARACTER SET latin1", {"'äöü€'"}},
      {"chbin", "CHAR(4) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", {"'a'"}},
      {"vc", "VARCHAR(300)", {"'abc'", "'ä€😀'", "''", "'trailing  '", "REPEAT('x',300)"}},
      {"vcl", "VARCHAR(20) CHARACTER SET latin1", {"'äöü€'"}},
      {"vcu", "VARCHAR(20) CHARACTER SET utf16", {"'ä€😀'"}},
      {"vcs", "VARCHAR(20) CHARACTER SET sjis", {"_utf8mb4'日本'"}},
      {"ttxt", "TINYTEXT", {"'tiny ä'"}},
      {"txt", "TEXT", {"'text ä'", "REPEAT('y',5000)"}},
      {"mtxt", "MEDIUMTEXT", {"REPEAT('z',100000)"}},
      {"ltxt", "LONGTEXT", {"'long'"}},
      {"txtl", "TEXT CHARACTER SET latin1", {"'äöü€'"}},
      {"en", "ENUM('small','it''s','back\\\\slash','ä')", {"'it''s'", "4", "'back\\\\slash'", "''"}},
      {"st", "SET('r','w','ä','z')", {"'r,z'", "''", "'ä,w'"}},
      {"bin", "BINARY(6)", {"'ab'", "0x000102030000", "''"}},
      {"vbin", "VARBINARY(20)", {"0x00ff00", "''", "'x'"}},
      {"tblob", "TINYBLOB", {"0x00"}},
      {"blb", "BLOB", {"REPEAT(0xff,3000)", "''"}},
      {"mblob", "MEDIUMBLOB", {"REPEAT(0xfe,70000)"}},
      {"lblob", "LONGBLOB", {"0x0102"}},
      {"geo", "GEOMETRY", {"ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"}},
      {"pnt", "POINT", {"ST_GeomFromText('POINT(-1.5 2.25)', 4326)"}},
      {"gcol", "GEOMETRYCOLLECTION", {"ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')"}},
      {"js", "JSON", {R"('{"a":[1,2.50,null,true],"b":"ä\\n\\u0001"}')", "'[]'", "'1e3'", "'\"x\"'"}},
  };
}

std::vector<TypeCase> types_of(bool mariadb) {
  std::vector<TypeCase> types = common_types();
  if (mariadb) {
    types.push_back(
        {"uid", "UUID", {"'123e4567-e89b-12d3-a456-426614174000'", "'00000000-0000-0000-0000-000000000000'"}});
    types.push_back({"ip4", "INET4", {"'1.2.3.4'", "'0.0.0.0'", "'255.255.255.0'"}});
    types.push_back(
        {"ip6", "INET6", {"'2001:db8::ff00:42:8329'", "'::'", "'::1'", "'::ffff:1.2.3.4'", "'fe80:0:0:1::'"}});
    types.push_back({"vcc", "VARCHAR(1000) COMPRESSED", {"REPEAT('ab',400)", "'short'", "''"}});
    types.push_back({"txc", "TEXT COMPRESSED", {"REPEAT('cd',4000)"}});
  } else {
    types.push_back({"vec", "VECTOR(3)", {"STRING_TO_VECTOR('[1,2.5,-3]')"}});
    types.push_back(
        {"jsbig",
         "JSON",
         {"JSON_OBJECT('d', CAST('2024-02-29 01:02:03.5' AS DATETIME(6)), 'n', 1.10, 'b', 18446744073709551615)"}});
  }
  return types;
}

using TypesTest = MysqlSource;

// Rows are there before and come again by the stream, through UPDATEs that touch one column only.
void check_types(support::BinlogServer& server,
                 TestSource& source,
                 const std::vector<TypeCase>& types,
                 const std::function<Lines(const std::string&)>& copy) {
  for (const TypeCase& t : types) {
    const std::string table = cat("t_", t.name);
    source.batches.clear();
    std::string values = "(1, NULL)";
    for (size_t i = 0; i < t.values.size(); ++i) values += cat(", (", i + 2, ", ", t.values[i], ")");
    server.exec(cat("INSERT IGNORE INTO ", table, " VALUES ", values));
    const Lines streamed_lines = source.drain(t.values.size() + 1);
    Lines streamed;
    for (const Batch& batch : source.batches) {
      for (const Transaction& tx : batch.transactions()) {
        for (const Change& change : tx.changes) {
          if (const auto* row = std::get_if<RowChange>(&change)) streamed.push_back(exact(row->after));
        }
      }
    }
    EXPECT_EQ(streamed, copy(table)) << t.type;
    EXPECT_EQ(streamed.size(), t.values.size() + 1) << t.type << ": " << testing::PrintToString(streamed_lines);
  }
}

void create_tables(support::BinlogServer& server, const std::vector<TypeCase>& types) {
  server.exec("SET sql_mode=''");
  for (const TypeCase& t : types) {
    server.exec(cat(
        "CREATE TABLE t_", t.name, " (id INT PRIMARY KEY, v ", t.type, " NULL DEFAULT NULL) CHARACTER SET utf8mb4"));
  }
}

TEST_P(TypesTest, SnapshotAndStreamGiveTheSameValues) {
  serve();
  if (IsSkipped()) return;
  const std::vector<TypeCase> types = types_of(mariadb());
  create_tables(*server, types);
  TestSource source(*server);
  source.start();
  check_types(*server, source, types, [&](const std::string& table) { return copy(source, table, 1000); });
}

TEST_P(TypesTest, AlsoWithoutMetadataInTheLog) {
  serve({.row_metadata = GetParam() == Engine::kMariaDb ? "NO_LOG" : "MINIMAL"});
  if (IsSkipped()) return;
  const std::vector<TypeCase> types = types_of(mariadb());
  create_tables(*server, types);
  TestSource source(*server);
  source.start();
  check_types(*server, source, types, [&](const std::string& table) { return copy(source, table, 2); });
}

INSTANTIATE_TEST_SUITE_P(Servers, TypesTest, testing::Values(Engine::kMariaDb, Engine::kMySql), engine_of);

}  // namespace
}  // namespace weft::live
