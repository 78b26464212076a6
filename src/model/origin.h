// SPDX-License-Identifier: Apache-2.0
// Where changes were made first: the databases that a change has passed through before it came to this one, as identities
// (SourceInfo::identity), the first one first. weft writes the chain into each of its target transactions, and the source that
// follows that database reads it back (hard case 19). Text form: one identity a line; empty: made here by an application.
// Format: docs/formats/origin.md. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace weft {

// Where a target's transactions say their chain: PostgreSQL: the prefix of a transactional logical message, whose content it is.
// Elsewhere: a table of the database, one row a lane, written first in each transaction, whose `chain` has a counter as its
// first line so that each write changes it.
inline constexpr std::string_view kOriginMessage = "weft";
inline constexpr std::string_view kOriginTable = "_weft_origin";

[[nodiscard]] bool chain_has(std::string_view chain, std::string_view identity);
// The chain of what went through `identity` after it.
[[nodiscard]] std::string chain_through(std::string_view chain, std::string_view identity);
// A row's chain without its counter.
[[nodiscard]] std::string_view chain_of_row(std::string_view text);

}  // namespace weft
