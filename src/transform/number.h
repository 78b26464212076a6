// SPDX-License-Identifier: Apache-2.0
// The order of two numbers of any kind, exactly: integers and decimals by their digits, never through a double. Where one side is
// a float, both are compared as floats, as databases do. Infinities are where they belong; NaN equals itself and is above all,
// as PostgreSQL has it. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "model/value.h"

namespace weft::transform {

// kInt, kUint, kBit, kBool, kFloat, kDouble, kDecimal.
[[nodiscard]] bool is_number(Kind kind);

// <0, 0, >0. REQUIRES: is_number() of both kinds.
[[nodiscard]] int compare_numbers(const Value& a, const Value& b);

// The number nearest to decimal digits in binary.
[[nodiscard]] double nearest_double(std::string_view digits);

}  // namespace weft::transform
