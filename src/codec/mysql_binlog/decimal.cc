// SPDX-License-Identifier: Apache-2.0
// Nine digits take four bytes, big-endian; the digits left over at the outer ends take as few bytes as hold them. The first
// bit is set for numbers that are not negative; a negative one has all its bits turned.
#include "codec/mysql_binlog/decimal.h"

#include <charconv>

#include "base/check.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint32_t kGroupDigits = 9;
constexpr std::array<uint8_t, 10> kBytesOfDigits = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<uint32_t, 10> kPowers = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

// Writes `number` with zeros in front, `digits` long.
void put_padded(char* to, uint32_t number, uint32_t digits) {
  for (uint32_t i = digits; i-- > 0; number /= 10) to[i] = static_cast<char>('0' + number % 10);
}

// A run of big-endian groups out of bytes whose sign is undone on the way, as text behind room for a sign.
class Groups {
 public:
  Groups(std::string_view raw, DecimalText& out) : in_(raw), out_(out) {
    negative_ = !raw.empty() && (static_cast<uint8_t>(raw.front()) & 0x80) == 0;
    out_.begin = out_.end = 1;
  }

  // Appends `digits` digits of the whole part, without zeros in front.
  void whole(uint32_t digits) {
    const uint32_t number = next(digits);
    if (out_.end > out_.begin) {
      put_padded(&out_.chars[out_.end], number, digits);
      out_.end = static_cast<uint8_t>(out_.end + digits);
    } else if (number > 0) {
      char* const at = &out_.chars[out_.end];
      out_.end = static_cast<uint8_t>(out_.end + (std::to_chars(at, at + kGroupDigits, number).ptr - at));
    }
  }

  // Appends exactly `digits` digits.
  void part(uint32_t digits) {
    put_padded(&out_.chars[out_.end], next(digits), digits);
    out_.end = static_cast<uint8_t>(out_.end + digits);
  }

  [[nodiscard]] bool sane() const { return sane_ && in_.ok(); }

  // Of a number that is not zero.
  [[nodiscard]] bool negative() const { return negative_ && !zero_; }

 private:
  uint32_t next(uint32_t digits) {
    const size_t bytes = kBytesOfDigits[digits];
    auto number = static_cast<uint32_t>(in_.be(bytes));
    if (first_ && bytes > 0) number ^= uint32_t{0x80} << (8 * (bytes - 1));
    first_ = first_ && bytes == 0;
    if (negative_) number = ~number & static_cast<uint32_t>((uint64_t{1} << (8 * bytes)) - 1);
    zero_ = zero_ && number == 0;
    if (number < kPowers[digits]) return number;
    sane_ = false;
    return 0;
  }

  ByteReader in_;
  DecimalText& out_;
  bool negative_ = false;
  bool first_ = true;
  bool sane_ = true;
  bool zero_ = true;
};

}  // namespace

size_t decimal_bytes(uint32_t precision, uint32_t scale) {
  const uint32_t whole = precision - scale;
  return whole / kGroupDigits * 4 + kBytesOfDigits[whole % kGroupDigits] + scale / kGroupDigits * 4 +
         kBytesOfDigits[scale % kGroupDigits];
}

DecimalText read_decimal(ByteReader& in, uint32_t precision, uint32_t scale) {
  CHECK(scale <= precision && precision <= 65);
  DecimalText out;
  Groups groups(in.take(decimal_bytes(precision, scale)), out);
  const uint32_t whole = precision - scale;
  groups.whole(whole % kGroupDigits);
  for (uint32_t i = 0; i < whole / kGroupDigits; ++i) groups.whole(kGroupDigits);
  if (out.end == out.begin) out.chars[out.end++] = '0';
  if (scale > 0) {
    out.chars[out.end++] = '.';
    for (uint32_t i = 0; i < scale / kGroupDigits; ++i) groups.part(kGroupDigits);
    groups.part(scale % kGroupDigits);
  }
  if (groups.negative()) out.chars[--out.begin] = '-';
  if (!groups.sane()) {
    in.fail();
    out.begin = out.end = 0;
  }
  return out;
}

}  // namespace weft::mysql_binlog
