// SPDX-License-Identifier: Apache-2.0
// The forms of read_binary() that are more than a number or a copy. Private to this folder. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/slab.h"
#include "model/schema.h"

namespace weft::pgoutput {

// Bytes that no server sends for the column's type.
[[nodiscard]] Error not_sent(const Column& column, std::string_view bytes);

// The text that numeric_out() writes.
[[nodiscard]] Result<Value> read_binary_numeric(const Column& column, std::string_view bytes, Arena& arena);
[[nodiscard]] Result<Value> read_binary_date(const Column& column, std::string_view bytes, Arena& arena);
// kDateTime and kTimestamp
[[nodiscard]] Result<Value> read_binary_timestamp(const Column& column, std::string_view bytes, Arena& arena);
[[nodiscard]] Result<Value> read_binary_time(const Column& column, std::string_view bytes);
// Of these the text, as for all types that have no kind.
[[nodiscard]] Result<Value> read_binary_timetz(const Column& column, std::string_view bytes, Arena& arena);
[[nodiscard]] Result<Value> read_binary_interval(const Column& column, std::string_view bytes, Arena& arena);
[[nodiscard]] Result<Value> read_binary_inet(const Column& column, std::string_view bytes, Arena& arena);
[[nodiscard]] Result<Value> read_binary_macaddr(const Column& column, std::string_view bytes, Arena& arena);

}  // namespace weft::pgoutput
