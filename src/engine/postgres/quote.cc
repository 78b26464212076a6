// SPDX-License-Identifier: Apache-2.0
#include "engine/postgres/quote.h"

namespace weft::postgres {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back(quote);
  for (const char c : text) {
    if (c == quote) out.push_back(quote);
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return quoted(name, '"');
}

std::string quote_name(const TableName& name) {
  if (name.schema.empty()) return quote_identifier(name.table);
  return quote_identifier(name.schema) + "." + quote_identifier(name.table);
}

std::string quote_literal(std::string_view text) {
  return quoted(text, '\'');
}

}  // namespace weft::postgres
