// SPDX-License-Identifier: Apache-2.0
// What the test connections share: Rows, a result as text (nothing = NULL, bytes unchanged), and SqlError, a refusal by
// a server with its code (MySQL: error number, PostgreSQL: SQLSTATE). Plain values.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weft::support {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

class SqlError : public std::runtime_error {
 public:
  SqlError(const std::string& message, std::string code)
      : std::runtime_error(message + " (" + code + ")"), code_(std::move(code)) {}

  [[nodiscard]] const std::string& code() const { return code_; }

 private:
  std::string code_;
};

// The only cell of a one-cell result; throws std::runtime_error if it is not one cell or NULL.
[[nodiscard]] inline std::string single_value(const Rows& rows) {
  if (rows.size() != 1 || rows[0].size() != 1 || !rows[0][0]) throw std::runtime_error("not a single value");
  return *rows[0][0];
}

// Rows in their order, as one text: "1,a|2,NULL".
[[nodiscard]] inline std::string text_of(const Rows& rows) {
  std::string out;
  for (const Row& row : rows) {
    if (&row != &rows.front()) out += "|";
    for (size_t i = 0; i < row.size(); ++i) out += (i == 0 ? "" : ",") + row[i].value_or("NULL");
  }
  return out;
}

}  // namespace weft::support
