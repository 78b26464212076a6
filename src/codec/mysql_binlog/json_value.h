// SPDX-License-Identifier: Apache-2.0
// The inside of binary JSON: containers entry by entry and scalars as text, for the printer and for partial updates. Views
// of the caller's bytes; pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "codec/mysql_binlog/json.h"

namespace weft::mysql_binlog {

// A value: its type and the bytes that follow the type, up to the end of its container.
struct JsonValue {
  JsonType type = JsonType::kLiteral;
  std::string_view data;
};

// The value of a whole document.
[[nodiscard]] JsonValue json_root(std::string_view binary);

[[nodiscard]] inline bool is_container(JsonType type) {
  return static_cast<uint8_t>(type) <= 3;
}

[[nodiscard]] inline bool is_object(JsonType type) {
  return static_cast<uint8_t>(type) <= 1;
}

// An array or object. ok() tells whether its head fits its bytes.
class JsonContainer {
 public:
  explicit JsonContainer(const JsonValue& value);

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] uint32_t count() const { return count_; }

  // REQUIRES: an object, i < count(). False: malformed.
  [[nodiscard]] bool key(uint32_t i, std::string_view& key) const;
  // REQUIRES: i < count(). False: malformed.
  [[nodiscard]] bool value(uint32_t i, JsonValue& value) const;

 private:
  [[nodiscard]] size_t width() const { return large_ ? 4 : 2; }

  [[nodiscard]] bool inlined(JsonType type) const;

  std::string_view data_;
  bool object_ = false;
  bool large_ = false;
  bool ok_ = false;
  uint32_t count_ = 0;
};

// Appends the text of a value that is no container. False: malformed.
[[nodiscard]] bool append_scalar(const JsonValue& value, std::string& out);

// Appends `text` in double quotes, escaped as the server does.
void append_quoted(std::string_view text, std::string& out);

}  // namespace weft::mysql_binlog
