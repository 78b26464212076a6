// SPDX-License-Identifier: Apache-2.0
#include "engine/mysql/default_value.h"

#include <charconv>
#include <cstdlib>

#include "model/row.h"
#include "model/value_text.h"

namespace weft::mysql {
namespace {

// The text of a MariaDB default expression: a quoted string, a bare number, or nothing that we evaluate.
std::optional<std::string> unquote(std::string_view text) {
  if (text.empty() || text.front() != '\'') {
    if (text.find('(') != std::string_view::npos) return std::nullopt;
    return std::string(text);
  }
  if (text.size() < 2 || text.back() != '\'') return std::nullopt;
  std::string out;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    const char c = text[i];
    if ((c == '\'' || c == '\\') && i + 2 < text.size()) {
      ++i;
      out.push_back(c == '\\' && text[i] == '0' ? '\0' : text[i]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string encode(Value value) {
  return encode_key(std::span<const Value>(&value, 1));
}

// NOT NULL without a default, outside of strict mode: zero, the empty string, the first label.
std::string implicit_default(const Column& column) {
  if (!column.labels.empty())
    return encode(Value::text(column.source_type.starts_with("set") ? "" : column.labels.front()));
  switch (column.kind) {
    case Kind::kText:
      return encode(Value::text(""));
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kFloat:
    case Kind::kDouble:
    case Kind::kBit:
      return encode(value_of_text(column, "0").value_or(Value::null()));
    default:
      return {};
  }
}

}  // namespace

std::string default_value(const Column& column,
                          const std::optional<std::string>& column_default,
                          std::string_view extra,
                          bool mariadb) {
  if (extra.find("DEFAULT_GENERATED") != std::string_view::npos) return {};
  if (!column_default || (mariadb && *column_default == "NULL")) {
    return column.nullable ? encode(Value::null()) : implicit_default(column);
  }
  const std::optional<std::string> text =
      mariadb && column.kind != Kind::kBit ? unquote(*column_default) : std::optional<std::string>(*column_default);
  if (!text) return {};
  const std::optional<Value> value = value_of_text(column, *text);
  return value ? encode(*value) : std::string();
}

}  // namespace weft::mysql
