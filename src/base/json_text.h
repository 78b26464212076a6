// SPDX-License-Identifier: Apache-2.0
// json_quoted: a text as a JSON string. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weft {

// Between quotes; bytes that are no UTF-8 become U+FFFD, so that the result is always valid JSON.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace weft
