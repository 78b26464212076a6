// SPDX-License-Identifier: Apache-2.0
#include "transform/predicate.h"

#include <cmath>

#include <gtest/gtest.h>

#include "transform/number.h"
#include "transform/samples.h"

namespace weft::transform {
namespace {

class PredicateTest : public ::testing::Test {
 protected:
  PredicateTest() {
    for (const auto& [name, kind] : {std::pair<const char*, Kind>{"i", Kind::kInt},
                                     {"u", Kind::kUint},
                                     {"d", Kind::kDecimal},
                                     {"f", Kind::kDouble},
                                     {"r", Kind::kFloat},
                                     {"t", Kind::kText},
                                     {"b", Kind::kBool},
                                     {"day", Kind::kDate},
                                     {"moment", Kind::kTimestamp},
                                     {"clock", Kind::kTime},
                                     {"at", Kind::kDateTime},
                                     {"j", Kind::kJson},
                                     {"id", Kind::kUuid},
                                     {"raw", Kind::kBytes},
                                     {"c", Kind::kText}}) {
      schema_.columns.push_back(sample_column(name, kind));
      row_.push_back(Value::null());
    }
    schema_.columns.back().fixed_length = true;
    for (uint16_t i = 0; i < schema_.columns.size(); ++i) {
      columns_.push_back({schema_.columns[i].name, i, &schema_.columns[i]});
    }
  }

  void set(const std::string& column, Value value) { row_[static_cast<size_t>(schema_.find(column))] = value; }

  // "yes", "no", "?" or what is wrong.
  std::string judge(std::string_view condition) {
    const auto expression = Expression::parse(condition);
    if (!expression) return expression.error().message();
    const auto predicate = Predicate::bind(*expression, columns_);
    if (!predicate) return predicate.error().message();
    const Match match = predicate->judge(row_);
    return match == Match::kYes ? "yes" : match == Match::kNo ? "no" : "?";
  }

