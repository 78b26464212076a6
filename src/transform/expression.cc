// SPDX-License-Identifier: Apache-2.0
#include "transform/expression.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "transform/tokens.h"

namespace weft::transform {
namespace {

constexpr std::array<std::string_view, 9> kKeywords = {"AND", "OR", "NOT", "IS", "IN", "LIKE", "NULL", "TRUE", "FALSE"};
constexpr std::array<std::pair<std::string_view, Comparison>, 7> kComparisons = {{
    {"=", Comparison::kEqual},
    {"<>", Comparison::kNotEqual},
    {"!=", Comparison::kNotEqual},
    {"<", Comparison::kLess},
    {"<=", Comparison::kLessEqual},
    {">", Comparison::kGreater},
    {">=", Comparison::kGreaterEqual},
}};

// By recursive descent; one word ahead.
class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  Result<Node> parse() {
    TRY(advance());
    TRY_ASSIGN(Node node, disjunction());
    if (token_.what != Token::What::kEnd) return tokens_.wrong(token_.at, "AND, OR or the end");
    return node;
  }

 private:
  Status advance() {
    TRY_ASSIGN(token_, tokens_.next());
    return ok();
  }

  [[nodiscard]] bool at_word(std::string_view word) const {
    return token_.what == Token::What::kWord && token_.upper == word;
  }

  [[nodiscard]] bool at_sign(std::string_view sign) const {
    return token_.what == Token::What::kSign && token_.text == sign;
  }

  Result<bool> take_word(std::string_view word) {
    if (!at_word(word)) return false;
    TRY(advance());
    return true;
  }

  Status expect_sign(std::string_view sign) {
    if (!at_sign(sign)) return tokens_.wrong(token_.at, sign);
    return advance();
  }

  Result<Node> disjunction() {
    return joined(
        Node::What::kOr, "OR", [this] { return joined(Node::What::kAnd, "AND", [this] { return negation(); }); });
  }

  // One part, or several in one node: a chain of any length does not nest.
  template <class Part>
  Result<Node> joined(Node::What what, std::string_view word, Part&& part) {
    TRY_ASSIGN(Node first, part());
    if (!at_word(word)) return first;
    Node node;
    node.what = what;
    node.parts.push_back(std::move(first));
    while (at_word(word)) {
      TRY(advance());
      TRY_ASSIGN(Node next, part());
      node.parts.push_back(std::move(next));
    }
    return node;
  }

  Result<Node> negation() {
    if (++depth_ > kConditionDepthMax) return tokens_.wrong(token_.at, cat("at most ", kConditionDepthMax, " levels"));
    Result<Node> node = negated_or_test();
    --depth_;
    return node;
  }

  Result<Node> negated_or_test() {
    if (at_word("NOT")) {
      TRY(advance());
      TRY_ASSIGN(Node inner, negation());
      Node node;
      node.what = Node::What::kNot;
      node.parts.push_back(std::move(inner));
      return node;
    }
    if (!at_sign("(")) return test();
    TRY(advance());
    TRY_ASSIGN(Node inner, disjunction());
    TRY(expect_sign(")"));
    return inner;
  }

  Result<Node> test() {
    Node node;
    TRY_ASSIGN(Operand left, value());
    node.values.push_back(std::move(left));
    for (const auto& [sign, comparison] : kComparisons) {
      if (!at_sign(sign)) continue;
      TRY(advance());
      TRY_ASSIGN(Operand right, value());
      node.what = Node::What::kCompare;
      node.comparison = comparison;
      node.values.push_back(std::move(right));
      return node;
    }
    TRY_ASSIGN(const bool is, take_word("IS"));
    TRY_ASSIGN(node.negated, take_word("NOT"));
    if (is) {
      if (!at_word("NULL")) return tokens_.wrong(token_.at, "NULL or NOT NULL");
      TRY(advance());
      node.what = Node::What::kIsNull;
      return node;
    }
    if (at_word("IN")) return in(std::move(node));
    if (at_word("LIKE")) return like(std::move(node));
    if (node.negated) return tokens_.wrong(token_.at, "IN or LIKE");
    return node;
  }

  Result<Node> in(Node node) {
    node.what = Node::What::kIn;
    TRY(advance());
    TRY(expect_sign("("));
    for (;;) {
      TRY_ASSIGN(Operand one, value());
      node.values.push_back(std::move(one));
      if (!at_sign(",")) break;
      TRY(advance());
    }
    TRY(expect_sign(")"));
    return node;
  }

