// SPDX-License-Identifier: Apache-2.0
// One text for all texts of the same JSON value: no white space, names in order of their bytes (of equal names the last one
// counts, as for jsonb and MySQL), numbers by value and never by way of a double, strings with escapes only where JSON
// demands them. For comparing what servers print that keep JSON in forms of their own. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::verify {

// "-0.0150e2" -> "-15e-1": digits without zeros at their ends, and an exponent where it is not 0; "0" for zero. None: no number.
[[nodiscard]] std::optional<std::string> number_form(std::string_view text);

// None: the text is no JSON, or nested deeper than 512 levels.
[[nodiscard]] std::optional<std::string> json_form(std::string_view text);

}  // namespace weft::verify
