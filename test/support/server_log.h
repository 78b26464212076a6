// SPDX-License-Identifier: Apache-2.0
// log_tail(): the end of a server's log with its path, for error messages. Reads the file; any thread.
#pragma once

#include <filesystem>
#include <string>

namespace weft::support {

[[nodiscard]] std::string log_tail(const std::filesystem::path& file);

}  // namespace weft::support
