// SPDX-License-Identifier: Apache-2.0
// read_yaml: the text of a configuration file as a ConfigNode. Bounded in size, depth and alias expansion; whatever the
// bytes are, the result is a tree or problems, never a crash. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/config_node.h"

namespace weft {

inline constexpr size_t kConfigBytesMax = 256u << 10;  // of the file
inline constexpr size_t kConfigNodesMax = 5000;        // keys and values after aliases are expanded
inline constexpr size_t kConfigTextMax = 4u << 20;     // bytes of them
inline constexpr size_t kConfigDepthMax = 32;

// Adds every problem that it finds; nothing when no tree could be made.
[[nodiscard]] std::optional<ConfigNode> read_yaml(const std::string& file, std::string_view text, Problems& problems);

// A text as YAML: plain where that is safe.
[[nodiscard]] std::string yaml_text(const std::string& text);
// "[a, "b c"]"
[[nodiscard]] std::string yaml_list(const std::vector<std::string>& texts);

}  // namespace weft
