// SPDX-License-Identifier: Apache-2.0
// Folding by carry-less multiplication after "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction"
// (Gopal et al., Intel 2009). The constants are powers of x modulo the polynomial 0x104C11DB7, bit-reflected:
//   fold by 64 bytes: x^(512+64), x^512    fold by 16 bytes: x^(128+64), x^128    64 to 32 bits: x^64; mu and P: Barrett
// Bytes that do not fill a block of 16 go in front, behind zeros, which leave a CRC that starts from zero as it is.
#include "base/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <array>
#include <cstring>

namespace weft {
namespace {

uint32_t by_zlib(std::string_view bytes, uint32_t seed) {
  return static_cast<uint32_t>(::crc32_z(seed, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

#if defined(__x86_64__)
#define WEFT_PCLMUL __attribute__((target("pclmul,sse4.1")))

constexpr size_t kBlock = 16;

WEFT_PCLMUL inline __m128i load(std::string_view bytes, size_t at) {
  __m128i block;
  std::memcpy(&block, &bytes[at], kBlock);
  return block;
}

// Moves `x` on by the distance that the constants stand for, and adds the block that lies there.
WEFT_PCLMUL inline __m128i fold(__m128i x, __m128i constants, __m128i block) {
  const __m128i low = _mm_clmulepi64_si128(x, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(x, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), block);
}

WEFT_PCLMUL inline uint32_t reduce(__m128i x) {
  const __m128i k3k4 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i mu_poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i mask = _mm_set_epi32(0, ~0, 0, ~0);
  x = _mm_xor_si128(_mm_clmulepi64_si128(x, k3k4, 0x10), _mm_srli_si128(x, 8));
  const __m128i low = _mm_clmulepi64_si128(_mm_and_si128(x, mask), k5, 0x00);
  x = _mm_xor_si128(_mm_srli_si128(x, 4), low);
  __m128i t = _mm_clmulepi64_si128(_mm_and_si128(x, mask), mu_poly, 0x10);
  t = _mm_clmulepi64_si128(_mm_and_si128(t, mask), mu_poly, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(x, t), 1));
}

// Moves a block's bytes up by 16 - odd when loaded from `odd`: 0x80 asks for a zero.
constexpr std::array<uint8_t, 2 * kBlock> kMoveUp = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                                     0x80, 0x80, 0x80, 0x80, 0x80, 0,    1,    2,    3,    4,    5,
                                                     6,    7,    8,    9,    10,   11,   12,   13,   14,   15};

// The first `odd` bytes behind zeros, with the start value added to the message's first four bytes; in `spill` what of the
// start value belongs to the block after it. In registers: a load across bytes just stored would wait for them.
WEFT_PCLMUL inline __m128i head_block(std::string_view bytes, size_t odd, uint32_t start, uint32_t& spill) {
  const __m128i first = _mm_xor_si128(load(bytes, 0), _mm_cvtsi32_si128(static_cast<int>(start)));
  __m128i up;
  std::memcpy(&up, &kMoveUp[odd], kBlock);
  spill = odd < 4 ? start >> (8 * odd) : 0;
  return _mm_shuffle_epi8(first, up);
}

// REQUIRES: bytes.size() >= kBlock.
WEFT_PCLMUL uint32_t by_pclmul(std::string_view bytes, uint32_t seed) {
  const __m128i k1k2 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i k3k4 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const size_t odd = bytes.size() % kBlock;
  size_t at = odd + kBlock;
  uint32_t spill = 0;
  __m128i x = head_block(bytes, odd, ~seed, spill);
  const __m128i second = _mm_xor_si128(load(bytes, odd), _mm_cvtsi32_si128(static_cast<int>(spill)));
  x = odd == 0 ? second : fold(x, k3k4, second);
  if (bytes.size() - at >= 7 * kBlock) {
    __m128i a = x;
    __m128i b = load(bytes, at);
    __m128i c = load(bytes, at + kBlock);
    __m128i d = load(bytes, at + 2 * kBlock);
    at += 3 * kBlock;
    for (; bytes.size() - at >= 4 * kBlock; at += 4 * kBlock) {
      a = fold(a, k1k2, load(bytes, at));
      b = fold(b, k1k2, load(bytes, at + kBlock));
      c = fold(c, k1k2, load(bytes, at + 2 * kBlock));
      d = fold(d, k1k2, load(bytes, at + 3 * kBlock));
    }
    x = fold(fold(fold(a, k3k4, b), k3k4, c), k3k4, d);
  }
  for (; at < bytes.size(); at += kBlock) x = fold(x, k3k4, load(bytes, at));
  return ~reduce(x);
}

bool have_pclmul() {
  static const bool have = __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
  return have;
}
#endif

}  // namespace

uint32_t crc32(std::string_view bytes, uint32_t seed) {
#if defined(__x86_64__)
  if (bytes.size() >= kBlock && have_pclmul()) return by_pclmul(bytes, seed);
#endif
  return by_zlib(bytes, seed);
}

}  // namespace weft
