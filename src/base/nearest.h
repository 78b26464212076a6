// SPDX-License-Identifier: Apache-2.0
// nearest_word: what somebody may have meant who wrote a word that we don't know. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weft {

// The known word with the fewest edits (insert, delete, replace, swap neighbours; case is free), or empty when none is
// near: more than half of the longer word would have to change.
[[nodiscard]] std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

// ", nearest known word 'tables'" or nothing.
[[nodiscard]] std::string nearest_hint(std::string_view word, const std::vector<std::string>& known);

// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

}  // namespace weft
