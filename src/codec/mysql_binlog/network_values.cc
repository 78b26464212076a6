// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/network_values.h"

#include <array>
#include <string>

#include "base/bytes.h"
#include "base/text.h"

namespace weft::mysql_binlog {
namespace {

constexpr uint32_t kEwkbSrid = 0x20000000;

std::string dotted(uint32_t address) {
  return cat(address >> 24, '.', (address >> 16) & 255, '.', (address >> 8) & 255, '.', address & 255);
}

std::string hex_word(uint16_t word) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = static_cast<size_t>((word >> shift) & 15);
    if (digit != 0 || !out.empty() || shift == 0) out.push_back(kHex[digit]);
  }
  return out;
}

struct Run {
  size_t first = 8;
  size_t length = 0;
};

// The first longest run of zero words; one alone counts.
Run longest_zeros(const std::array<uint16_t, 8>& words, size_t count) {
  Run best;
  for (size_t i = 0; i < count; ++i) {
    Run run{i, 0};
    while (i < count && words[i] == 0) {
      ++i;
      ++run.length;
    }
    if (run.length > best.length) best = run;
  }
  return best;
}

}  // namespace

std::string_view inet4_text(std::string_view bytes, Arena& arena) {
  ByteReader in(bytes);
  const auto address = static_cast<uint32_t>(in.be(4));
  return in.ok() ? arena.copy(dotted(address)) : std::string_view();
}

std::string_view inet6_text(std::string_view bytes, Arena& arena) {
  ByteReader in(bytes);
  std::array<uint16_t, 8> words{};
  for (uint16_t& word : words) word = static_cast<uint16_t>(in.be(2));
  if (!in.ok()) return {};
  const Run zeros = longest_zeros(words, words.size());
  // IPv4-compatible and IPv4-mapped addresses end in dotted form.
  const bool compatible = zeros.first == 0 && zeros.length == 6;
  const bool mapped = zeros.first == 0 && zeros.length == 5 && words[5] == 0xffff;
  const size_t in_hex = compatible || mapped ? 6 : 8;
  std::string out;
  for (size_t i = 0; i < in_hex; ++i) {
    if (i == zeros.first && zeros.length > 0) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out.push_back(':');
    out += hex_word(words[i]);
  }
  if (in_hex == 6) {
    if (!out.ends_with(':')) out.push_back(':');
    out += dotted(uint32_t{words[6]} << 16 | words[7]);
  }
  return arena.copy(out);
}

std::optional<std::string_view> geometry_ewkb(std::string_view stored, Arena& arena) {
  if (stored.empty()) return stored;
  ByteReader in(stored);
  const uint32_t srid = in.u32();
  const std::string_view wkb = stored.substr(4 < stored.size() ? 4 : stored.size());
  const uint8_t order = in.u8();
  const bool little = order == 1;
  const auto type = static_cast<uint32_t>(little ? in.le(4) : in.be(4));
  if (!in.ok() || order > 1) return std::nullopt;
  if (srid == 0) return wkb;
  ByteWriter out;
  const auto number = [&](uint32_t n) { little ? out.le(n, 4) : out.be(n, 4); };
  out.le(order, 1);
  number(type | kEwkbSrid);
  number(srid);
  out.bytes(in.rest());
  return arena.copy(out.str());
}

}  // namespace weft::mysql_binlog
