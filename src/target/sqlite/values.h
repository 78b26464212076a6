// SPDX-License-Identifier: Apache-2.0
// A source's value as SQLite is to keep it: in the storage class that gives it back as it was, or a refusal where the column's
// affinity would change it. docs/types/sqlite.md has the table. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/sqlite/catalogue.h"
#include "model/schema.h"

namespace weft::sqlite {

// Binds; gives what is wrong with the value, in words that follow it in a message; empty: it fits. `text` keeps what is printed
// for it, until the statement is reset.
[[nodiscard]] std::string_view bind_value(
    Statement& statement, int parameter, const Value& value, Affinity affinity, std::string& text);

// "2024-05-06 07:08:09.120000", with a Z for an instant; for kDate, kDateTime, kTimestamp, kTime, kUuid.
[[nodiscard]] std::string text_form(const Value& value);

// Whether SQLite would take the text for a number where a column prefers numbers (sqlite.org/datatype3.html section 3).
[[nodiscard]] bool looks_numeric(std::string_view text);

// The type to declare for a column of the source, whose affinity keeps its values.
[[nodiscard]] std::string declared_type(const Column& column);

}  // namespace weft::sqlite
