// SPDX-License-Identifier: Apache-2.0
// cat(a, b, ...): one string from text and numbers, for messages. Pure; any thread.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <type_traits>

namespace weft {

inline void append_text(std::string& out, std::string_view text) {
  out.append(text);
}

inline void append_text(std::string& out, char c) {
  out.push_back(c);
}

template <class T>

requires std::is_integral_v<T> &&
    (!std::is_same_v<T, char>)&&(!std::is_same_v<T, bool>)void append_text(std::string& out, T number) {
  char raw[24];
  const auto end = std::to_chars(raw, raw + sizeof raw, number).ptr;
  out.append(raw, end);
}

template <class T>
requires std::is_floating_point_v<T>

void append_text(std::string& out, T number) {
  char raw[40];
  const auto end = std::to_chars(raw, raw + sizeof raw, number).ptr;
  out.append(raw, end);
}

template <class... Args>
[[nodiscard]] std::string cat(const Args&... args) {
  std::string out;
  (append_text(out, args), ...);
  return out;
}

}  // namespace weft
