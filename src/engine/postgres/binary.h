// SPDX-License-Identifier: Apache-2.0
// Values in PostgreSQL's binary form: parameters, arrays for unnest(), and COPY rows, all from one element encoder.
//
//   if (const Misfit bad = append_value(buffer, type, value); bad != Misfit::kNone) ... to_string(bad)
//   CopyRows: begin(), per row begin_row(columns) and append_value, then end()
//
// A value that the column can't hold exactly is a Misfit, never bent: no rounding, no cutting, no zero date made NULL. What
// only the server can judge (JSON syntax, NOT NULL, CHECK) is left to it. No allocation per value. Pure; any thread.
#pragma once

#include <string_view>

#include "engine/postgres/types.h"
#include "engine/postgres/wire_buffer.h"

namespace weft::postgres {

enum class Misfit : uint8_t {
  kNone,
  kRange,     // above or below what the type holds
  kTooLong,   // more characters, bytes or bits than the column takes
  kFraction,  // more fraction digits than the column keeps
  kInexact,   // a number that a binary float can't hold exactly
  kDate,      // zero or impossible date
  kZeroByte,  // text with U+0000
  kSyntax,    // text that is no value of the type
  kUnknown,   // the source did not send the value
  kKind,      // a kind that the type never holds
};

// "has more fraction digits than the column keeps"
[[nodiscard]] std::string_view to_string(Misfit misfit);

// Appends length and bytes of one value (length -1 for NULL), as COPY rows and arrays hold them. On a misfit the buffer
// holds rubbish at its end: truncate it.
[[nodiscard]] Misfit append_value(WireBuffer& out, const ColumnType& type, const Value& value);

// One-dimensional array: begin, then `count` times append_value.
void begin_array(WireBuffer& out, uint32_t element_oid, size_t count);

void begin_copy(WireBuffer& out);
void begin_copy_row(WireBuffer& out, size_t columns);
void end_copy(WireBuffer& out);

}  // namespace weft::postgres