  Result<Node> like(Node node) {
    node.what = Node::What::kLike;
    TRY(advance());
    if (token_.what != Token::What::kText) return tokens_.wrong(token_.at, "a pattern such as 'a%'");
    const std::string& pattern = token_.text;
    size_t escapes = 0;
    for (size_t i = pattern.size(); i-- > 0 && pattern[i] == '\\';) ++escapes;
    if (escapes % 2 != 0) return tokens_.wrong(token_.at, "a pattern that does not end with \\");
    node.values.push_back({Operand::What::kText, pattern});
    TRY(advance());
    return node;
  }

  Result<Operand> value() {
    Operand out;
    const bool minus = at_sign("-");
    if (minus) {
      TRY(advance());
      if (token_.what != Token::What::kNumber) return tokens_.wrong(token_.at, "a number");
    }
    switch (token_.what) {
      case Token::What::kNumber:
        out = {Operand::What::kNumber, cat(minus ? "-" : "", token_.text)};
        break;
      case Token::What::kText:
        out = {Operand::What::kText, token_.text};
        break;
      case Token::What::kName:
        out = {Operand::What::kColumn, token_.text};
        break;
      case Token::What::kWord:
        if (std::find(kKeywords.begin(), kKeywords.end(), token_.upper) == kKeywords.end()) {
          out = {Operand::What::kColumn, token_.text};
          break;
        }
        if (!at_word("TRUE") && !at_word("FALSE") && !at_word("NULL")) return tokens_.wrong(token_.at, "a value");
        out.what = at_word("TRUE")    ? Operand::What::kTrue
                   : at_word("FALSE") ? Operand::What::kFalse
                                      : Operand::What::kNull;
        break;
      case Token::What::kEnd:
      case Token::What::kSign:
        return tokens_.wrong(token_.at, "a value");
    }
    TRY(advance());
    return out;
  }

  Tokens tokens_;
  Token token_;
  int depth_ = 0;
};

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

std::string print(const Operand& value) {
  switch (value.what) {
    case Operand::What::kColumn:
      return in_quotes(value.text, '"');
    case Operand::What::kNumber:
      return value.text;
    case Operand::What::kText:
      return in_quotes(value.text, '\'');
    case Operand::What::kTrue:
      return "TRUE";
    case Operand::What::kFalse:
      return "FALSE";
    case Operand::What::kNull:
      break;
  }
  return "NULL";
}

std::string_view sign_of(Comparison comparison) {
  for (const auto& [sign, known] : kComparisons) {
    if (known == comparison) return sign;
  }
  return "=";
}

std::string print(const Node& node);

bool is_joined(const Node& node) {
  return node.what == Node::What::kAnd || node.what == Node::What::kOr;
}

// Only parentheses that were there, or had to be.
std::string print_inside(const Node& outer, const Node& node) {
  const bool plain = !is_joined(node) || (outer.what == Node::What::kOr && node.what == Node::What::kAnd);
  return plain ? print(node) : cat("(", print(node), ")");
}

std::string print_parts(const Node& node, std::string_view by) {
  std::string out;
  for (const Node& part : node.parts) out += cat(out.empty() ? "" : by, print_inside(node, part));
  return out;
}

std::string print(const Node& node) {
  const std::string_view no = node.negated ? " NOT" : "";
  switch (node.what) {
    case Node::What::kAnd:
      return print_parts(node, " AND ");
    case Node::What::kOr:
      return print_parts(node, " OR ");
    case Node::What::kNot:
      return cat("NOT ", print_inside(node, node.parts[0]));
    case Node::What::kCompare:
      return cat(print(node.values[0]), " ", sign_of(node.comparison), " ", print(node.values[1]));
    case Node::What::kIsNull:
      return cat(print(node.values[0]), " IS", no, " NULL");
    case Node::What::kLike:
      return cat(print(node.values[0]), no, " LIKE ", print(node.values[1]));
    case Node::What::kIn: {
      std::string list;
      for (size_t i = 1; i < node.values.size(); ++i) list += cat(i == 1 ? "" : ", ", print(node.values[i]));
      return cat(print(node.values[0]), no, " IN (", list, ")");
    }
    case Node::What::kValue:
      break;
  }
  return print(node.values[0]);
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > kConditionBytesMax) {
    return Error(Blame::kConfig, cat("the condition is longer than ", kConditionBytesMax, " bytes"));
  }
  TRY_ASSIGN(Node root, Parser(text).parse());
  Expression out;
  out.text_ = print(root);
  out.root_ = std::make_shared<const Node>(std::move(root));
  return out;
}

}  // namespace weft::transform
