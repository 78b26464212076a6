// SPDX-License-Identifier: Apache-2.0
#include "verify/saved.h"

#include <gtest/gtest.h>

namespace weft::verify {
namespace {

Saved sample() {
  Saved saved;
  saved.of = "mysql:x:shop 17 100";
  saved.started_us = 1234567;
  SavedTable done;
  done.report.table = "shop.a\tb\nc\\d";
  done.report.target = "public.a";
  done.report.source_rows = 7;
  done.report.different = 1;
  done.report.in_flight = 2;
  done.report.differences.push_back({What::kDifferent, "{\"id\": 1}", 3, {{"v", "\"x\\n\"", "null"}}});
  done.done = true;
  SavedTable half;
  half.report.table = "shop.b";
  half.after = "3:0:42";
  half.report.at_least = true;
  saved.tables = {done, half};
  return saved;
}

TEST(SavedTest, ComesBackAsItWas) {
  const auto back = decode_saved(encode(sample()));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(encode(*back), encode(sample()));
  const SavedTable* table = back->find("shop.a\tb\nc\\d");
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->done);
  ASSERT_EQ(table->report.differences.size(), 1u);
  EXPECT_EQ(table->report.differences[0].cells[0].source, "\"x\\n\"");
  EXPECT_EQ(back->find("shop.b")->after, "3:0:42");
}

TEST(SavedTest, WhatIsCutOrChangedIsNotRead) {
  const std::string text = encode(sample());
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(decode_saved(text.substr(0, size)).has_value()) << size;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(decode_saved(other).has_value()) << i;
  }
}

}  // namespace
}  // namespace weft::verify
