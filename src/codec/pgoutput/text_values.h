// SPDX-License-Identifier: Apache-2.0
// Values as PostgreSQL prints them (with DateStyle ISO, TimeZone UTC, bytea_output hex, extra_float_digits 1 or more: what a
// session of engine/postgres and the stream's session are set to) as typed values, and the columns that hold them. What the
// stream sends as text and what a SELECT prints is the same text, so rows of both ways are equal. Pure; any thread.
//
//   Column column = column_of({.oid = 1700, .modifier = 655366, .printed = "numeric(10,2)"});
//   TRY_ASSIGN(const Value value, read_text(column, "12.50", arena));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/slab.h"
#include "model/schema.h"

namespace weft::pgoutput {

// A column's type as the catalogue and the stream's relation messages tell it; of a domain its base type.
struct TypeOf {
  uint32_t oid = 0;
  int32_t modifier = -1;  // pg_attribute.atttypmod
  std::string printed;    // format_type(oid, modifier), of the domain itself where it is one
};

// Kind, length, precision, scale, int_bits, fixed_length and source_type of a column of the type. Types without a kind of
// their own (arrays, ranges, enums, composites, intervals, network addresses, xml, money ...) are kText: their text.
[[nodiscard]] Column column_of(const TypeOf& type);

// The value of a column that column_of() made. Text that is not valid for the kind, and values that the kind can't hold
// (infinity, dates before the year 1 or after 9999), are errors (kData) that name the text.
[[nodiscard]] Result<Value> read_text(const Column& column, std::string_view text, Arena& arena);

}  // namespace weft::pgoutput
