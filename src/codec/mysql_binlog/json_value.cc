// SPDX-License-Identifier: Apache-2.0
// Layout: sql-common/json_binary.h of MySQL. A container is count and byte size, (objects) an entry per key with offset and
// length, an entry per value with type and offset or the value itself; then the bytes that the offsets, from the container's
// start, point at. Small containers have two-byte numbers, large ones four.
#include "codec/mysql_binlog/json_value.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "codec/mysql_binlog/decimal.h"
#include "codec/mysql_binlog/table_map.h"

namespace weft::mysql_binlog {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Lengths in seven-bit groups, low ones first, the high bit says that more follow.
uint64_t read_group_length(ByteReader& in) {
  uint64_t length = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    const uint8_t byte = in.u8();
    length |= uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return length;
  }
  in.fail();
  return 0;
}

void append_padded(std::string& out, uint64_t number, size_t width) {
  const std::string digits = cat(number);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

// Packed temporals (my_time.h): date and time in the high 40 bits, microseconds below.
void append_temporal(WireType type, int64_t packed, std::string& out) {
  const bool negative = type == WireType::kTime && packed < 0;
  const uint64_t magnitude = negative ? ~static_cast<uint64_t>(packed) + 1 : static_cast<uint64_t>(packed);
  const uint64_t micros = magnitude & 0xffffff;
  const uint64_t time = (magnitude >> 24) & 0x1ffff;
  const uint64_t days = magnitude >> 41;
  out.push_back('"');
  if (negative) out.push_back('-');
  if (type != WireType::kTime) {
    append_padded(out, (days >> 5) / 13, 4);
    out.push_back('-');
    append_padded(out, (days >> 5) % 13, 2);
    out.push_back('-');
    append_padded(out, days & 31, 2);
    if (type != WireType::kDate) out.push_back(' ');
  }
  if (type != WireType::kDate) {
    const uint64_t hour = type == WireType::kTime ? (magnitude >> 36) & 0x3ff : time >> 12;
    append_padded(out, hour, 2);
    out.push_back(':');
    append_padded(out, (time >> 6) & 63, 2);
    out.push_back(':');
    append_padded(out, time & 63, 2);
    out.push_back('.');
    append_padded(out, micros, 6);
  }
  out.push_back('"');
}

// The server's base64 breaks lines after 76 characters, and the printer escapes the break.
void append_base64(std::string_view bytes, std::string& out) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t column = 0;
  for (ByteReader in(bytes); !in.empty();) {
    if (column == 76) {
      out += "\\n";
      column = 0;
    }
    const size_t have = std::min<size_t>(in.left(), 3);
    const auto bits = static_cast<uint32_t>(in.be(have) << (8 * (3 - have)));
    for (size_t i = 0; i < 4; ++i) out.push_back(i <= have ? kDigits[(bits >> (18 - 6 * i)) & 63] : '=');
    column += 4;
  }
}

bool append_opaque(ByteReader in, std::string& out) {
  const auto type = static_cast<WireType>(in.u8());
  ByteReader data(in.take(read_group_length(in)));
  if (!in.ok()) return false;
  switch (type) {
    case WireType::kNewDecimal: {
      const uint8_t precision = data.u8();
      const uint8_t scale = data.u8();
      if (!data.ok() || precision > 65 || scale > precision) return false;
      out += read_decimal(data, precision, scale).view();
      return data.ok();
    }
    case WireType::kDate:
    case WireType::kTime:
    case WireType::kDateTime:
    case WireType::kTimestamp:
      append_temporal(type, static_cast<int64_t>(data.u64()), out);
      return data.ok();
    default:
      out += cat("\"base64:type", static_cast<uint32_t>(type), ':');
      append_base64(data.rest(), out);
      out.push_back('"');
      return true;
  }
}

bool append_literal(uint8_t literal, std::string& out) {
  static constexpr std::array<std::string_view, 3> kWords = {"null", "true", "false"};
  if (literal >= kWords.size()) return false;
  out += kWords[literal];
  return true;
}

}  // namespace

