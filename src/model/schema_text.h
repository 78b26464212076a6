// SPDX-License-Identifier: Apache-2.0
// A TableSchema as text for `_weft.schema_version`, and back, exactly: every field of every column. Format:
// docs/formats/schema_version.md. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/schema.h"

namespace weft {

[[nodiscard]] std::string encode_schema(const TableSchema& schema);
// One more column of the text that encode_schema() gave, to be appended to it.
[[nodiscard]] std::string encode_column(const Column& column);
// kConfig when the text is damaged or of a newer format.
[[nodiscard]] Result<TableSchema> decode_schema(std::string_view text);

}  // namespace weft
