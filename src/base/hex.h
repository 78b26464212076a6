// SPDX-License-Identifier: Apache-2.0
// Bytes as lower-case hexadecimal digits, and back. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weft {

[[nodiscard]] std::string to_hex(std::string_view bytes);
// REQUIRES: lower-case digits, an even number of them.
[[nodiscard]] std::string from_hex(std::string_view digits);

}  // namespace weft
