// SPDX-License-Identifier: Apache-2.0
// What happens in a soak. An event is one function in soak_events.cc and one line of its table.
#pragma once

#include <vector>

#include "live/soak.h"

namespace weft::live {

[[nodiscard]] const std::vector<SoakEvent>& soak_events();

}  // namespace weft::live
