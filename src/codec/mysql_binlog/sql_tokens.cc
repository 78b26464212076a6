// SPDX-License-Identifier: Apache-2.0
#include "codec/mysql_binlog/sql_tokens.h"

#include <utility>

namespace weft::mysql_binlog {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v' || c == '\0';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Letters, digits, $ and _, and every byte beyond ASCII.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '$' || c == '_' ||
         static_cast<uint8_t>(c) >= 0x80;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char u = upper(c);
  return u >= 'A' && u <= 'F' ? u - 'A' + 10 : -1;
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case '0':
      return '\0';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

}  // namespace

bool SqlToken::is(std::string_view wanted) const {
  if (shape != Shape::kWord || text.size() != wanted.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (upper(text[i]) != wanted[i]) return false;
  }
  return true;
}

bool SqlTokens::skip(std::string_view wanted) {
  if (!token_.is(wanted)) return false;
  next();
  return true;
}

bool SqlTokens::skip_sign(char c) {
  if (!token_.sign(c)) return false;
  next();
  return true;
}

SqlToken SqlTokens::next() {
  skip_blank();
  SqlToken token;
  if (!rest_.empty()) {
    const char c = rest_.front();
    const bool quoted_hex = rest_.size() > 1 && upper(c) == 'X' && rest_[1] == '\'';
    if (c == '`' || c == '"' || c == '\'') {
      read_quoted(c, token);
    } else if (quoted_hex) {
      read_hex(token);
    } else if (is_word(c)) {
      read_word(token);
    } else {
      token.shape = SqlToken::Shape::kSign;
      token.text = c;
      rest_.remove_prefix(1);
    }
  }
  return std::exchange(token_, std::move(token));
}

void SqlTokens::skip_blank() {
  while (!rest_.empty()) {
    if (is_space(rest_.front())) {
      rest_.remove_prefix(1);
    } else if (!skip_comment()) {
      return;
    }
  }
}

// A comment, or the head or tail of an executable one, whose inside is read like the rest.
bool SqlTokens::skip_comment() {
  const bool dashes = rest_.starts_with("--") && (rest_.size() == 2 || is_space(rest_[2]));
  if (rest_.front() == '#' || dashes) {
    const size_t end = rest_.find('\n');
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end);
    return true;
  }
  if (executed_ > 0 && rest_.starts_with("*/")) {
    rest_.remove_prefix(2);
    --executed_;
    return true;
  }
  if (!rest_.starts_with("/*")) return false;
  const bool executed = rest_.starts_with("/*!") || (dialect_.mariadb && rest_.starts_with("/*M!"));
  if (executed) {
    rest_.remove_prefix(rest_[2] == 'M' ? 4 : 3);
    ++executed_;
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
    return true;
  }
  const size_t end = rest_.find("*/", 2);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 2);
  return true;
}

void SqlTokens::read_quoted(char quote, SqlToken& token) {
  const bool is_name = quote == '`' || (quote == '"' && dialect_.ansi_quotes);
  token.shape = is_name ? SqlToken::Shape::kName : SqlToken::Shape::kString;
  rest_.remove_prefix(1);
  while (!rest_.empty()) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == quote) {
      if (!rest_.starts_with(quote)) return;
      rest_.remove_prefix(1);
      token.text.push_back(quote);
    } else if (c == '\\' && !is_name && !dialect_.no_escapes && !rest_.empty()) {
      token.text.push_back(unescaped(rest_.front()));
      rest_.remove_prefix(1);
    } else {
      token.text.push_back(c);
    }
  }
}

void SqlTokens::read_hex(SqlToken& token) {
  token.shape = SqlToken::Shape::kHexString;
  rest_.remove_prefix(2);
  while (rest_.size() >= 2 && hex_value(rest_[0]) >= 0 && hex_value(rest_[1]) >= 0) {
    token.text.push_back(static_cast<char>(hex_value(rest_[0]) * 16 + hex_value(rest_[1])));
    rest_.remove_prefix(2);
  }
  const size_t end = rest_.find('\'');
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
}

void SqlTokens::read_word(SqlToken& token) {
  size_t end = 0;
  bool digits = true;
  while (end < rest_.size() && is_word(rest_[end])) {
    digits = digits && is_digit(rest_[end]);
    ++end;
  }
  token.shape = digits ? SqlToken::Shape::kNumber : SqlToken::Shape::kWord;
  token.text = rest_.substr(0, end);
  rest_.remove_prefix(end);
}

}  // namespace weft::mysql_binlog
