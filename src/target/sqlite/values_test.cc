// SPDX-License-Identifier: Apache-2.0
// Claims about what SQLite gives back of a value that was bound, on a real database in memory.
#include "target/sqlite/values.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft::sqlite {
namespace {

class SqliteValues : public ::testing::Test {
 protected:
  void SetUp() override {
    auto db = Connection::open({.path = ":memory:", .mode = Mode::kReadWrite});
    ASSERT_TRUE(db) << db.error().message();
    db_ = std::move(db).value();
    ASSERT_TRUE(db_->execute("CREATE TABLE t (i INTEGER, n NUMERIC, r REAL, t TEXT, b BLOB)"));
  }

  // "integer 7", or what is wrong with the value.
  std::string kept(const Value& value, std::string_view column) {
    const auto affinity = affinity_of(column == "i"   ? "INTEGER"
                                      : column == "n" ? "NUMERIC"
                                      : column == "r" ? "REAL"
                                      : column == "t" ? "TEXT"
                                                      : "BLOB",
                                      false);
    std::string text;
    auto insert = db_->prepare(cat("INSERT INTO t (", column, ") VALUES (?)"));
    EXPECT_TRUE(insert);
    const std::string_view wrong = bind_value(**insert, 1, value, affinity, text);
    if (!wrong.empty()) return std::string(wrong);
    EXPECT_TRUE((*insert)->run());
    const auto back = db_->value(cat("SELECT typeof(",
                                     column,
                                     ") || ' ' || ifnull(CAST(",
                                     column,
                                     " AS TEXT), '') FROM t WHERE rowid = ",
                                     db_->last_rowid()));
    return back && *back ? **back : "nothing";
  }

  std::unique_ptr<Connection> db_;
};

TEST_F(SqliteValues, IntegersAreKeptWhereTheyFitExactly) {
  EXPECT_EQ(kept(Value::int64(INT64_MIN), "i"), cat("integer ", INT64_MIN));
  EXPECT_EQ(kept(Value::int64(7), "t"), "text 7");
  EXPECT_EQ(kept(Value::uint64(UINT64_MAX), "t"), cat("text ", UINT64_MAX));
  EXPECT_EQ(kept(Value::uint64(UINT64_MAX), "b"), cat("text ", UINT64_MAX));
  for (const char* column : {"i", "n", "r"}) {
    EXPECT_NE(kept(Value::uint64(UINT64_MAX), column).find("beyond"), std::string::npos) << column;
  }
  EXPECT_NE(kept(Value::int64((int64_t{1} << 53) + 1), "r").find("exactly"), std::string::npos);
}

TEST_F(SqliteValues, RealsAreKeptAndNanIsRefused) {
  EXPECT_EQ(kept(Value::float64(0.5), "r"), "real 0.5");
  EXPECT_EQ(kept(Value::float64(std::numeric_limits<double>::infinity()), "r"), "real Inf");
  EXPECT_NE(kept(Value::float64(std::nan("")), "r").find("NULL"), std::string::npos);
}

TEST_F(SqliteValues, DecimalsOfFifteenDigitsGoIntoNumbersAndLongerOnesOnlyIntoText) {
  EXPECT_EQ(kept(Value::decimal("1234567890.12345"), "n"), "real 1234567890.12345");
  EXPECT_EQ(kept(Value::decimal("-0.00100"), "n"), "real -0.001");
  EXPECT_EQ(kept(Value::decimal("100000000000000000000"), "t"), "text 100000000000000000000");
  EXPECT_NE(kept(Value::decimal("1234567890.123456"), "n").find("15 significant digits"), std::string::npos);
  EXPECT_EQ(kept(Value::decimal("1234567890.123456"), "t"), "text 1234567890.123456");
  EXPECT_NE(kept(Value::decimal("NaN"), "n").find("declare the column TEXT"), std::string::npos);
}

TEST_F(SqliteValues, TextThatWouldBecomeANumberIsRefusedAndOtherTextStays) {
  EXPECT_EQ(kept(Value::text("abc"), "i"), "text abc");
  EXPECT_EQ(kept(Value::text("12"), "t"), "text 12");
  EXPECT_EQ(kept(Value::text("12"), "b"), "text 12");
  for (const char* number : {"12", " 12 ", "-1.5e3", ".5", "5.", "+7"}) {
    EXPECT_TRUE(looks_numeric(number)) << number;
    EXPECT_NE(kept(Value::text(number), "n").find("declare the column TEXT"), std::string::npos) << number;
  }
  for (const char* text : {"", " ", "1a", "e5", "1e", "0x10", "1 2", "-", "."}) {
    EXPECT_FALSE(looks_numeric(text)) << text;
    EXPECT_EQ(kept(Value::text(text), "n"), cat("text ", text)) << "SQLite itself must agree";
  }
}

TEST_F(SqliteValues, DatesAndTimesArePrintedAndStayTextInAnyColumn) {
  const Civil civil{2024, 5, 6, 7, 8, 9, 120000};
  EXPECT_EQ(kept(Value::date(civil), "n"), "text 2024-05-06");
  EXPECT_EQ(kept(Value::datetime(civil, 6), "n"), "text 2024-05-06 07:08:09.120000");
  EXPECT_EQ(kept(Value::timestamp(1'700'000'000'000'000, 0), "n"), "text 2023-11-14 22:13:20Z");
  EXPECT_EQ(kept(Value::time(-45'296'500'000, 3), "n"), "text -12:34:56.500000");
  EXPECT_EQ(kept(Value::uuid("0123456789abcdef"), "t"), "text 30313233-3435-3637-3839-616263646566");
}

TEST_F(SqliteValues, BytesKeepTheirClass) {
  EXPECT_EQ(kept(Value::bytes("12"), "i"), "blob 12");
  EXPECT_EQ(kept(Value::bytes(""), "t"), "blob ");
  EXPECT_EQ(kept(Value::text(""), "t"), "text ");
  EXPECT_EQ(kept(Value::null(), "t"), "null ");
}

}  // namespace
}  // namespace weft::sqlite
