// SPDX-License-Identifier: Apache-2.0
// Values as PostgreSQL prints and reads them, for text columns that receive other kinds and for types without a binary form
// of ours. Pure; any thread.
#pragma once

#include "engine/postgres/wire_buffer.h"
#include "model/value.h"

namespace weft::postgres {

// Appends the text without a length. Zero and partial dates are printed as they are ("2024-00-00"). Bytes are bare hex.
// REQUIRES: neither kNull nor kUnchanged.
void append_text_form(WireBuffer& out, const Value& value);

}  // namespace weft::postgres
