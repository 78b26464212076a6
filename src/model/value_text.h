// SPDX-License-Identifier: Apache-2.0
// A column's value out of the text that servers print for it: numbers, decimals, text, bits as digits, dates and times with
// their fraction. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/schema.h"
#include "model/value.h"

namespace weft {

// Views `text`. None: the text is no value of this kind, or its printed form is not its value (bytes, JSON, UUID).
[[nodiscard]] std::optional<Value> value_of_text(const Column& column, std::string_view text);

// "2024-05-06 07:08:09.120000", with a Z for an instant; for kDate, kDateTime, kTimestamp, kTime, kUuid. Else empty.
[[nodiscard]] std::string text_form(const Value& value);

}  // namespace weft
