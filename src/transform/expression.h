// SPDX-License-Identifier: Apache-2.0
// Expression: the condition of a filter, parsed. A small part of SQL over the columns of one row:
//
//   amount > 0 AND (state IN ('new', 'paid') OR note LIKE 'gift%') AND NOT (cust IS NULL)
//
//   condition = condition OR condition | condition AND condition | NOT condition | ( condition ) | test
//   test      = value (= | <> | != | < | <= | > | >=) value | value IS [NOT] NULL | value [NOT] IN ( value {, value} )
//             | value [NOT] LIKE 'pattern' | value                                   (a boolean by itself)
//   value     = column | number | 'text' | TRUE | FALSE | NULL
//
// A column is a plain word, or is written "in double quotes" or `backticks`. Keywords are in any case. What the columns are is
// decided when the expression meets a table (predicate.h). Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weft::transform {

inline constexpr size_t kConditionBytesMax = 64u << 10;
inline constexpr int kConditionDepthMax = 100;

struct Operand {
  enum class What : uint8_t { kColumn, kNumber, kText, kTrue, kFalse, kNull };
  What what = What::kNull;
  std::string text;  // of a column its name, of a number its exact digits ("-1.50")
};

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

struct Node {
  enum class What : uint8_t { kAnd, kOr, kNot, kCompare, kIsNull, kIn, kLike, kValue };
  What what = What::kValue;
  bool negated = false;         // kIsNull, kIn, kLike
  Comparison comparison{};      // kCompare
  std::vector<Node> parts;      // kAnd, kOr: two or more; kNot: one
  std::vector<Operand> values;  // kCompare: two; kIn: the value, then the list; kLike: value and pattern; else one
};

class Expression {
 public:
  // kConfig with the place: "at character 8, near '> >': expected a value".
  [[nodiscard]] static Result<Expression> parse(std::string_view text);

  [[nodiscard]] const Node& root() const { return *root_; }

  // One text for all ways to write the same: parsed again it is the same expression.
  [[nodiscard]] const std::string& text() const { return text_; }

  bool operator==(const Expression& other) const { return text_ == other.text_; }

 private:
  Expression() = default;

  std::shared_ptr<const Node> root_;
  std::string text_;
};

}  // namespace weft::transform
