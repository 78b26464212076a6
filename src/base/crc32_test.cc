// SPDX-License-Identifier: Apache-2.0
#include "base/crc32.h"

#include <string>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace weft {
namespace {

// Bit by bit, as the polynomial defines it.
uint32_t reference(std::string_view bytes, uint32_t seed) {
  uint32_t crc = ~seed;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  return ~crc;
}

std::string random_bytes(size_t size, uint64_t seed) {
  Rng rng(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng.next());
  return bytes;
}

TEST(Crc32, CheckValueOfTheCatalogue) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926u);
}

TEST(Crc32, EveryLengthAndAlignmentAgreesWithTheDefinition) {
  const std::string bytes = random_bytes(700, 1);
  for (size_t size = 0; size <= 600; ++size) {
    for (const size_t from : {size_t{0}, size_t{1}, size_t{7}, size_t{15}}) {
      const std::string_view part = std::string_view(bytes).substr(from, size);
      ASSERT_EQ(crc32(part), reference(part, 0)) << size << " bytes at " << from;
    }
  }
}

TEST(Crc32, ASeedContinuesAnEarlierPart) {
  const std::string bytes = random_bytes(500, 2);
  const std::string_view all = bytes;
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    ASSERT_EQ(crc32(all.substr(cut), crc32(all.substr(0, cut))), crc32(all)) << cut;
  }
}

TEST(Crc32, LargeInputsAgreeWithTheDefinition) {
  const std::string bytes = random_bytes(100'003, 3);
  EXPECT_EQ(crc32(bytes), reference(bytes, 0));
}

}  // namespace
}  // namespace weft
