// SPDX-License-Identifier: Apache-2.0
// Finding: something that `weft check` reports about one side. An error stops a run with exit 3, a warning does not.
#pragma once

#include <cstdint>
#include <string>

namespace weft {

struct Finding {
  enum class Level : uint8_t { kOk, kWarning, kError };
  Level level = Level::kOk;
  std::string what;        // "binlog_row_image is MINIMAL"
  std::string mend;        // the statement or step that mends it; may be empty
  std::string table = {};  // the source's name of the one that it is about, for programs: `what` names it as well
};

}  // namespace weft
