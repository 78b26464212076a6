// SPDX-License-Identifier: Apache-2.0
// Values in PostgreSQL's binary form (each type's send function, as in COPY ... (FORMAT binary)) as the same typed values that
// read_text() makes of the printed form. Pure; any thread.
//
//   const auto form = binary_form(column, "timestamp without time zone");      // none: read the column as text
//   TRY_ASSIGN(const Value value, read_binary(*form, column, bytes, arena));
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/slab.h"
#include "model/schema.h"

namespace weft::pgoutput {

enum class BinaryForm : uint8_t {
  kBool,
  kInt,
  kUint,
  kFloat4,
  kFloat8,
  kNumeric,
  kText,  // its bytes are the text
  kJsonb,
  kBytes,
  kBit,
  kDate,
  kTimestamp,
  kTime,
  kUuid
};

// `base_type`: format_type() without a modifier, of a domain its base type.
[[nodiscard]] std::optional<BinaryForm> binary_form(const Column& column, std::string_view base_type);

// Error code: the value is one that only its printed form tells (infinity, years beyond 1 to 9999); read the row as text.
inline constexpr std::string_view kPrintedOnly = "printed-only";

[[nodiscard]] Result<Value> read_binary(BinaryForm form, const Column& column, std::string_view bytes, Arena& arena);

}  // namespace weft::pgoutput
