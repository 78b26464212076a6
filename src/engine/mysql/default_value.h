// SPDX-License-Identifier: Apache-2.0
// What a column holds when an INSERT does not name it, as an encoded value (model/row.h, encode_key). With
// binlog_row_image=MINIMAL such columns are not in the log, and the replica is expected to know. Pure; any thread.
// Source of the forms: information_schema.COLUMNS.COLUMN_DEFAULT; MariaDB prints an expression ('x' quoted, NULL spelled
// out), MySQL the bare value, with DEFAULT_GENERATED in EXTRA for expressions.
#pragma once

#include <optional>
#include <string>

#include "model/schema.h"

namespace weft::mysql {

// Empty when it can't be known here (expressions); then only a full row image will do.
[[nodiscard]] std::string default_value(const Column& column,
                                        const std::optional<std::string>& column_default,
                                        std::string_view extra,
                                        bool mariadb);

}  // namespace weft::mysql
