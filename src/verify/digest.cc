// SPDX-License-Identifier: Apache-2.0
#include "verify/digest.h"

#include <cstring>

namespace weft::verify {
namespace {

__extension__ using Wide = unsigned __int128;

// Odd, with half of their bits set: the secrets of wyhash.
constexpr uint64_t kSecret[] = {
    0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL, 0x8ebc6af09c88c6e3ULL, 0x589965cc75374cc3ULL};

uint64_t fold(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t word(const char* at) {
  uint64_t w;
  std::memcpy(&w, at, sizeof w);
  return w;
}

}  // namespace

Digest digest_of(std::string_view bytes) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t a = kSecret[0] ^ left;
  uint64_t b = kSecret[1] + left;
  for (; left >= 16; at += 16, left -= 16) {
    const uint64_t x = word(at);
    const uint64_t y = word(at + 8);
    a = fold(x ^ kSecret[2], y ^ a);
    b = fold(y ^ kSecret[3], x ^ b);
  }
  char tail[16] = {};
  if (left > 0) std::memcpy(tail, at, left);
  const uint64_t x = word(tail);
  const uint64_t y = word(tail + 8);
  a = fold(x ^ kSecret[2], y ^ a);
  b = fold(y ^ kSecret[3], x ^ b);
  return {fold(a ^ kSecret[1], b ^ kSecret[3]), fold(b ^ kSecret[0], a ^ kSecret[2])};
}

}  // namespace weft::verify
