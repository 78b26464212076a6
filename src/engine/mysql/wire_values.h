// SPDX-License-Identifier: Apache-2.0
// The pieces that commands and answers of the binary protocol are made of.
// Source: https://mariadb.com/kb/en/com_stmt_execute/, https://dev.mysql.com/doc/dev/mysql-server/latest/ (Binary Protocol
// Resultset, "Value"). Pure; any thread.
#pragma once

#include "base/bytes.h"
#include "model/value.h"

namespace weft::mysql {

// A number as 1, 3, 4 or 9 bytes.
void put_length(ByteWriter& out, size_t length);
[[nodiscard]] uint64_t take_length(ByteReader& in);
void put_civil(ByteWriter& out, const Civil& c, bool date_only);
void put_time(ByteWriter& out, int64_t micros);

}  // namespace weft::mysql
