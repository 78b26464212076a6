// SPDX-License-Identifier: Apache-2.0
// Quoting for the rare text that can't be bound: identifiers, and literals in statements that take no parameters. Made for
// our sessions, whose sql_mode has neither ANSI_QUOTES nor NO_BACKSLASH_ESCAPES. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "model/schema.h"

namespace weft::mysql {

[[nodiscard]] std::string quote_identifier(std::string_view name);  // `a``b`
[[nodiscard]] std::string quote_name(const TableName& name);        // `db`.`table`
[[nodiscard]] std::string quote_literal(std::string_view text);     // 'it''s'

}  // namespace weft::mysql
