// SPDX-License-Identifier: Apache-2.0
// The journal of a pipeline file: "memory", or "file:DIR" with "?keep=SIZE&max=SIZE" behind it. Pure.
#pragma once

#include <string>

#include "journal/journal.h"

namespace weft {

inline constexpr std::string_view kJournalForms = "memory, or file:DIR, optionally with ?keep=SIZE&max=SIZE";

[[nodiscard]] Result<JournalOptions> parse_journal(const std::string& text);

}  // namespace weft
