// SPDX-License-Identifier: Apache-2.0
// Quoting of names and texts for SQL that can't be bound: identifiers, and literals in statements that take no parameters.
// Always quotes, so that generated SQL doesn't depend on keyword lists. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "model/schema.h"

namespace weft::postgres {

// The longest name that PostgreSQL keeps; it cuts longer ones without an error.
inline constexpr size_t kNameBytesLimit = 63;

[[nodiscard]] std::string quote_identifier(std::string_view name);
// "schema"."table"; only the table where the schema is empty.
[[nodiscard]] std::string quote_name(const TableName& name);
// For standard_conforming_strings = on, which every session of ours sets.
[[nodiscard]] std::string quote_literal(std::string_view text);

}  // namespace weft::postgres