  TableSchema schema_;
  std::vector<NamedColumn> columns_;
  std::vector<Value> row_;
};

TEST_F(PredicateTest, NumbersAreComparedExactly) {
  set("d", Value::decimal("9007199254740993.000000000000000001"));
  EXPECT_EQ(judge("d > 9007199254740993"), "yes");
  EXPECT_EQ(judge("d = 9007199254740993.0000000000000000010"), "yes");
  EXPECT_EQ(judge("d < 9007199254740993.000000000000000002"), "yes");
  set("i", Value::int64(-5));
  set("u", Value::uint64(UINT64_MAX));
  EXPECT_EQ(judge("i < u"), "yes");
  EXPECT_EQ(judge("u = 18446744073709551615"), "yes");
  EXPECT_EQ(judge("u > 9223372036854775807 AND i > -5.5 AND i < -4.99"), "yes");
  set("d", Value::decimal("-0.00"));
  EXPECT_EQ(judge("d = 0"), "yes");
  set("d", Value::decimal("NaN"));
  EXPECT_EQ(judge("d > 1e100 AND d = d"), "yes");
  set("d", Value::decimal("-Infinity"));
  EXPECT_EQ(judge("d < -1e100"), "yes");
}

TEST_F(PredicateTest, FloatsAreComparedAsTheirColumnHoldsThem) {
  set("f", Value::float64(0.1));
  set("r", Value::float32(0.1F));
  EXPECT_EQ(judge("f = 0.1"), "yes");
  EXPECT_EQ(judge("r = 0.1"), "yes");
  EXPECT_EQ(judge("f = r"), "no");
  set("f", Value::float64(9007199254740992.0));
  set("i", Value::int64(9007199254740993));
  EXPECT_EQ(judge("i > f"), "yes");
  set("f", Value::float64(std::nan("")));
  EXPECT_EQ(judge("f = f AND f > 1e100"), "yes");
}

TEST_F(PredicateTest, NullIsNeitherTrueNorFalse) {
  EXPECT_EQ(judge("i = 1"), "no");
  EXPECT_EQ(judge("NOT i = 1"), "no");
  EXPECT_EQ(judge("i = 1 OR i IS NULL"), "yes");
  EXPECT_EQ(judge("i <> NULL"), "no");
  EXPECT_EQ(judge("i IN (1, 2)"), "no");
  EXPECT_EQ(judge("i NOT IN (1, 2)"), "no");
  EXPECT_EQ(judge("NULL IS NULL AND NOT (NULL AND FALSE)"), "yes");
  set("i", Value::int64(3));
  EXPECT_EQ(judge("i NOT IN (1, 2)"), "yes");
  EXPECT_EQ(judge("i NOT IN (1, NULL)"), "no");
  EXPECT_EQ(judge("i IN (3, NULL)"), "yes");
  EXPECT_EQ(judge("t LIKE '%'"), "no");
  EXPECT_EQ(judge("b"), "no");
}

TEST_F(PredicateTest, WhatIsNotKnownCountsOnlyWhereTheAnswerHangsOnIt) {
  set("i", Value::unchanged());
  set("u", Value::uint64(1));
  EXPECT_EQ(judge("i = 1"), "?");
  EXPECT_EQ(judge("i = 1 AND u = 2"), "no");
  EXPECT_EQ(judge("i = 1 OR u = 1"), "yes");
  EXPECT_EQ(judge("i IS NULL"), "?");
  EXPECT_EQ(judge("i = NULL"), "no");
  EXPECT_EQ(judge("i IN (1) OR NOT i IN (1)"), "?");
  set("i", Value::text("five"));
  EXPECT_EQ(judge("i = 5"), "?") << "a value of another type than its column's";
  EXPECT_EQ(judge("i IS NULL"), "no");
}

TEST_F(PredicateTest, TextIsComparedByItsBytes) {
  set("t", Value::text("Bär"));
  EXPECT_EQ(judge("t = 'Bär' AND t <> 'bär' AND t < 'b'"), "yes");
  EXPECT_EQ(judge("t = 'Bär '"), "no");
  EXPECT_EQ(judge("t LIKE 'B_r' AND t LIKE '%' AND t LIKE '%r' AND t NOT LIKE 'B__r'"), "yes");
  set("t", Value::text("50% off_now"));
  EXPECT_EQ(judge("t LIKE '50\\% off\\_now' AND t NOT LIKE '50\\_%' AND t LIKE '%o%o%w'"), "yes");
  EXPECT_EQ(judge("t LIKE ''"), "no");
  set("c", Value::text("ab   "));
  EXPECT_EQ(judge("c = 'ab' AND c = 'ab ' AND c LIKE 'ab' AND c IN ('x', 'ab')"), "yes");
  set("raw", Value::bytes("\x01z"));
  EXPECT_EQ(judge("raw < '\x02'"), "yes");
}

TEST_F(PredicateTest, DatesTimesAndUuidsAreWrittenInOneForm) {
  set("day", Value::date({2024, 5, 6}));
  EXPECT_EQ(judge("day = '2024-05-06' AND day > '2023-12-31'"), "yes");
  set("at", Value::datetime({2024, 5, 6, 7, 8, 9, 500000}, 6));
  EXPECT_EQ(judge("at = '2024-05-06 07:08:09.5' AND at > '2024-05-06' AND at < '2024-05-06T07:08:10'"), "yes");
  set("moment", Value::timestamp(1'000'000, 0));
  EXPECT_EQ(judge("moment = '1970-01-01 00:00:01Z'"), "yes");
  set("clock", Value::time(-3'600'500'000, 6));
  EXPECT_EQ(judge("clock = '-01:00:00.5' AND clock < '00:00:00'"), "yes");
  set("id", Value::uuid(std::string_view("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", 16)));
  EXPECT_EQ(judge("id = '01234567-89AB-cdef-0123-456789abcdef'"), "yes");
  for (const char* wrong : {"day = '2024-5-6'",
                            "day = '2024-05-06 00:00:00'",
                            "at = 'yesterday'",
                            "moment = '2024-02-30 00:00:00'",
                            "clock = '1:2'",
                            "id = 'x'"}) {
    EXPECT_NE(judge(wrong).find("is no value of that column, which takes "), std::string::npos) << judge(wrong);
  }
}

TEST_F(PredicateTest, BooleansStandAlone) {
  set("b", Value::boolean(true));
  set("i", Value::int64(1));
  EXPECT_EQ(judge("b AND b = TRUE AND NOT b = FALSE AND i = TRUE AND TRUE"), "yes");
  EXPECT_EQ(judge("NOT b"), "no");
  EXPECT_EQ(judge("i"), "column i: it is no boolean: compare it, as in i = 1");
  EXPECT_EQ(judge("b = 1"), "1 is no boolean, which the column is: TRUE or FALSE");
}

TEST_F(PredicateTest, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_EQ(judge("amout > 1"), "there is no column amout");
  EXPECT_EQ(judge("momnt IS NULL"), "there is no column momnt, nearest known word 'moment'");
  EXPECT_EQ(judge("i = 'x'"), "'x' is no number, which the column is");
  EXPECT_EQ(judge("t > 5"), "5 is no value of that column, which takes a text");
  EXPECT_EQ(judge("t = i"), "column i: it can't be compared with t");
  EXPECT_EQ(judge("day = at"), "column at: it can't be compared with day");
  EXPECT_EQ(judge("j = 'x'"), "column j: JSON can't be compared, but for IS NULL");
  EXPECT_EQ(judge("j IS NULL"), "yes");
  EXPECT_EQ(judge("i LIKE '1%'"), "column i: LIKE takes texts only");
  EXPECT_EQ(judge("'x' AND TRUE"), "x is no condition");
}

}  // namespace
}  // namespace weft::transform
