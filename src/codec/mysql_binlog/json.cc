// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/json.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "codec/mysql_binlog/json_value.h"

namespace weft::mysql_binlog {
namespace {

// Values that share bytes could make a small document print without end: no byte of a sound one prints as more than this.
constexpr size_t kTextPerByte = 16;

bool print(const JsonValue& value, int depth, size_t limit, std::string& out);

bool print_entries(const JsonContainer& container, bool object, int depth, size_t limit, std::string& out) {
  for (uint32_t i = 0; i < container.count(); ++i) {
    if (i > 0) out += ", ";
    if (object) {
      std::string_view key;
      if (!container.key(i, key)) return false;
      append_quoted(key, out);
      out += ": ";
    }
    JsonValue value;
    if (!container.value(i, value) || !print(value, depth + 1, limit, out)) return false;
  }
  return true;
}

bool print(const JsonValue& value, int depth, size_t limit, std::string& out) {
  if (out.size() > limit) return false;
  if (!is_container(value.type)) return append_scalar(value, out);
  const JsonContainer container(value);
  if (!container.ok() || depth > kJsonDepthLimit) return false;
  const bool object = is_object(value.type);
  out.push_back(object ? '{' : '[');
  if (!print_entries(container, object, depth, limit, out)) return false;
  out.push_back(object ? '}' : ']');
  return true;
}

}  // namespace

bool json_text(std::string_view binary, std::string& out) {
  return print(json_root(binary), 0, out.size() + binary.size() * kTextPerByte + 1024, out);
}

// my_gcvt of the servers (strings/dtoa.cc): plain for 1e-15 <= |x| < 1e15 and for longer numbers with a fraction, else
// with an exponent; a plain number without a fraction gets ".0" in JSON.
void append_double(double number, std::string& out) {
  constexpr int kPlainDigits = 15;
  std::array<char, 40> raw;
  const auto* end =
      std::to_chars(raw.data(), raw.data() + raw.size(), std::fabs(number), std::chars_format::scientific).ptr;
  const std::string_view all(raw.data(), static_cast<size_t>(end - raw.data()));
  const size_t e = all.find('e');
  std::string digits(1, all.front());
  if (e > 2) digits += all.substr(2, e - 2);
  const std::string_view power = all.substr(all[e + 1] == '+' ? e + 2 : e + 1);
  int exponent = 0;
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  const int point = exponent + 1;  // digits before the decimal point
  const auto length = static_cast<int>(digits.size());
  if (std::signbit(number)) out.push_back('-');
  if (point < 1 - kPlainDigits || (point > kPlainDigits && length <= point)) {
    out += digits.front();
    if (length > 1) out += cat('.', std::string_view(digits).substr(1));
    out += cat('e', exponent);
  } else if (point <= 0) {
    out += cat("0.", std::string(static_cast<size_t>(-point), '0'), digits);
  } else if (point >= length) {
    out += cat(digits, std::string(static_cast<size_t>(point - length), '0'), ".0");
  } else {
    const auto whole = static_cast<size_t>(point);
    out += cat(std::string_view(digits).substr(0, whole), '.', std::string_view(digits).substr(whole));
  }
}

}  // namespace weft::mysql_binlog
