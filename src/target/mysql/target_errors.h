// SPDX-License-Identifier: Apache-2.0
// What a server's errors mean to who writes to it: the class by who must act, and constraints by the SQLSTATE that all targets
// use (target/target.h). Pure; any thread.
#pragma once

#include "base/result.h"

namespace weft::mysql {

// Of an error whose code is the server's number; others stay as they are. `waited`: it was to wait for locks; without, a lock held by
// another is kConflict.
[[nodiscard]] Error target_error(const Error& error, bool waited);

// Whether the server has taken the whole transaction back, not the statement alone.
[[nodiscard]] bool ends_transaction(const Error& error);

}  // namespace weft::mysql
