// SPDX-License-Identifier: Apache-2.0
// The `transform` of a pipeline file as steps, and back. Pure.
#pragma once

#include <string>

#include "control/config_node.h"
#include "transform/steps.h"

namespace weft {

// REQUIRES: the schema has passed `node`.
[[nodiscard]] transform::Steps read_transform(const ConfigNode& node, Problems& problems);

// YAML in one line; empty if there is no step.
[[nodiscard]] std::string print_transform(const transform::Steps& steps);

}  // namespace weft
