// SPDX-License-Identifier: Apache-2.0
// Nine digits take four bytes, big-endian; the digits left over at the outer ends take as few bytes as hold them. The first
// bit is set for numbers that are not negative; a negative one has all its bits turned.
#include "codec/mysql_binlog/decimal.h"

#include <algorithm>

#include "base/check.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint32_t kGroupDigits = 9;
constexpr std::array<uint8_t, 10> kBytesOfDigits = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<uint32_t, 10> kPowers = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

// A run of big-endian groups out of bytes whose sign is undone on the way.
class Groups {
 public:
  Groups(std::string_view raw, DecimalText& out) : in_(raw), out_(out) {
    negative_ = !raw.empty() && (static_cast<uint8_t>(raw.front()) & 0x80) == 0;
  }

  // Appends exactly `digits` digits.
  void append(uint32_t digits) {
    const size_t bytes = kBytesOfDigits[digits];
    auto number = static_cast<uint32_t>(in_.be(bytes));
    if (first_ && bytes > 0) number ^= uint32_t{0x80} << (8 * (bytes - 1));
    first_ = first_ && bytes == 0;
    if (negative_) number = ~number & static_cast<uint32_t>((uint64_t{1} << (8 * bytes)) - 1);
    if (number >= kPowers[digits]) sane_ = false;
    for (uint32_t i = digits; i-- > 0; number /= 10) out_.chars[out_.size + i] = static_cast<char>('0' + number % 10);
    out_.size = static_cast<uint8_t>(out_.size + digits);
  }

  [[nodiscard]] bool sane() const { return sane_ && in_.ok(); }

  [[nodiscard]] bool negative() const { return negative_; }

 private:
  ByteReader in_;
  DecimalText& out_;
  bool negative_ = false;
  bool first_ = true;
  bool sane_ = true;
};

}  // namespace

size_t decimal_bytes(uint32_t precision, uint32_t scale) {
  const uint32_t whole = precision - scale;
  return whole / kGroupDigits * 4 + kBytesOfDigits[whole % kGroupDigits] + scale / kGroupDigits * 4 +
         kBytesOfDigits[scale % kGroupDigits];
}

DecimalText read_decimal(ByteReader& in, uint32_t precision, uint32_t scale) {
  CHECK(scale <= precision && precision <= 65);
  DecimalText digits;
  Groups groups(in.take(decimal_bytes(precision, scale)), digits);
  const uint32_t whole = precision - scale;
  groups.append(whole % kGroupDigits);
  for (uint32_t i = 0; i < whole / kGroupDigits; ++i) groups.append(kGroupDigits);
  for (uint32_t i = 0; i < scale / kGroupDigits; ++i) groups.append(kGroupDigits);
  groups.append(scale % kGroupDigits);
  DecimalText out;
  if (!groups.sane()) {
    in.fail();
    return out;
  }
  const std::string_view all = digits.view();
  const bool zero = std::all_of(all.begin(), all.end(), [](char c) { return c == '0'; });
  const auto put = [&out](char c) { out.chars[out.size++] = c; };
  if (groups.negative() && !zero) put('-');
  const size_t significant = std::min(all.find_first_not_of('0'), size_t{whole});
  if (significant == whole) put('0');
  for (const char c : all.substr(significant, whole - significant)) put(c);
  if (scale > 0) put('.');
  for (const char c : all.substr(whole)) put(c);
  return out;
}

}  // namespace weft::mysql_binlog