JsonValue json_root(std::string_view binary) {
  if (binary.empty()) return {JsonType::kLiteral, std::string_view("\0", 1)};
  return {static_cast<JsonType>(static_cast<uint8_t>(binary.front())), binary.substr(1)};
}

JsonContainer::JsonContainer(const JsonValue& value)
    : object_(is_object(value.type)),
      large_(value.type == JsonType::kLargeObject || value.type == JsonType::kLargeArray) {
  ByteReader in(value.data);
  count_ = static_cast<uint32_t>(in.le(width()));
  const uint64_t size = in.le(width());
  const uint64_t entries = 2 * width() + uint64_t{count_} * ((object_ ? width() + 2 : 0) + 1 + width());
  ok_ = in.ok() && size <= value.data.size() && entries <= size;
  data_ = value.data.substr(0, ok_ ? size : 0);
}

bool JsonContainer::key(uint32_t i, std::string_view& key) const {
  ByteReader entry(data_.substr(2 * width() + i * (width() + 2)));
  const uint64_t offset = entry.le(width());
  const uint16_t length = entry.u16();
  if (!entry.ok() || offset > data_.size() || length > data_.size() - offset) return false;
  key = data_.substr(offset, length);
  return true;
}

bool JsonContainer::inlined(JsonType type) const {
  if (type == JsonType::kLiteral || type == JsonType::kInt16 || type == JsonType::kUint16) return true;
  return large_ && (type == JsonType::kInt32 || type == JsonType::kUint32);
}

bool JsonContainer::value(uint32_t i, JsonValue& value) const {
  const size_t keys = object_ ? size_t{count_} * (width() + 2) : 0;
  ByteReader entry(data_.substr(2 * width() + keys + i * (1 + width())));
  value.type = static_cast<JsonType>(entry.u8());
  if (inlined(value.type)) {
    value.data = entry.take(width());
    return entry.ok();
  }
  const uint64_t offset = entry.le(width());
  if (!entry.ok() || offset >= data_.size()) return false;
  value.data = data_.substr(offset);
  return true;
}

bool append_scalar(const JsonValue& value, std::string& out) {
  ByteReader in(value.data);
  switch (value.type) {
    case JsonType::kLiteral:
      return append_literal(in.u8(), out) && in.ok();
    case JsonType::kInt16:
      append_text(out, static_cast<int16_t>(in.u16()));
      return in.ok();
    case JsonType::kUint16:
      append_text(out, in.u16());
      return in.ok();
    case JsonType::kInt32:
      append_text(out, static_cast<int32_t>(in.u32()));
      return in.ok();
    case JsonType::kUint32:
      append_text(out, in.u32());
      return in.ok();
    case JsonType::kInt64:
      append_text(out, static_cast<int64_t>(in.u64()));
      return in.ok();
    case JsonType::kUint64:
      append_text(out, in.u64());
      return in.ok();
    case JsonType::kDouble: {
      const auto number = std::bit_cast<double>(in.u64());
      if (!in.ok() || !std::isfinite(number)) return false;
      append_double(number, out);
      return true;
    }
    case JsonType::kString: {
      const std::string_view text = in.take(read_group_length(in));
      append_quoted(text, out);
      return in.ok();
    }
    case JsonType::kOpaque:
      return append_opaque(in, out);
    case JsonType::kSmallObject:
    case JsonType::kLargeObject:
    case JsonType::kSmallArray:
    case JsonType::kLargeArray:
      break;
  }
  return false;
}

void append_quoted(std::string_view text, std::string& out) {
  static constexpr std::string_view kShort = "\bb\ff\nn\rr\tt\"\"\\\\";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      out.push_back(c);
      continue;
    }
    out.push_back('\\');
    size_t at = 0;
    while (at < kShort.size() && kShort[at] != c) at += 2;
    if (at < kShort.size()) {
      out.push_back(kShort[at + 1]);
    } else {
      out += "u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  out.push_back('"');
}

}  // namespace weft::mysql_binlog
