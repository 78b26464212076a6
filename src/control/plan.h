// SPDX-License-Identifier: Apache-2.0
// pipeline_options: a configuration as the options of a Pipeline. Pure.
#pragma once

#include "control/config.h"
#include "pipeline/pipeline.h"

namespace weft {

// `say` and `at_point` stay empty.
// Of to.schema_changes.
[[nodiscard]] SchemaPolicy schema_policy(std::string_view word);

[[nodiscard]] PipelineOptions pipeline_options(const PipelineConfig& config);

}  // namespace weft
