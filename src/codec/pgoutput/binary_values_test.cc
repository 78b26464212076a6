// SPDX-License-Identifier: Apache-2.0
// That values of every type are those of the printed form is shown against a server (test/live/postgres_copy_rows_test.cc);
// here are the bytes, and what is not well-formed.
#include "codec/pgoutput/binary_values.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"

namespace weft::pgoutput {
namespace {

constexpr BinaryForm kForms[] = {BinaryForm::kBool,
                                 BinaryForm::kInt,
                                 BinaryForm::kUint,
                                 BinaryForm::kFloat4,
                                 BinaryForm::kFloat8,
                                 BinaryForm::kNumeric,
                                 BinaryForm::kText,
                                 BinaryForm::kJsonb,
                                 BinaryForm::kBytes,
                                 BinaryForm::kBit,
                                 BinaryForm::kDate,
                                 BinaryForm::kTimestamp,
                                 BinaryForm::kTime,
                                 BinaryForm::kUuid};

Column column(Kind kind) {
  Column c;
  c.name = "c";
  c.kind = kind;
  c.length = 5;
  c.scale = 6;
  return c;
}

std::string text_of(BinaryForm form, Kind kind, std::string_view bytes) {
  Arena arena(256);
  const auto value = read_binary(form, column(kind), bytes, arena);
  return value ? describe(*value) : cat("error ", value.error().code());
}

template <size_t N>
std::string_view bytes(const char (&literal)[N]) {
  return {literal, N - 1};
}

TEST(BinaryValuesTest, NumericsAreTheirDigitsWithTheScaleThatIsShown) {
  const auto numeric = [](std::string_view b) { return text_of(BinaryForm::kNumeric, Kind::kDecimal, b); };
  EXPECT_EQ(numeric(bytes("\0\2\0\0\0\0\0\2\0\14\23\210")), "12.50");
  EXPECT_EQ(numeric(bytes("\0\0\0\0\0\0\0\3")), "0.000");
  EXPECT_EQ(numeric(bytes("\0\1\0\1\100\0\0\0\0\1")), "-10000");
  EXPECT_EQ(numeric(bytes("\0\1\377\377\0\0\0\5\0\12")), "0.00100");
  EXPECT_EQ(numeric(bytes("\0\0\0\0\300\0\0\0")), "NaN");
  EXPECT_EQ(numeric(bytes("\0\2\0\0\0\0\0\2\0\14")), "error ");
}

TEST(BinaryValuesTest, TimesCountFromTheYear2000) {
  const std::string_view zero = bytes("\0\0\0\0\0\0\0\0");
  EXPECT_EQ(text_of(BinaryForm::kDate, Kind::kDate, zero.substr(4)), "2000-01-01");
  EXPECT_EQ(text_of(BinaryForm::kDate, Kind::kDate, bytes("\377\377\377\377")), "1999-12-31");
  EXPECT_EQ(text_of(BinaryForm::kTimestamp, Kind::kDateTime, zero), "2000-01-01 00:00:00");
  EXPECT_EQ(text_of(BinaryForm::kTimestamp, Kind::kTimestamp, bytes("\377\377\377\377\377\377\377\377")),
            "1999-12-31 23:59:59.999999Z");
  EXPECT_EQ(text_of(BinaryForm::kTime, Kind::kTime, bytes("\0\0\0\0\0\0\0\1")), "1");
}

TEST(BinaryValuesTest, WhatOnlyThePrintedFormTellsIsAnErrorThatSaysSo) {
  EXPECT_EQ(text_of(BinaryForm::kDate, Kind::kDate, bytes("\177\377\377\377")), "error printed-only");
  EXPECT_EQ(text_of(BinaryForm::kTimestamp, Kind::kDateTime, bytes("\200\0\0\0\0\0\0\0")), "error printed-only");
  EXPECT_EQ(text_of(BinaryForm::kTimestamp, Kind::kTimestamp, bytes("\20\0\0\0\0\0\0\0")), "error printed-only");
}

TEST(BinaryValuesTest, IntegersKeepTheirSign) {
  EXPECT_EQ(text_of(BinaryForm::kInt, Kind::kInt, bytes("\377\376")), "-2");
  EXPECT_EQ(text_of(BinaryForm::kInt, Kind::kInt, bytes("\200\0\0\0\0\0\0\0")), "-9223372036854775808");
  EXPECT_EQ(text_of(BinaryForm::kUint, Kind::kUint, bytes("\377\377\377\377")), "4294967295");
  EXPECT_EQ(text_of(BinaryForm::kBit, Kind::kBit, bytes("\0\0\0\5\250")), "21");
}

TEST(BinaryValuesTest, NoBytesAreReadThatAreNotThere) {
  Rng rng(7);
  for (const BinaryForm form : kForms) {
    for (int round = 0; round < 300; ++round) {
      std::string made(rng.below(24), '\0');
      for (char& c : made) c = static_cast<char>(rng.chance(1, 2) ? rng.below(4) : rng.below(256));
      // A buffer of its own size, so that a sanitizer sees a read behind it.
      const std::unique_ptr<char[]> exact(new char[made.size()]);
      std::copy(made.begin(), made.end(), exact.get());
      for (const Kind kind : {Kind::kDecimal, Kind::kDateTime, Kind::kBit, Kind::kText}) {
        (void)text_of(form, kind, {exact.get(), made.size()});
      }
    }
  }
}

}  // namespace
}  // namespace weft::pgoutput
