// SPDX-License-Identifier: Apache-2.0
// Dates and times into PostgreSQL's binary forms, which count from 2000-01-01. Pure; any thread.
#pragma once

#include "engine/postgres/binary.h"

namespace weft::postgres {

// REQUIRES: type.form is kDate, kTime, kTimestamp, kTimestamptz or kInterval; the value is neither NULL nor unchanged.
[[nodiscard]] Misfit append_temporal(WireBuffer& out, const ColumnType& type, const Value& value);

}  // namespace weft::postgres
