// SPDX-License-Identifier: Apache-2.0
// Exact decimals into PostgreSQL's numeric form: base-10000 digits, weight, sign and display scale. Pure; any thread.
#pragma once

#include <string_view>

#include "engine/postgres/binary.h"

namespace weft::postgres {

// `text`: -?digits[.digits], NaN, Infinity, -Infinity. Appends length and bytes.
[[nodiscard]] Misfit append_numeric(WireBuffer& out, const ColumnType& type, std::string_view text);
// Significant digits of a decimal, without leading and trailing zeros.
[[nodiscard]] size_t significant_digits(std::string_view text);

}  // namespace weft::postgres
