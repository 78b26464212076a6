// SPDX-License-Identifier: Apache-2.0
// The binary encoders against a real server: each value goes as a parameter, in an array and by COPY, and must be read back
// as the text that PostgreSQL prints for it.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/postgres/binary.h"
#include "engine/postgres/pipeline.h"
#include "support/postgres_server.h"

namespace weft::postgres {
namespace {

using support::PostgresServer;

class PostgresBinaryLive : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::unavailable()) return;
    server_ = new PostgresServer({.fsync = false});
    server_->start();
    server_->exec("CREATE TYPE mood AS ENUM ('sad', 'so-so'); CREATE DOMAIN price AS numeric(8,2) CHECK (VALUE >= 0)");
  }

  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << *PostgresServer::unavailable();
    const auto address = Address::parse(server_->url());
    ASSERT_TRUE(address);
    auto opened = Connection::open({.address = &*address});
    ASSERT_TRUE(opened) << opened.error().message();
    connection_ = std::move(*opened);
    ASSERT_TRUE(connection_->execute("SET search_path = public"));
  }

  ColumnType type_of(const std::string& printed) {
    const auto row = connection_->query(
        "SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, CASE t.typtype WHEN 'd' THEN t.typtypmod "
        "ELSE "
        "a.atttypmod END, CASE t.typtype WHEN 'd' THEN 'b' ELSE t.typtype END, t.typname FROM pg_attribute a JOIN "
        "pg_type t ON "
        "t.oid = a.atttypid WHERE attrelid = 'probe'::regclass AND attnum = 1",
        {});
    EXPECT_TRUE(row) << row.error().message();
    CatalogType type;
    type.oid = static_cast<uint32_t>(row->number(0, 0));
    type.typmod = static_cast<int32_t>(row->number(0, 1));
    type.kind = row->text(0, 2)[0];
    type.name = row->text(0, 3);
    type.printed = printed;
    return column_type(type);
  }

  Status by_parameter(const ColumnType& type, const Value& value, bool array) {
    WireBuffer out;
    if (array) begin_array(out, type.transport, 2);
    for (int i = 0; i < (array ? 2 : 1); ++i) {
      const Misfit bad = append_value(out, type, value);
      if (bad != Misfit::kNone) return Error(Blame::kData, std::string(to_string(bad)));
    }
    const size_t skip = array ? 0 : 4;
    const Param param{value.is_null() && !array ? nullptr : out.data() + skip, static_cast<int>(out.size() - skip)};
    const std::string cast = type.cast ? "::" + type.printed : "";
    const std::string sql = array ? cat("INSERT INTO probe SELECT u.c", cast, " FROM unnest($1) AS u (c)")
                                  : cat("INSERT INTO probe VALUES ($1", cast, ")");
    Pipeline pipeline(*connection_);
    Statement& statement = pipeline.add(sql, sql, {array ? type.transport_array : type.transport});
    statement.name = cat("probe_", ++statements_);
    TRY(pipeline.send(statement, std::span(&param, 1), 0));
    return pipeline.finish([](uint64_t, const Answer&) {});
  }

  Status by_copy(const ColumnType& type, const Value& value) {
    WireBuffer out;
    begin_copy(out);
    begin_copy_row(out, 1);
    EXPECT_EQ(append_value(out, type, value), Misfit::kNone);
    end_copy(out);
    TRY(connection_->copy_begin("COPY probe FROM STDIN (FORMAT binary)"));
    TRY(connection_->copy_data(out.view()));
    TRY_ASSIGN(const uint64_t rows, connection_->copy_end());
    EXPECT_EQ(rows, 1u);
    return ok();
  }

  // Four copies of the value (or three, where COPY can't carry the type), all printed as `expected`.
  void expect_stored(const std::string& printed, const Value& value, const std::string& expected) {
    SCOPED_TRACE(cat(printed, " ", describe(value)));
    ASSERT_TRUE(connection_->execute(cat("DROP TABLE IF EXISTS probe; CREATE TABLE probe (c ", printed, ")")));
    const ColumnType type = type_of(printed);
    for (const bool array : {false, true}) {
      const Status done = by_parameter(type, value, array);
      ASSERT_TRUE(done) << done.error().message();
    }
    if (type.binary()) {
      const Status done = by_copy(type, value);
      ASSERT_TRUE(done) << done.error().message();
    }
    const auto rows = connection_->query("SELECT coalesce(c::text, '(null)') FROM probe", {});
    ASSERT_TRUE(rows) << rows.error().message();
    ASSERT_EQ(rows->rows(), type.binary() ? 4u : 3u);
    for (size_t i = 0; i < rows->rows(); ++i) EXPECT_EQ(rows->text(i, 0), expected) << i;
  }

  static PostgresServer* server_;
  std::unique_ptr<Connection> connection_;
  int statements_ = 0;
};

