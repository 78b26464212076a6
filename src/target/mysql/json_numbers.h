// SPDX-License-Identifier: Apache-2.0
// MySQL keeps JSON as a tree whose numbers are 64-bit integers or doubles: others are rounded without a word. Pure; any thread.
#pragma once

#include <string_view>

namespace weft::mysql {

// Whether each number in a JSON text is one that MySQL keeps. Text that is no JSON is not our affair.
[[nodiscard]] bool json_numbers_fit(std::string_view json);

}  // namespace weft::mysql
