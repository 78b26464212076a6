// SPDX-License-Identifier: Apache-2.0
#include "transform/tokens.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace weft::transform {
namespace {

constexpr size_t kShownBytes = 20;
constexpr int kExponentMax = 100;
constexpr std::array<std::string_view, 11> kSigns = {"<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", "-"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Digits with their point moved by the exponent: no number is ever a double here.
std::string moved_point(std::string digits, int exponent) {
  size_t point = digits.find('.');
  if (point == std::string::npos) point = digits.size();
  digits.erase(std::min(point, digits.size()), 1);
  if (point == 0) {
    digits.insert(0, 1, '0');
    point = 1;
  }
  if (exponent < 0) {
    const auto left = static_cast<size_t>(-exponent);
    if (left >= point) digits.insert(0, left - point + 1, '0');
    point = left >= point ? 1 : point - left;
  } else {
    point += static_cast<size_t>(exponent);
    if (point > digits.size()) digits.append(point - digits.size(), '0');
  }
  return point == digits.size() ? digits : cat(digits.substr(0, point), ".", digits.substr(point));
}

// Without a character that was cut.
std::string whole_characters(std::string text) {
  const auto last = [&] { return static_cast<unsigned char>(text.back()); };
  while (!text.empty() && (last() & 0xc0) == 0x80) text.pop_back();
  if (!text.empty() && last() >= 0xc0) text.pop_back();
  return text;
}

}  // namespace

Error Tokens::wrong(size_t at, std::string_view expected) const {
  std::string near(text_.substr(std::min(at, text_.size()), kShownBytes));
  if (at + near.size() < text_.size()) near = whole_characters(std::move(near));
  return Error(Blame::kConfig,
               cat("at character ",
                   at + 1,
                   near.empty() ? std::string(", the end") : cat(", near '", near, "'"),
                   ": expected ",
                   expected));
}

Result<Token> Tokens::next() {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  if (at_ == text_.size()) return Token{Token::What::kEnd, {}, {}, at_};
  const char c = text_[at_];
  if (c == '\'') return quoted(c, Token::What::kText, "text");
  if (c == '"' || c == '`') return quoted(c, Token::What::kName, "name");
  if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
  if (begins_word(c)) return word();
  return sign();
}

Result<Token> Tokens::quoted(char quote, Token::What what, std::string_view name) {
  Token token{what, {}, {}, at_};
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == quote) {
      const bool doubled = at_ + 1 < text_.size() && text_[at_ + 1] == quote;
      if (!doubled) {
        ++at_;
        if (what == Token::What::kName && token.text.empty()) return wrong(token.at, "a name");
        return token;
      }
      ++at_;
    }
    token.text += text_[at_];
  }
  return wrong(token.at, cat("a ", name, " that ends with ", std::string(1, quote)));
}

Result<Token> Tokens::number() {
  Token token{Token::What::kNumber, {}, {}, at_};
  while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) token.text += text_[at_++];
  if (std::count(token.text.begin(), token.text.end(), '.') > 1) return wrong(token.at, "a number");
  int exponent = 0;
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    size_t from = at_ + 1;
    if (from < text_.size() && text_[from] == '+') ++from;
    const auto read = std::from_chars(text_.data() + from, text_.data() + text_.size(), exponent);
    if (read.ec != std::errc() || exponent < -kExponentMax || exponent > kExponentMax) {
      return wrong(token.at, cat("a number with an exponent from -", kExponentMax, " to ", kExponentMax));
    }
    at_ = static_cast<size_t>(read.ptr - text_.data());
  }
  if (at_ < text_.size() && begins_word(text_[at_])) return wrong(token.at, "a number");
  token.text = moved_point(token.text, exponent);
  return token;
}

Token Tokens::word() {
  Token token{Token::What::kWord, {}, {}, at_};
  while (at_ < text_.size() && (begins_word(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '$')) {
    token.text += text_[at_++];
  }
  for (const char c : token.text) token.upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return token;
}

Result<Token> Tokens::sign() {
  for (const std::string_view sign : kSigns) {
    if (!text_.substr(at_).starts_with(sign)) continue;
    const Token token{Token::What::kSign, std::string(sign), {}, at_};
    at_ += sign.size();
    return token;
  }
  return wrong(at_, "a column, a value, a comparison or a parenthesis");
}

}  // namespace weft::transform