PostgresServer* PostgresBinaryLive::server_ = nullptr;

TEST_F(PostgresBinaryLive, NumbersAreReadBackAsWritten) {
  expect_stored("boolean", Value::boolean(true), "true");
  expect_stored("smallint", Value::int64(-32768), "-32768");
  expect_stored("integer", Value::uint64(2147483647), "2147483647");
  expect_stored("bigint", Value::int64(INT64_MIN), "-9223372036854775808");
  expect_stored("numeric", Value::uint64(UINT64_MAX), "18446744073709551615");
  expect_stored("real", Value::float32(16777217.0f), "1.6777216e+07");
  expect_stored("real", Value::float32(0.1f), "0.1");
  expect_stored("double precision", Value::float64(0.1), "0.1");
  expect_stored("double precision", Value::float64(std::numeric_limits<double>::denorm_min()), "5e-324");
  expect_stored("double precision", Value::float64(NAN), "NaN");
  expect_stored("double precision", Value::float64(-INFINITY), "-Infinity");
  expect_stored("integer", Value::null(), "(null)");
}

TEST_F(PostgresBinaryLive, DecimalsOfEveryShapeAreReadBackAsWritten) {
  const char* const decimals[] = {"0",
                                  "0.0",
                                  "-0.5",
                                  "1",
                                  "9999",
                                  "10000",
                                  "10001",
                                  "100000000",
                                  "0.0001",
                                  "0.00001",
                                  "0.1234567",
                                  "-12345678.87654321",
                                  "1000000000000.000000000001",
                                  "99999999999999999999999999999999999.999999999999999999999999999999"};
  for (const char* d : decimals) expect_stored("numeric", Value::decimal(d), d);
  expect_stored("numeric(65,30)",
                Value::decimal("99999999999999999999999999999999999.999999999999999999999999999999"),
                "99999999999999999999999999999999999.999999999999999999999999999999");
  expect_stored("numeric(10,2)", Value::decimal("-0012.3"), "-12.30");
  expect_stored("numeric(10,2)", Value::int64(-7), "-7.00");
  expect_stored("numeric", Value::decimal("NaN"), "NaN");
  expect_stored("numeric", Value::decimal("-Infinity"), "-Infinity");
  expect_stored("numeric", Value::float64(1e22), "10000000000000000000000");
  expect_stored("price", Value::decimal("3.5"), "3.50");
}

