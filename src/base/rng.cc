// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"

#include <random>

namespace weft {

uint64_t random_seed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) ^ device();
}

}  // namespace weft
