// SPDX-License-Identifier: Apache-2.0
// What two columns of two engines hold, in one form of bytes: values that weft carries from the one to the other come out equal,
// all others do not. docs/types/*.md says what becomes of each type; docs/verify.md says when two values are equal.
//
//   const Form form = form_of(source_column, target_column);
//   std::string a, b; append_canonical(form, source_value, a); append_canonical(form, target_value, b);   // a == b: equal
//
// The form depends on both columns, the bytes on the value alone: a value that is not of its column's kind (PostgreSQL's
// infinity, whatever SQLite was given) has bytes too. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "model/schema.h"
#include "model/value.h"

namespace weft::verify {

enum class Meaning : uint8_t {
  kBytes,     // text and bytes, byte by byte
  kNumber,    // by value, exactly: 12.50 and 12.5, 1 and true
  kFloating,  // by the bits of a double, NaN being one
  kCivil,     // dates and times of a calendar; an instant as UTC has it
  kInstant,   // microseconds since 1970
  kTime,      // signed microseconds
  kBits,      // a number, or a text of 0 and 1
  kUuid,      // 16 bytes, however written
  kInet,      // an address and its prefix
  kJson,      // by value (json_form.h)
  kHex,       // bytes, also as digits in pairs
};

struct Form {
  Meaning meaning = Meaning::kBytes;
  bool trim_spaces = false;  // CHAR: spaces at the end mean nothing
  bool trim_zeros = false;   // BINARY(n): zeros at the end are padding

  bool operator==(const Form&) const = default;
};

// Whether type json of either side has a form of its own (SourceInfo::own_json_form).
struct JsonForms {
  bool source = false;
  bool target = false;
};

[[nodiscard]] Form form_of(const Column& source, const Column& target, JsonForms json = {});

// Appends what begins with a byte for the kind of thing and tells its own length.
void append_canonical(const Form& form, const Value& value, std::string& out);

}  // namespace weft::verify
