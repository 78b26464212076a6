// SPDX-License-Identifier: Apache-2.0
// A Source as the steps of a pipeline leave it: a Source around a Source, so that everything behind it (pipeline, snapshot,
// verify, check, dead letters) sees the names, columns and rows that go on, and nothing else.
//
//   auto source = transform::make_transformed_source(std::move(mysql), steps);
//
// Shapes carry the source's own form with them (TableSchema::taken), to the target and back, so that a restart decodes the log
// by it. Positions, key values and the order of keys are the source's.
//
// Threads are those of Source; a reader has its own thread.
#pragma once

#include <memory>

#include "source/source.h"
#include "transform/steps.h"

namespace weft::transform {

[[nodiscard]] std::unique_ptr<Source> make_transformed_source(std::unique_ptr<Source> source, Steps steps);

}  // namespace weft::transform
