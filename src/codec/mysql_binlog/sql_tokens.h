// SPDX-License-Identifier: Apache-2.0
// SqlTokens: the words, names, strings and signs of a statement, comments left out, executable ones (/*! ... */) taken in.
// Views the statement; a token's text is its own. One owner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/mysql_binlog/ddl.h"

namespace weft::mysql_binlog {

struct SqlToken {
  enum class Shape : uint8_t { kEnd, kWord, kName, kString, kHexString, kNumber, kSign };
  Shape shape = Shape::kEnd;
  std::string text;  // of a quoted name or string: without quotes and escapes; of a hex string: its bytes

  // Whether it is this word, unquoted, in any case. `upper` is in upper case.
  [[nodiscard]] bool is(std::string_view upper) const;

  [[nodiscard]] bool sign(char c) const { return shape == Shape::kSign && text.size() == 1 && text[0] == c; }

  [[nodiscard]] bool name() const { return shape == Shape::kWord || shape == Shape::kName; }

  [[nodiscard]] bool end() const { return shape == Shape::kEnd; }
};

class SqlTokens {
 public:
  SqlTokens(std::string_view sql, const SqlDialect& dialect) : rest_(sql), dialect_(dialect) { next(); }

  [[nodiscard]] const SqlToken& peek() const { return token_; }

  // Steps over the current token and gives it back.
  SqlToken next();
  // Steps over the current token if it is this word or sign.
  bool skip(std::string_view upper);
  bool skip_sign(char c);

 private:
  void skip_blank();
  bool skip_comment();
  void read_quoted(char quote, SqlToken& token);
  void read_hex(SqlToken& token);
  void read_word(SqlToken& token);

  std::string_view rest_;
  SqlDialect dialect_;
  int executed_ = 0;  // executable comments that are open
  SqlToken token_;
};

}  // namespace weft::mysql_binlog
