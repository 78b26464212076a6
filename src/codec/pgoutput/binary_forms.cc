// SPDX-License-Identifier: Apache-2.0
// numeric.c, network.c, inet_net_ntop.c and mac.c of the server.
#include "codec/pgoutput/binary_forms.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/bytes.h"
#include "base/text.h"

namespace weft::pgoutput {
namespace {

constexpr int64_t kGroupDigits = 4;

// The four decimal digits of a base-10000 one.
char* put_group(char* to, uint32_t group) {
  to[0] = static_cast<char>('0' + group / 1000);
  to[1] = static_cast<char>('0' + group / 100 % 10);
  to[2] = static_cast<char>('0' + group / 10 % 10);
  to[3] = static_cast<char>('0' + group % 10);
  return to + kGroupDigits;
}

// A numeric's header and digits; views the bytes.
struct Numeric {
  int64_t count = 0;   // of base-10000 digits
  int64_t weight = 0;  // of the first one: a power of 10000
  uint16_t sign = 0;
  int64_t scale = 0;  // digits to print behind the point
  std::string_view digits;

  // The digit of weight w.
  [[nodiscard]] uint32_t group(int64_t w) const {
    const int64_t i = weight - w;
    if (i < 0 || i >= count) return 0;
    const auto at = static_cast<size_t>(2 * i);
    return static_cast<uint32_t>(static_cast<uint8_t>(digits[at]) << 8 | static_cast<uint8_t>(digits[at + 1]));
  }
};

constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xC000;
constexpr uint16_t kInfinity = 0xD000;
constexpr uint16_t kMinusInfinity = 0xF000;
constexpr int64_t kMostScale = 16383;

bool parse(std::string_view bytes, Numeric& n) {
  ByteReader in(bytes);
  n.count = static_cast<int64_t>(in.be(2));
  n.weight = static_cast<int16_t>(in.be(2));
  n.sign = static_cast<uint16_t>(in.be(2));
  n.scale = static_cast<int64_t>(in.be(2));
  n.digits = in.rest();
  if (!in.ok() || n.digits.size() != static_cast<size_t>(2 * n.count) || n.scale > kMostScale) return false;
  for (int64_t i = 0; i < n.count; ++i) {
    if (n.group(n.weight - i) > 9999) return false;
  }
  return true;
}

// "::ffff:10.1.2.3": words of zeros are left out where they are most, and at least two; the first of equals
// (inet_net_ntop.c, inet_net_ntop_ipv6).
std::string ipv6(std::string_view raw) {
  constexpr size_t kWords = 8;
  std::array<uint32_t, kWords> words{};
  for (size_t i = 0; i < kWords; ++i)
    words[i] = static_cast<uint32_t>(static_cast<uint8_t>(raw[2 * i]) << 8 | static_cast<uint8_t>(raw[2 * i + 1]));
  size_t best = kWords;
  size_t length = 1;
  for (size_t i = 0; i < kWords; ++i) {
    size_t end = i;
    while (end < kWords && words[end] == 0) ++end;
    if (end - i > length) {
      best = i;
      length = end - i;
    }
    i = std::max(i, end == i ? i : end - 1);
  }
  const bool holds_ipv4 =
      best == 0 && (length == 6 || (length == 7 && words[7] != 1) || (length == 5 && words[5] == 0xffff));
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < kWords; ++i) {
    if (best < kWords && i >= best && i < best + length) {
      if (i == best) out.push_back(':');
      continue;
    }
    if (i != 0) out.push_back(':');
    if (i == 6 && holds_ipv4) {
      return out + cat(words[6] >> 8, ".", words[6] & 255, ".", words[7] >> 8, ".", words[7] & 255);
    }
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const uint32_t digit = words[i] >> shift & 15;
      started = started || digit != 0 || shift == 0;
      if (started) out.push_back(kHex[digit]);
    }
  }
  if (best < kWords && best + length == kWords) out.push_back(':');
  return out;
}

}  // namespace

Result<Value> read_binary_numeric(const Column& column, std::string_view bytes, Arena& arena) {
  Numeric n;
  if (!parse(bytes, n)) return not_sent(column, bytes);
  if (n.sign == kNaN) return Value::decimal(arena.copy("NaN"));
  if (n.sign == kInfinity) return Value::decimal(arena.copy("Infinity"));
  if (n.sign == kMinusInfinity) return Value::decimal(arena.copy("-Infinity"));
  if (n.sign != 0 && n.sign != kNegative) return not_sent(column, bytes);
  const int64_t whole_groups = std::max<int64_t>(n.weight + 1, 1);
  const int64_t fraction_groups = (n.scale + kGroupDigits - 1) / kGroupDigits;
  const auto room = static_cast<size_t>(2 + kGroupDigits * (whole_groups + fraction_groups));
  auto* const begin = reinterpret_cast<char*>(arena.allocate(room));
  char* at = begin;
  if (n.sign == kNegative) *at++ = '-';
  char* const first = at;
  for (int64_t w = whole_groups - 1; w >= 0; --w) at = put_group(at, n.group(w));
  // Zeros in front, but for a last one.
  const char* digit = first;
  while (digit < at - 1 && *digit == '0') ++digit;
  at = std::copy(digit, static_cast<const char*>(at), first);
  if (n.scale > 0) {
    *at++ = '.';
    char* const fraction = at;
    for (int64_t w = -1; w >= -fraction_groups; --w) at = put_group(at, n.group(w));
    at = fraction + n.scale;
  }
  const auto size = static_cast<size_t>(at - begin);
  arena.shrink(room - size);
  return Value::decimal({begin, size});
}

// Family, bits of the network, whether it is a cidr, length, address (network.c, network_send). A full network's bits are
// printed of a cidr only.
Result<Value> read_binary_inet(const Column& column, std::string_view bytes, Arena& arena) {
  constexpr uint8_t kIpv4 = 2;  // PGSQL_AF_INET
  constexpr uint8_t kIpv6 = 3;
  ByteReader in(bytes);
  const uint8_t family = in.u8();
  const uint8_t bits = in.u8();
  const bool cidr = in.u8() != 0;
  const size_t length = in.u8();
  const std::string_view raw = in.rest();
  const size_t wanted = family == kIpv4 ? 4 : 16;
  if (!in.ok() || (family != kIpv4 && family != kIpv6) || length != wanted || raw.size() != wanted ||
      bits > wanted * 8) {
    return not_sent(column, bytes);
  }
  std::string out;
  if (family == kIpv6) out = ipv6(raw);
  for (size_t i = 0; family == kIpv4 && i < wanted; ++i) {
    out += cat(i == 0 ? "" : ".", int{static_cast<uint8_t>(raw[i])});
  }
  if (cidr || bits != wanted * 8) out += cat("/", int{bits});
  return Value::text(arena.copy(out));
}

// "08:00:2b:01:02:03"
Result<Value> read_binary_macaddr(const Column& column, std::string_view bytes, Arena& arena) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (bytes.size() != 6) return not_sent(column, bytes);
  std::string out;
  for (const char c : bytes) {
    if (!out.empty()) out.push_back(':');
    out.push_back(kHex[static_cast<uint8_t>(c) >> 4]);
    out.push_back(kHex[static_cast<uint8_t>(c) & 15]);
  }
  return Value::text(arena.copy(out));
}

}  // namespace weft::pgoutput
