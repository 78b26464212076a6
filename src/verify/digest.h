// SPDX-License-Identifier: Apache-2.0
// Digest: 128 bits that stand for some bytes, and Sum: what stands for a set of rows, whatever their order. Two sets of rows
// that differ have the same Sum with a chance of about 2^-128, unless someone looks for such rows: fast, not cryptographic.
//
//   Sum sum; sum.add(digest_of(bytes)); ... if (sum == other) the rows are the same
//
// The construction is the folded multiplication of wyhash (Wang Yi, public domain): 64 x 64 -> 128 bits, both halves
// xored; two lanes of it with secrets of their own. Digests are never kept across versions: state files name theirs.
// Pure values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::verify {

// Of the construction: what was kept under another one is of no use.
inline constexpr int kDigestVersion = 1;

struct Digest {
  uint64_t low = 0;
  uint64_t high = 0;

  auto operator<=>(const Digest&) const = default;
};

struct DigestHash {
  size_t operator()(const Digest& d) const { return static_cast<size_t>(d.low); }
};

[[nodiscard]] Digest digest_of(std::string_view bytes);

// Rows in any order: their number and the sum of their digests, each half modulo 2^64.
struct Sum {
  uint64_t rows = 0;
  uint64_t low = 0;
  uint64_t high = 0;

  void add(const Digest& d) {
    ++rows;
    low += d.low;
    high += d.high;
  }

  void add(const Sum& s) {
    rows += s.rows;
    low += s.low;
    high += s.high;
  }

  bool operator==(const Sum&) const = default;
};

}  // namespace weft::verify
