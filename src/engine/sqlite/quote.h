// SPDX-License-Identifier: Apache-2.0
// Quoting of names and texts for SQL that can't be bound. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weft::sqlite {

[[nodiscard]] std::string quote_identifier(std::string_view name);
// REQUIRES: no zero byte, which no literal of SQLite's can hold.
[[nodiscard]] std::string quote_literal(std::string_view text);
// x'0aff'
[[nodiscard]] std::string quote_blob(std::string_view bytes);

}  // namespace weft::sqlite
