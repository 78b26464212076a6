// SPDX-License-Identifier: Apache-2.0
#include "engine/sqlite/quote.h"

#include "base/hex.h"

namespace weft::sqlite {
namespace {

std::string quoted(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out.push_back(mark);
    out.push_back(c);
  }
  out.push_back(mark);
  return out;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return quoted(name, '"');
}

std::string quote_literal(std::string_view text) {
  return quoted(text, '\'');
}

std::string quote_blob(std::string_view bytes) {
  return "x'" + to_hex(bytes) + "'";
}

}  // namespace weft::sqlite
