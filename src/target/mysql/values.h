// SPDX-License-Identifier: Apache-2.0
// Values as the binary protocol takes them, each judged first: what the target would keep differently is a Misfit and is not
// sent. Pure; any thread.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "target/mysql/storage.h"

namespace weft::mysql {

enum class Misfit : uint8_t {
  kNone,
  kNull,
  kKind,
  kRange,
  kDigits,
  kFraction,
  kNotFinite,
  kTooLong,
  kSpaces,
  kPadding,
  kLabel,
  kDate,
  kTimestamp,
  kYear,
  kTime,
  kJson,
  kGeometry,
  kUuid,
};

// "is out of the column's range"
[[nodiscard]] std::string_view to_string(Misfit misfit);

// enum_field_types of all parameters for such a column; 0x8000 says unsigned. The values of one statement share their types.
[[nodiscard]] uint16_t wire_type(const Storage& storage);

// Appends the value as that type, unless it does not fit. REQUIRES: it is neither NULL nor unchanged. `padded`: spaces at its
// end mean nothing at the source (CHAR).
[[nodiscard]] Misfit append_value(ByteWriter& out, const Storage& storage, const Value& value, bool padded);

}  // namespace weft::mysql
