// SPDX-License-Identifier: Apache-2.0
// Values in PostgreSQL's binary form (what a type's send function writes) as typed values: the very Values that read_text()
// makes of the text of the same. A type whose form is not known here has to be asked for as text. Pure; any thread.
//
//   const Form form = form_of_send("numeric_send");               // kNone: text, please
//   TRY_ASSIGN(const Value value, read_binary(column, form, bytes, arena));
//
// The stream of changes and COPY ... (FORMAT binary) carry the same bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/slab.h"
#include "model/schema.h"

namespace weft::pgoutput {

// How the bytes of a type are read. Named after the send functions, which are the documentation of their forms
// (src/backend/utils/adt: int.c, float.c, numeric.c, varlena.c, varbit.c, date.c, timestamp.c, json.c, jsonb.c, uuid.c ...).
enum class Form : uint8_t {
  kNone,  // not known
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kOid,
  kFloat4,
  kFloat8,
  kNumeric,
  kText,  // text, varchar, char(n), name, enums
  kBytea,
  kBit,
  kDate,
  kTime,
  kTimetz,
  kTimestamp,
  kTimestamptz,
  kInterval,
  kJson,
  kJsonb,
  kUuid,
  kInet,  // cidr too
  kMacaddr,
};

// Of a type that the server is born with, by its oid; kNone for others.
[[nodiscard]] Form form_of(uint32_t oid);
// By the function of the server's own (pg_proc.prosrc of language internal) that sends it: also of domains, enums, and types
// of extensions that are text.
[[nodiscard]] Form form_of_send(std::string_view function);
// Whether values of the form are of the column's kind.
[[nodiscard]] bool gives(Form form, const Column& column);

// Error code (kTransient): the value can be read if it is asked for as text.
inline constexpr std::string_view kNeedsText = "needs-text";

// REQUIRES: gives(form, column). Bytes that no server sends are errors (kData).
[[nodiscard]] Result<Value> read_binary(const Column& column, Form form, std::string_view bytes, Arena& arena);

}  // namespace weft::pgoutput
