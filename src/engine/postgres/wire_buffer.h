// SPDX-License-Identifier: Apache-2.0
// WireBuffer: a growing run of bytes in network order that is cleared and filled again without giving its memory back, for
// parameters and COPY data. One owner, one thread. Pointers into it are void after the next write.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace weft::postgres {

class WireBuffer {
 public:
  void clear() { size_ = 0; }

  [[nodiscard]] const char* data() const { return bytes_.get(); }

  [[nodiscard]] size_t size() const { return size_; }

  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

  // Room for `count` bytes at the end; they belong to the buffer at once.
  [[nodiscard]] char* extend(size_t count) {
    if (size_ + count > capacity_) grow(size_ + count);
    char* at = bytes_.get() + size_;
    size_ += count;
    return at;
  }

  void put8(uint8_t v) { *extend(1) = static_cast<char>(v); }

  void put16(uint16_t v) {
    v = static_cast<uint16_t>((v << 8) | (v >> 8));
    std::memcpy(extend(2), &v, 2);
  }

  void put32(uint32_t v) {
    v = __builtin_bswap32(v);
    std::memcpy(extend(4), &v, 4);
  }

  void put64(uint64_t v) {
    v = __builtin_bswap64(v);
    std::memcpy(extend(8), &v, 8);
  }

  void put(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }

  // Overwrites four bytes written before. REQUIRES: at + 4 <= size().
  void patch32(size_t at, uint32_t v) {
    v = __builtin_bswap32(v);
    std::memcpy(bytes_.get() + at, &v, 4);
  }

  // Drops everything from `size` on. REQUIRES: size <= size().
  void truncate(size_t size) { size_ = size; }

  // Gives memory above `bytes` back, after an unusually large use.
  void shrink_to(size_t bytes) {
    if (capacity_ <= bytes) return;
    bytes_.reset();
    capacity_ = size_ = 0;
  }

 private:
  static_assert(std::endian::native == std::endian::little);

  void grow(size_t needed) {
    const size_t capacity = std::bit_ceil(needed < 256 ? size_t{256} : needed);
    std::unique_ptr<char[]> bytes(new char[capacity]);
    if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace weft::postgres
