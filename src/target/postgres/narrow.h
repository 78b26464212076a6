// SPDX-License-Identifier: Apache-2.0
// Whether a target type holds less than its source column may send: a warning of `check`. Pure; any thread.
#pragma once

#include <string>

#include "engine/postgres/types.h"
#include "model/schema.h"

namespace weft::postgres {

// Why some of the source's values may not fit; empty when all do.
[[nodiscard]] std::string narrower(const ColumnType& type, const Column& source);

}  // namespace weft::postgres
