// SPDX-License-Identifier: Apache-2.0
// Packets out of a stream that arrives in pieces of any size, and the binary protocol's packets.
#include "engine/mysql/packets.h"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "engine/mysql/statement.h"

namespace weft::mysql {
namespace {

// Gives `bytes` in pieces of at most `piece`, with "nothing now" between the pieces if `pauses`.
class FakeFeed final : public ByteFeed {
 public:
  FakeFeed(std::string bytes, size_t piece, bool pauses) : bytes_(std::move(bytes)), piece_(piece), pauses_(pauses) {}

  Result<size_t> receive(char* to, size_t size) override {
    if (at_ == bytes_.size()) return Error(Blame::kTransient, "ended");
    if (pauses_ && (paused_ = !paused_)) return size_t{0};
    const size_t n = std::min({size, piece_, bytes_.size() - at_});
    std::memcpy(to, bytes_.data() + at_, n);
    at_ += n;
    return n;
  }

  Result<bool> wait(Duration) override { return true; }

 private:
  std::string bytes_;
  size_t piece_;
  bool pauses_;
  bool paused_ = false;
  size_t at_ = 0;
};

std::string framed(std::string_view payload) {
  std::string out;
  for (;;) {
    const size_t part = std::min<size_t>(payload.size(), 0xffffff);
    for (const size_t byte : {part & 0xff, (part >> 8) & 0xff, part >> 16, size_t{7}})
      out.push_back(static_cast<char>(byte));
    out.append(payload.substr(0, part));
    payload.remove_prefix(part);
    if (part < 0xffffff) return out;
  }
}

std::string pattern(size_t size, uint64_t seed) {
  Rng rng(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(rng.next());
  return out;
}

using Kept = std::vector<std::pair<SlabRef, std::string_view>>;

Kept read_all(const std::string& stream, size_t count, size_t piece, bool pauses, size_t slab_bytes) {
  FakeFeed feed(stream, piece, pauses);
  PacketReader packets(feed, {.slab_bytes = slab_bytes});
  Kept kept;
  while (kept.size() < count) {
    const auto packet = packets.next(std::chrono::seconds(1), {});
    EXPECT_TRUE(packet.has_value() && packet->has_value());
    if (!packet || !*packet) return kept;
    kept.emplace_back(packets.slab(), **packet);
  }
  return kept;
}

TEST(Packets, AreTheSameHoweverTheyArrive) {
  std::vector<std::string> payloads = {
      "", "a", pattern(100, 1), pattern(5000, 2), pattern(3, 3), pattern(20000, 4), "end"};
  std::string stream;
  for (const auto& p : payloads) stream += framed(p);
  for (const size_t piece : {1ul, 2ul, 3ul, 7ul, 100ul, 4099ul, 1ul << 20}) {
    for (const size_t slab : {64ul, 4096ul, 1ul << 16}) {
      const Kept kept = read_all(stream, payloads.size(), piece, piece % 2 == 1, slab);
      ASSERT_EQ(kept.size(), payloads.size());
      for (size_t i = 0; i < payloads.size(); ++i) EXPECT_EQ(kept[i].second, payloads[i]);
    }
  }
}

TEST(Packets, OfSixteenMebibytesAndMoreAreJoined) {
  for (const size_t size : {0xfffffful - 1, 0xfffffful, 0xfffffful + 1, 2 * 0xfffffful, 40'000'000ul}) {
    const std::string big = pattern(size, size);
    const Kept kept = read_all(framed("x") + framed(big) + framed("y"), 3, 100'003, false, 1 << 18);
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_TRUE(kept[1].second == big) << size;
    EXPECT_EQ(kept[2].second, "y");
  }
}

TEST(Packets, SeveralComeWithOneReceive) {
  std::string stream;
  for (int i = 0; i < 100; ++i) stream += framed("packet");
  const Kept kept = read_all(stream, 100, 1 << 20, false, 1 << 16);
  EXPECT_EQ(kept.front().first, kept.back().first);  // one slab
}

TEST(Packets, TheEndOfTheConnectionIsAnError) {
  FakeFeed feed(framed("whole").substr(0, 6), 100, false);
  PacketReader packets(feed, {});
  const auto packet = packets.next(std::chrono::seconds(1), {});
  ASSERT_FALSE(packet.has_value());
  EXPECT_EQ(packet.error().blame(), Blame::kTransient);
}

TEST(Execute, BindsEveryKindByItsOwnType) {
  const std::vector<Value> values = {
      Value::int64(-2), Value::null(), Value::text("ab"), Value::datetime({2024, 2, 29, 1, 2, 3, 4}, 6)};
  const std::string payload = encode_execute(5, values);
  EXPECT_EQ(payload.substr(0, 9), std::string("\5\0\0\0\0\1\0\0\0", 9));
  EXPECT_EQ(payload[9], '\2');   // the second is NULL
  EXPECT_EQ(payload[10], '\1');  // types follow
  EXPECT_EQ(payload.substr(11, 8), std::string("\x08\0\x06\0\xfd\0\x0c\0", 8));
  EXPECT_EQ(payload.substr(19, 8), std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8));
  EXPECT_EQ(payload.substr(27, 3), std::string("\2ab", 3));
  EXPECT_EQ(payload.substr(30), std::string("\x0b\xe8\x07\2\x1d\1\2\3\4\0\0\0", 12));
}

TEST(ResultColumn, SkipsMariaDbsExtendedMetadata) {
  std::string packet("\3def\1d\1t\1t\1c\1c", 14);
  const std::string fixed("\x0c\x3f\0\x0b\0\0\0\3\1\x50\0\0\0", 13);
  const auto plain = parse_result_column(packet + fixed);
  const auto extended = parse_result_column(packet + std::string("\6\0\4json", 7) + fixed);
  ASSERT_TRUE(plain.has_value() && extended.has_value());
  EXPECT_EQ(plain->name, "c");
  EXPECT_EQ(plain->type, 3);
  EXPECT_EQ(plain->collation, 63);
  EXPECT_EQ(*plain, *extended);
  for (size_t i = 0; i < packet.size(); ++i) EXPECT_FALSE(parse_result_column(packet.substr(0, i)).has_value());
}

}  // namespace
}  // namespace weft::mysql
