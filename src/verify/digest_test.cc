// SPDX-License-Identifier: Apache-2.0
#include "verify/digest.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"

namespace weft::verify {
namespace {

TEST(DigestTest, EveryBitAndTheLengthCount) {
  std::set<Digest> seen;
  for (size_t size = 0; size < 70; ++size) EXPECT_TRUE(seen.insert(digest_of(std::string(size, '\0'))).second) << size;
  const std::string text(37, 'x');
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(seen.insert(digest_of(other)).second) << bit;
  }
}

TEST(DigestTest, EitherHalfTellsManyTextsApart) {
  std::set<uint64_t> low;
  std::set<uint64_t> high;
  for (int i = 0; i < 200000; ++i) {
    const Digest digest = digest_of(cat("row ", i));
    low.insert(digest.low);
    high.insert(digest.high);
  }
  EXPECT_EQ(low.size(), 200000u);
  EXPECT_EQ(high.size(), 200000u);
}

TEST(SumTest, DoesNotDependOnTheOrder) {
  Sum forth;
  Sum back;
  for (int i = 0; i < 100; ++i) {
    forth.add(digest_of(cat(i)));
    back.add(digest_of(cat(99 - i)));
  }
  EXPECT_EQ(forth, back);
  back.add(digest_of("0"));
  EXPECT_NE(forth, back);
}

TEST(SumTest, TwoOfOneRowAreNotTwoOfAnother) {
  Sum a;
  Sum b;
  a.add(digest_of("x"));
  a.add(digest_of("x"));
  b.add(digest_of("y"));
  b.add(digest_of("y"));
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace weft::verify
