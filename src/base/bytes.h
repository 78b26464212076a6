// SPDX-License-Identifier: Apache-2.0
// ByteReader: a bounds-checked cursor over bytes that fails sticky: after a read past the end every read gives zero or an
// empty view and ok() is false, so that a decoder checks once at the end. ByteWriter: the same way out, into a string.
// Both are values of one owner; a ByteReader views bytes that its caller owns.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace weft {

// Small numbers of either sign as small unsigned ones, and back.
[[nodiscard]] constexpr uint64_t zigzag(int64_t n) {
  return (static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63);
}

[[nodiscard]] constexpr int64_t unzigzag(uint64_t n) {
  return static_cast<int64_t>((n >> 1) ^ (~(n & 1) + 1));
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - at_); }

  [[nodiscard]] bool empty() const { return at_ == end_; }

  [[nodiscard]] const char* position() const { return at_; }

  void fail() {
    ok_ = false;
    at_ = end_;
  }

  // Little-endian unsigned integer of `bytes` bytes (0..8).
  uint64_t le(size_t bytes) {
    if (left() < bytes) return fail(), 0;
    const uint64_t value = load(at_, bytes);
    at_ += bytes;
    return value;
  }

  // Big-endian unsigned integer of `bytes` bytes (0..8).
  uint64_t be(size_t bytes) {
    if (left() < bytes) return fail(), 0;
    if (bytes == 0) return 0;
    const uint64_t value = __builtin_bswap64(load(at_, bytes)) >> (8 * (8 - bytes));
    at_ += bytes;
    return value;
  }

  uint8_t u8() { return static_cast<uint8_t>(le(1)); }

  uint16_t u16() { return static_cast<uint16_t>(le(2)); }

  uint32_t u32() { return static_cast<uint32_t>(le(4)); }

  uint64_t u64() { return le(8); }

  // What ByteWriter::varint wrote (1..10 bytes).
  uint64_t varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = u8();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return fail(), 0;
  }

  int64_t signed_varint() { return unzigzag(varint()); }

  // A varint and that many bytes.
  std::string_view text() {
    const uint64_t size = varint();
    if (size > left()) return fail(), std::string_view();
    return take(static_cast<size_t>(size));
  }

  std::string_view take(size_t bytes) {
    if (left() < bytes) return fail(), std::string_view();
    std::string_view view(at_, bytes);
    at_ += bytes;
    return view;
  }

  std::string_view rest() { return take(left()); }

  void skip(size_t bytes) { (void)take(bytes); }

 private:
  static_assert(std::endian::native == std::endian::little);

  template <class T>
  static uint64_t part(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  // In registers: bytes copied one by one into a variable that is read whole would be waited for.
  static uint64_t load(const char* at, size_t bytes) {
    switch (bytes) {
      case 0:
        return 0;
      case 1:
        return part<uint8_t>(at);
      case 2:
        return part<uint16_t>(at);
      case 3:
        return part<uint16_t>(at) | part<uint8_t>(at + 2) << 16;
      case 4:
        return part<uint32_t>(at);
      case 5:
        return part<uint32_t>(at) | part<uint8_t>(at + 4) << 32;
      case 6:
        return part<uint32_t>(at) | part<uint16_t>(at + 4) << 32;
      case 7:
        return part<uint32_t>(at) | part<uint16_t>(at + 4) << 32 | part<uint8_t>(at + 6) << 48;
      default:
        return part<uint64_t>(at);
    }
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

class ByteWriter {
 public:
  ByteWriter() = default;

  // Goes on behind what is there.
  explicit ByteWriter(std::string out) : out_(std::move(out)) {}

  void le(uint64_t value, size_t bytes) {
    char raw[8];
    std::memcpy(raw, &value, 8);
    out_.append(raw, bytes);
  }

  void be(uint64_t value, size_t bytes) {
    for (size_t i = bytes; i-- > 0;) out_.push_back(static_cast<char>(value >> (8 * i)));
  }

  void bytes(std::string_view raw) { out_.append(raw); }

  // Seven bits a byte, low ones first; all but the last byte have the high bit set.
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }

  void signed_varint(int64_t value) { varint(zigzag(value)); }

  void text(std::string_view raw) {
    varint(raw.size());
    bytes(raw);
  }

  [[nodiscard]] const std::string& str() const { return out_; }

  [[nodiscard]] std::string& str() { return out_; }

 private:
  std::string out_;
};

}  // namespace weft
