// SPDX-License-Identifier: Apache-2.0
// A text of a condition as a value of the column that it is compared with: dates, times and uuids in their one written form.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/value.h"

namespace weft::transform {

// kText, kBytes, kDate, kDateTime, kTimestamp, kTime, kUuid; none: the text is no value of that kind. What the value views
// (`text` as it is, but for a uuid, which is made) is put into `bytes`, and the view is of that.
[[nodiscard]] std::optional<Value> literal_of(Kind kind, std::string_view text, std::string& bytes);

// "a date such as '2024-05-06'"; empty for kinds that texts can't be compared with.
[[nodiscard]] std::string_view expected_literal(Kind kind);

}  // namespace weft::transform
