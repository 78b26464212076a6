// SPDX-License-Identifier: Apache-2.0
// Dates and times of rows: the packed forms of MySQL 5.6 and later, those of before, and MariaDB's with fraction digits of
// before 10.0 (mysql56_temporal_format=OFF). A reader that is handed impossible fields fails. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/value.h"

namespace weft::mysql_binlog {

[[nodiscard]] Value read_date(ByteReader& in);
[[nodiscard]] Value read_time2(ByteReader& in, uint8_t digits);
[[nodiscard]] Value read_datetime2(ByteReader& in, uint8_t digits);
[[nodiscard]] Value read_timestamp2(ByteReader& in, uint8_t digits);
// The old forms; digits > 0 is MariaDB's.
[[nodiscard]] Value read_old_time(ByteReader& in, uint8_t digits);
[[nodiscard]] Value read_old_datetime(ByteReader& in, uint8_t digits);
[[nodiscard]] Value read_old_timestamp(ByteReader& in, uint8_t digits);

}  // namespace weft::mysql_binlog
