// SPDX-License-Identifier: Apache-2.0
// Slab: a reference-counted run of bytes that many small transactions share; Arena: bump allocation out of slabs.
//
//   Arena arena(256 << 10);
//   std::string_view kept = arena.copy(text);     // lives as long as any SlabRef to its slab
//   SlabRef ref = arena.current();
//
// A socket is read straight into a slab; every view of a change points into one; nothing inside is freed singly. A Slab
// may be shared between threads (the count is atomic); its bytes are written only by the one thread that fills it, before
// it is handed on. An Arena has one owner.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace weft {

class Slab {
 public:
  explicit Slab(size_t capacity) : bytes_(new std::byte[capacity]), capacity_(capacity) {}

  [[nodiscard]] std::byte* data() { return bytes_.get(); }

  [[nodiscard]] const std::byte* data() const { return bytes_.get(); }

  [[nodiscard]] size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t capacity_;
};

using SlabRef = std::shared_ptr<Slab>;

// Bump allocator over slabs of `slab_bytes`; a larger request gets a slab of its own. All slabs used since the last
// take() are returned by it, so that a batch can own them.
class Arena {
 public:
  explicit Arena(size_t slab_bytes) : slab_bytes_(slab_bytes) {}

  // Uninitialised bytes, aligned to `align` (a power of two).
  [[nodiscard]] std::byte* allocate(size_t bytes, size_t align = 1);
  [[nodiscard]] std::string_view copy(std::string_view text);

  template <class T>
  [[nodiscard]] std::span<T> array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    auto* first = reinterpret_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    return {first, count};
  }

  // Gives back the last `bytes` of the latest allocation. REQUIRES: they are its tail.
  void shrink(size_t bytes) {
    used_ -= bytes;
    bytes_ -= bytes;
  }

  // The slabs that hold everything allocated since the last take(). The current slab stays in use: its unused tail
  // serves the next batch, so many small batches share one slab.
  [[nodiscard]] std::vector<SlabRef> take();

  // Bytes allocated since the last take().
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  size_t slab_bytes_;
  std::vector<SlabRef> slabs_;
  size_t used_ = 0;
  size_t bytes_ = 0;
};

}  // namespace weft
