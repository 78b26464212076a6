// SPDX-License-Identifier: Apache-2.0
// The schema of pipeline files (docs/pipeline.schema.json, built in) and the check of a configuration against it, so that
// what an editor completes and what the loader takes can't differ. The schema also says what this version carries:
// x-available lists the values, x-instead what to do without a key. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/config_node.h"

namespace weft {

[[nodiscard]] std::string_view pipeline_schema();

// Adds every place where `config` disagrees with the schema, or wants what this version does not carry.
// Knows the words of JSON Schema that the schema uses; REQUIRES: unknown_schema_words(schema) is empty.
void check_schema(std::string_view schema, const ConfigNode& config, Problems& problems);

// Words of the schema that check_schema() would pass over.
[[nodiscard]] std::vector<std::string> unknown_schema_words(std::string_view schema);

// The dotted paths of all keys that this version carries, with their defaults as text ("" where there is none).
struct SchemaKey {
  std::string path;
  std::string fallback;
};

[[nodiscard]] std::vector<SchemaKey> schema_keys(std::string_view schema);

}  // namespace weft
