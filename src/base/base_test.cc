// SPDX-License-Identifier: Apache-2.0
// Claims about the leaf tools.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/hex.h"
#include "base/queue.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/text.h"

namespace weft {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error(Blame::kData, "odd", "X1");
  return n / 2;
}

Result<int> quarter(int n) {
  TRY_ASSIGN(const int h, half(n));
  TRY_ASSIGN(const int q, half(h));
  return q;
}

TEST(Result, CarriesTheFirstErrorOutWithItsBlameAndCode) {
  EXPECT_EQ(*quarter(8), 2);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().blame(), Blame::kData);
  EXPECT_EQ(failed.error().with("outside").message(), "outside: odd");
  EXPECT_EQ(failed.error().with("outside").code(), "X1");
}

TEST(ByteReader, FailsStickyPastTheEnd) {
  ByteReader reader(std::string_view("\x01\x02\x03", 3));
  EXPECT_EQ(reader.u16(), 0x0201);
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "nothing can be read after a failure, not even what is there";
  EXPECT_EQ(reader.left(), 0u);
}

TEST(ByteReader, ReadsWhatByteWriterWroteAtEveryWidth) {
  for (size_t width = 1; width <= 8; ++width) {
    const uint64_t value = 0x8877665544332211ULL >> (8 * (8 - width));
    ByteWriter writer;
    writer.le(value, width);
    writer.be(value, width);
    ByteReader reader(writer.str());
    EXPECT_EQ(reader.le(width), value);
    EXPECT_EQ(reader.be(width), value);
    EXPECT_TRUE(reader.ok() && reader.empty());
  }
}

TEST(Arena, KeepsBytesAliveThroughItsTakenSlabs) {
  std::vector<SlabRef> slabs;
  std::string_view kept;
  {
    Arena arena(64);
    kept = arena.copy("hello");
    (void)arena.allocate(1000);
    slabs = arena.take();
  }
  EXPECT_EQ(kept, "hello");
  EXPECT_EQ(slabs.size(), 2u);
}

TEST(Arena, SharesOneSlabBetweenSmallBatches) {
  Arena arena(1024);
  (void)arena.copy("first");
  const auto first = arena.take();
  (void)arena.copy("second");
  const auto second = arena.take();
  EXPECT_EQ(first.back(), second.back());
}

TEST(Queue, AcceptsOneItemOfAnySizeWhenEmptyAndNothingAboveItsLimitOtherwise) {
  Queue<int> queue(10);
  int item = 1;
  EXPECT_TRUE(queue.push(item, 1000, Duration(0), {}));
  item = 2;
  EXPECT_FALSE(queue.push(item, 1, Duration(0), {}));
  EXPECT_EQ(item, 2) << "a refused item stays with its owner";
  EXPECT_EQ(queue.pop(Duration(0), {}), 1);
  EXPECT_TRUE(queue.push(item, 1, Duration(0), {}));
  EXPECT_EQ(queue.bytes(), 1u);
}

TEST(Queue, GivesUpAtAStopRequest) {
  Queue<int> queue(10);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(queue.pop(std::chrono::hours(1), stop.get_token()).has_value());
}

TEST(Rng, RepeatsItselfForASeed) {
  Rng a(7);
  Rng b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Cat, JoinsTextAndNumbers) {
  EXPECT_EQ(cat("a", 1, 'b', int64_t{-2}, 0.5), "a1b-20.5");
}

TEST(Hex, BytesComeBackAsTheyWere) {
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(to_hex(std::string("\x00\xfe\x1f", 3)), "00fe1f");
}

}  // namespace
}  // namespace weft
