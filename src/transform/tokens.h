// SPDX-License-Identifier: Apache-2.0
// The words of a condition (expression.h). One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weft::transform {

struct Token {
  enum class What : uint8_t { kEnd, kWord, kName, kNumber, kText, kSign };
  What what = What::kEnd;
  std::string text;  // a word in upper case is `upper`; of quoted ones what is between the quotes
  std::string upper;
  size_t at = 0;  // byte in the condition
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  [[nodiscard]] Result<Token> next();
  // "at character 8, near '...': expected a value"
  [[nodiscard]] Error wrong(size_t at, std::string_view expected) const;

 private:
  Result<Token> quoted(char quote, Token::What what, std::string_view name);
  Result<Token> number();
  Token word();
  Result<Token> sign();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace weft::transform
