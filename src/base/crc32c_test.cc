// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <string>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace weft {
namespace {

// Bit by bit, as the polynomial defines it.
uint32_t reference(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

TEST(Crc32c, CheckValueOfTheCatalogue) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32c, EveryLengthAgreesWithTheDefinitionAlsoInParts) {
  Rng rng(1);
  std::string bytes(300, '\0');
  for (char& c : bytes) c = static_cast<char>(rng.next());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const std::string_view part = std::string_view(bytes).substr(0, size);
    ASSERT_EQ(crc32c(part), reference(part)) << size;
    ASSERT_EQ(crc32c(part.substr(size / 3), crc32c(part.substr(0, size / 3))), reference(part)) << size;
  }
}

}  // namespace
}  // namespace weft
