// SPDX-License-Identifier: Apache-2.0
// utf8_length: the bytes of one character, strictly. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace weft {

// Length of the UTF-8 sequence at the front of `text`, or 0 when it is none (overlong, surrogate, beyond U+10FFFF, cut).
// REQUIRES: !text.empty().
[[nodiscard]] size_t utf8_length(std::string_view text);

}  // namespace weft
