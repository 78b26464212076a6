// SPDX-License-Identifier: Apache-2.0
// A TableReader that gives rows as the steps leave them. Shapes that it is asked about are those that go on; keys are the
// source's in other names, so that ranges, cuts and keys asked for pass through. One thread.
#pragma once

#include <memory>

#include "source/source.h"
#include "transform/plans.h"

namespace weft::transform {

[[nodiscard]] std::unique_ptr<TableReader> make_transformed_reader(std::unique_ptr<TableReader> reader, Plans plans);

}  // namespace weft::transform
