// SPDX-License-Identifier: Apache-2.0
// A row of an older shape of its table as a row of the newest one: columns go by name, one that was added since holds what the
// statement that added it put into rows that were there, as far as that is known. Pure.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "model/row.h"

namespace weft {

// Of `table`, by the versions of all tables in the order in which they came; null: there is none.
[[nodiscard]] SchemaRef newest_shape(const std::vector<SchemaRef>& versions, const TableName& table);

// kData: it can't be told. An empty row stays empty; in a `partial` one added columns are unchanged. The result may view `row`
// and the values in `kept`.
[[nodiscard]] Result<std::vector<Value>> reshape(const TableSchema& then,
                                                 Row row,
                                                 bool partial,
                                                 const std::vector<SchemaRef>& versions,
                                                 std::vector<std::shared_ptr<OwnedRow>>& kept);

}  // namespace weft
