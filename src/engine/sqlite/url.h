// SPDX-License-Identifier: Apache-2.0
// The address of an SQLite database: "sqlite:///abs/path.db" or "sqlite:rel/path.db". Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace weft::sqlite {

// The file's path, percent-decoded; a relative one is taken from the working directory. kConfig says what is wrong.
[[nodiscard]] Result<std::string> path_of_url(const std::string& url);

}  // namespace weft::sqlite
