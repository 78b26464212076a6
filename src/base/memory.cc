// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <malloc.h>

namespace weft {

void keep_freed_memory() {
  constexpr int kReturnedAtOnce = 1 << 20;
  constexpr int kKeptAtMost = 8 << 20;
  mallopt(M_MMAP_THRESHOLD, kReturnedAtOnce);
  mallopt(M_TRIM_THRESHOLD, kKeptAtMost);
}

}  // namespace weft
