// SPDX-License-Identifier: Apache-2.0
// CHECK(condition): an invariant that is always on. On failure the process prints the place and the words and aborts:
// restart is the tested path, running on with a broken invariant is not.
#pragma once

#include <string_view>

namespace weft {

[[noreturn]] void check_failed(std::string_view condition, std::string_view message, const char* file, int line);

}  // namespace weft

#define CHECK(condition) CHECK_MSG(condition, std::string_view())
#define CHECK_MSG(condition, message) \
  ((condition) ? void() : ::weft::check_failed(#condition, (message), __FILE__, __LINE__))
