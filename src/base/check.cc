// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weft {

void check_failed(std::string_view condition, std::string_view message, const char* file, int line) {
  std::fprintf(stderr,
               "weft: invariant broken at %s:%d: %.*s %.*s\n",
               file,
               line,
               static_cast<int>(condition.size()),
               condition.data(),
               static_cast<int>(message.size()),
               message.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace weft
