// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

const std::vector<std::string> kKnown = {"table", "exclude", "until", "to", "from"};

TEST(NearestTest, TypingErrorsFindTheirWord) {
  for (const auto& [word, meant] :
       {std::pair{"tabel", "table"}, {"TABLE", "table"}, {"utnil", "until"}, {"form", "from"}, {"exclud", "exclude"}}) {
    EXPECT_EQ(nearest_word(word, kKnown), meant);
  }
}

TEST(NearestTest, WordsThatAreFarFindNothing) {
  EXPECT_EQ(nearest_word("zzzzzz", kKnown), "");
  EXPECT_EQ(nearest_word("", kKnown), "");
  EXPECT_EQ(nearest_word(std::string(100000, 't'), kKnown), "");
  EXPECT_EQ(nearest_hint("zzzzzz", kKnown), "");
  EXPECT_EQ(nearest_hint("untill", kKnown), ", nearest known word 'until'");
}

}  // namespace
}  // namespace weft
