// SPDX-License-Identifier: Apache-2.0
// What an item says of its rows: their keys as letters have them, all that is known of a row after a change, and the items
// that put it there whatever there is. Pure; the arena has one owner.
#pragma once

#include <string>
#include <vector>

#include "apply/ticket.h"
#include "base/slab.h"

namespace weft {

// TableName::text() of the source's table.
[[nodiscard]] std::string table_of(const ApplyItem& item);
// encode_key() of the row's key; of the whole row without one.
[[nodiscard]] std::string code_of(const TableSchema& schema, Row row);
// The same item with another effect, which takes the row as it finds it.
[[nodiscard]] ApplyItem as_loose(const ApplyItem& like, ApplyItem::What what, Row before, Row after);
// All that is known of the row after an insert or update.
[[nodiscard]] Row row_after(const ApplyItem& change, Arena& arena);
// The items that make a row what it is to be after the change, whatever is there; none: the change says only part of it.
// REQUIRES: a table with a key. The arena keeps what they view.
[[nodiscard]] std::vector<ApplyItem> overriding(const ApplyItem& change, Arena& arena);

}  // namespace weft
