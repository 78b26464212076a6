// SPDX-License-Identifier: Apache-2.0
// MySQL's binary JSON as the text that the server prints for it: `{"a": 1, "b": [1, 2.0]}`, keys in stored order (by length,
// then bytes), doubles in the server's shortest form. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::mysql_binlog {

// Nesting of arrays and objects that the server allows.
inline constexpr int kJsonDepthLimit = 100;

// Types of values (json_binary.cc).
enum class JsonType : uint8_t {
  kSmallObject = 0,
  kLargeObject = 1,
  kSmallArray = 2,
  kLargeArray = 3,
  kLiteral = 4,
  kInt16 = 5,
  kUint16 = 6,
  kInt32 = 7,
  kUint32 = 8,
  kInt64 = 9,
  kUint64 = 10,
  kDouble = 11,
  kString = 12,
  kOpaque = 15,
};

// Appends the text of a whole binary value to `out`. An empty value is the literal null, as the server reads it. False:
// malformed; `out` then holds a part of the text.
[[nodiscard]] bool json_text(std::string_view binary, std::string& out);

// Applies the diffs of a partial update to the value before it and appends the text of the result. False: malformed, or a
// path that leads nowhere.
[[nodiscard]] bool json_patch(std::string_view before, std::string_view diffs, std::string& out);

// A double as the servers print it: shortest digits that give it back, as a plain number or with an exponent.
void append_double(double number, std::string& out);

}  // namespace weft::mysql_binlog