TEST_F(PostgresBinaryLive, EveryDecimalUpToTenThousandthsIsReadBackAsWritten) {
  ASSERT_TRUE(connection_->execute("CREATE TABLE decimals (i bigint, d numeric)"));
  ColumnType number;
  number.form = Form::kInt8;
  CatalogType numeric;
  numeric.oid = oid::kNumeric;
  const ColumnType decimal = column_type(numeric);
  WireBuffer out;
  begin_copy(out);
  std::vector<std::string> texts;
  for (int64_t i = -20000; i <= 20000; i += 7) {
    for (const int scale : {0, 1, 3, 4, 5, 8, 9}) {
      const std::string digits = cat(i < 0 ? -i : i);
      const std::string padded =
          std::string(digits.size() > static_cast<size_t>(scale) ? 0 : static_cast<size_t>(scale) + 1 - digits.size(),
                      '0') +
          digits;
      const size_t point = padded.size() - static_cast<size_t>(scale);
      texts.push_back(cat(i < 0 ? "-" : "", padded.substr(0, point), scale > 0 ? "." : "", padded.substr(point)));
      begin_copy_row(out, 2);
      ASSERT_EQ(append_value(out, number, Value::int64(static_cast<int64_t>(texts.size()) - 1)), Misfit::kNone);
      ASSERT_EQ(append_value(out, decimal, Value::decimal(texts.back())), Misfit::kNone);
    }
  }
  end_copy(out);
  ASSERT_TRUE(connection_->copy_begin("COPY decimals FROM STDIN (FORMAT binary)"));
  ASSERT_TRUE(connection_->copy_data(out.view()));
  ASSERT_TRUE(connection_->copy_end());
  const auto rows = connection_->query("SELECT d::text FROM decimals ORDER BY i", {});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->rows(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(rows->text(i, 0), texts[i]);
}

TEST_F(PostgresBinaryLive, TextsAndBytesAreReadBackAsWritten) {
  expect_stored("text", Value::text("häß\t\\\"'\n,{}"), "häß\t\\\"'\n,{}");
  expect_stored("text", Value::text(""), "");
  expect_stored("varchar(3)", Value::text("äöü"), "äöü");
  expect_stored("char(3)", Value::text("ab"), "ab");
  expect_stored("text", Value::int64(-5), "-5");
  expect_stored("text", Value::datetime({0, 0, 0}, 0), "0000-00-00 00:00:00");
  expect_stored("bytea", Value::bytes({"\0\xff\\x", 4}), "\\x00ff5c78");
  expect_stored("json", Value::json("{\"b\": 1,  \"a\": 1.0}"), "{\"b\": 1,  \"a\": 1.0}");
  expect_stored("jsonb", Value::json("{\"b\": 1,  \"a\": 1.0}"), "{\"a\": 1.0, \"b\": 1}");
  expect_stored("mood", Value::text("so-so"), "so-so");
  expect_stored("xml", Value::text("<a/>"), "<a/>");
  expect_stored("uuid", Value::uuid("0123456789abcdef"), "30313233-3435-3637-3839-616263646566");
  expect_stored("inet", Value::text("10.0.0.1"), "10.0.0.1/32");
  expect_stored("inet", Value::text("2001:db8::1"), "2001:db8::1/128");
  expect_stored("cidr", Value::text("10.0.0.0/8"), "10.0.0.0/8");
  expect_stored("point", Value::text("(1,2)"), "(1,2)");
  expect_stored("integer[]", Value::text("{1,NULL,3}"), "{1,NULL,3}");
  expect_stored("tsvector", Value::text("'a':1"), "'a':1");
}

TEST_F(PostgresBinaryLive, BitsAreReadBackAsWritten) {
  expect_stored("bit(1)", Value::bits(1, 1), "1");
  expect_stored("bit(11)", Value::bits(0x401, 11), "10000000001");
  expect_stored("bit(64)", Value::bits(UINT64_MAX - 1, 64), std::string(63, '1') + "0");
  expect_stored("varbit(8)", Value::bits(5, 5), "00101");
  expect_stored("bit(70)", Value::bits(1, 64), std::string(69, '0') + "1");
}

TEST_F(PostgresBinaryLive, TimesAreReadBackAsWritten) {
  expect_stored("date", Value::date({1, 1, 1}), "0001-01-01");
  expect_stored("date", Value::date({9999, 12, 31}), "9999-12-31");
  expect_stored("date", Value::date({1999, 12, 31}), "1999-12-31");
  expect_stored("timestamp", Value::datetime({2024, 2, 29, 23, 59, 59, 999999}, 6), "2024-02-29 23:59:59.999999");
  expect_stored("timestamp(3)", Value::datetime({1000, 1, 1, 0, 0, 0, 1000}, 6), "1000-01-01 00:00:00.001");
  expect_stored("timestamptz", Value::timestamp(-1, 6), "1969-12-31 23:59:59.999999+00");
  expect_stored("timestamptz(0)", Value::timestamp(2147483647000000, 0), "2038-01-19 03:14:07+00");
  expect_stored("interval", Value::time(-3020399000001, 6), "-838:59:59.000001");
  expect_stored("interval(0)", Value::time(3020399000000, 0), "838:59:59");
  expect_stored("time", Value::time(86399999999, 6), "23:59:59.999999");
}

}  // namespace
}  // namespace weft::postgres
