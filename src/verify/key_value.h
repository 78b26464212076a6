// SPDX-License-Identifier: Apache-2.0
// Keys of one side as the other side is asked for them. Pure; any thread.
#pragma once

#include "base/slab.h"
#include "model/schema.h"
#include "model/value.h"

namespace weft::verify {

// The value as a column of the other side would hold it, for asking that side by its key: 12 for "12", an instant for a civil
// time. What has no such form stays as it is. `arena` owns new bytes.
[[nodiscard]] Value as_value_of(const Column& column, const Value& value, Arena& arena);

// Whether values of the two columns have the same order at both servers, which is that of their kind (hard case 18).
[[nodiscard]] bool same_order(const Column& source, const Column& target);

}  // namespace weft::verify
