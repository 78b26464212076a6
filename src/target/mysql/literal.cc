// SPDX-License-Identifier: Apache-2.0
#include "target/mysql/literal.h"

#include <array>
#include <charconv>

#include "base/hex.h"
#include "base/text.h"
#include "engine/mysql/quote.h"
#include "model/value_text.h"

namespace weft::mysql {
namespace {

bool is_binary(Form form) {
  return form == Form::kBinary || form == Form::kVarbinary || form == Form::kBlob || form == Form::kGeometry;
}

bool is_number(Form form) {
  return form == Form::kInteger || form == Form::kYear || form == Form::kDecimal || form == Form::kFloat ||
         form == Form::kDouble;
}

// In quotes: of _utf8mb4 X'27' as a default MariaDB prints the text itself, unescaped, and can't read that. Our sessions are utf8mb4.
std::string text_literal(std::string_view text) {
  return quote_literal(text);
}

std::string bytes_literal(std::string_view bytes) {
  return cat("X'", to_hex(bytes), "'");
}

std::string shortest(double d) {
  std::array<char, 40> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), d, std::chars_format::scientific).ptr};
}

}  // namespace

std::string literal_of(const Storage& storage, const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
    case Kind::kUnchanged:
      return "NULL";
    case Kind::kBool:
    case Kind::kInt:
      return cat(value.as_int());
    case Kind::kUint:
    case Kind::kBit:
      return cat(value.as_uint());
    case Kind::kFloat:
    case Kind::kDouble:
      return shortest(value.as_double());
    case Kind::kDecimal:
      return std::string(value.view());
    case Kind::kText:
    case Kind::kJson:
      return is_binary(storage.form) ? bytes_literal(value.view()) : text_literal(value.view());
    case Kind::kBytes:
      return bytes_literal(value.view());
    case Kind::kUuid:
      return is_binary(storage.form) ? bytes_literal(value.view()) : text_literal(text_form(value));
    case Kind::kDate:
    case Kind::kDateTime:
    case Kind::kTimestamp:
    case Kind::kTime: {
      std::string text = text_form(value);
      if (text.ends_with('Z')) text.pop_back();
      return cat("'", text, "'");
    }
  }
  return "NULL";
}

std::string literal_of_printed(const Storage& storage, std::string_view text) {
  if (is_number(storage.form)) return std::string(text);
  return is_binary(storage.form) || storage.form == Form::kBit ? bytes_literal(text) : text_literal(text);
}

}  // namespace weft::mysql
