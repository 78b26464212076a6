// SPDX-License-Identifier: Apache-2.0
// Values as SQL text, for statements that take no parameters: DEFAULT, and foreign-key actions, whose values come from rows that the
// server printed. Bytes are hexadecimal. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "model/value.h"
#include "target/mysql/storage.h"

namespace weft::mysql {

// REQUIRES: not unchanged. NULL is "NULL".
[[nodiscard]] std::string literal_of(const Storage& storage, const Value& value);
// Of what a server printed for a column that is not NULL.
[[nodiscard]] std::string literal_of_printed(const Storage& storage, std::string_view text);

}  // namespace weft::mysql
