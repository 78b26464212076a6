// SPDX-License-Identifier: Apache-2.0
#include "base/slab.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace weft {

std::byte* Arena::allocate(size_t bytes, size_t align) {
  size_t start = (used_ + align - 1) & ~(align - 1);
  if (slabs_.empty() || start + bytes > slabs_.back()->capacity()) {
    slabs_.push_back(std::make_shared<Slab>(std::max(bytes, slab_bytes_)));
    start = 0;
  }
  used_ = start + bytes;
  bytes_ += bytes;
  return slabs_.back()->data() + start;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  std::byte* to = allocate(text.size());
  std::memcpy(to, text.data(), text.size());
  return {reinterpret_cast<const char*>(to), text.size()};
}

std::vector<SlabRef> Arena::take() {
  std::vector<SlabRef> taken = slabs_;
  if (slabs_.size() > 1) slabs_.erase(slabs_.begin(), slabs_.end() - 1);
  // A slab that is nearly full is not worth keeping: the next batch starts a fresh one.
  if (!slabs_.empty() && slabs_.back()->capacity() - used_ < slab_bytes_ / 8) {
    slabs_.clear();
    used_ = 0;
  }
  bytes_ = 0;
  return taken;
}

}  // namespace weft
