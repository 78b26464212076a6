// SPDX-License-Identifier: Apache-2.0
#include "transform/predicate.h"

#include <array>
#include <optional>

#include "transform/bound.h"

namespace weft::transform {
namespace {

using Bound = Predicate::Bound;

// The answers that a condition may have; several where a value is not known.
using Answers = uint8_t;
constexpr Answers kFalse = 1;
constexpr Answers kNull = 2;
constexpr Answers kTrue = 4;
constexpr Answers kAny = kFalse | kNull | kTrue;

Answers answer(bool yes) {
  return yes ? kTrue : kFalse;
}

Answers negation(Answers a) {
  return static_cast<Answers>((a & kNull) | ((a & kTrue) != 0 ? kFalse : 0) | ((a & kFalse) != 0 ? kTrue : 0));
}

// The lower one of both, by false < null < true, for each pair that may be.
constexpr Answers lower(Answers a, Answers b) {
  Answers out = 0;
  for (const Answers x : {kFalse, kNull, kTrue}) {
    for (const Answers y : {kFalse, kNull, kTrue}) {
      if ((a & x) != 0 && (b & y) != 0) out = static_cast<Answers>(out | (x < y ? x : y));
    }
  }
  return out;
}

using Table = std::array<std::array<Answers, kAny + 1>, kAny + 1>;

constexpr Table kLower = [] {
  Table table{};
  for (Answers a = 0; a <= kAny; ++a) {
    for (Answers b = 0; b <= kAny; ++b) table[a][b] = lower(a, b);
  }
  return table;
}();

Answers conjunction(Answers a, Answers b) {
  return kLower[a][b];
}

Answers disjunction(Answers a, Answers b) {
  return negation(conjunction(negation(a), negation(b)));
}

std::string_view without_padding(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

int compare_values(const Value& a, const Value& b, Kind family, bool padded) {
  if (family == Kind::kDecimal) return compare_numbers(a, b);
  if (padded) return without_padding(a.view()).compare(without_padding(b.view()));
  if (a.has_view()) return a.view().compare(b.view());
  const bool is_unsigned = family == Kind::kDate || family == Kind::kDateTime;
  if (is_unsigned) return a.as_uint() < b.as_uint() ? -1 : a.as_uint() > b.as_uint() ? 1 : 0;
  return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int() ? 1 : 0;
}

bool fulfils(int order, Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kGreaterEqual:
      break;
  }
  return order >= 0;
}

// How many bytes the character at the front of a text has.
size_t character(std::string_view text) {
  size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
  return bytes;
}

// '%' is any text, '_' any one character, '\' takes the next one as it is.
bool is_like(std::string_view text, std::string_view pattern) {
  std::string_view after_any;  // the pattern behind the last '%', and how much of the text that one has taken
  std::string_view left_there;
  bool any = false;
  while (true) {
    if (!pattern.empty() && pattern[0] == '%') {
      pattern.remove_prefix(1);
      any = true;
      after_any = pattern;
      left_there = text;
      continue;
    }
    const bool escaped = pattern.size() > 1 && pattern[0] == '\\';
    const char wanted = pattern.empty() ? '\0' : pattern[escaped ? 1 : 0];
    if (text.empty() && pattern.empty()) return true;
    if (!text.empty() && !pattern.empty() && !escaped && wanted == '_') {
      text.remove_prefix(character(text));
      pattern.remove_prefix(1);
      continue;
    }
    if (!text.empty() && !pattern.empty() && text[0] == wanted) {
      text.remove_prefix(1);
      pattern.remove_prefix(escaped ? 2 : 1);
      continue;
    }
    if (!any || left_there.empty()) return false;
    left_there.remove_prefix(character(left_there));
    text = left_there;
    pattern = after_any;
  }
}

// Of a row, one value of a test; none: it is not known.
std::optional<Value> value_of(const Term& term, Row row) {
  if (!term.column) return term.constant;
  const Value& value = row[term.ordinal];
  if (value.is_null()) return value;
  if (value.is_unchanged() || family_of(value.kind()) != term.family) return std::nullopt;
  return value;
}

Answers judge_comparison(const Term& left, const Term& right, Comparison comparison, Row row) {
  const std::optional<Value> a = value_of(left, row);
  const std::optional<Value> b = value_of(right, row);
  if ((a && a->is_null()) || (b && b->is_null())) return kNull;
  if (!a || !b) return kAny;
  return answer(fulfils(compare_values(*a, *b, left.family, left.padded), comparison));
}

Answers judge_like(const Bound& node, Row row) {
  const std::optional<Value> value = value_of(node.terms[0], row);
  if (!value) return kAny;
  if (value->is_null()) return kNull;
  const std::string_view text = node.terms[0].padded ? without_padding(value->view()) : value->view();
  return answer(is_like(text, node.terms[1].constant.view()));
}

Answers judge_null(const Term& term, Row row) {
  const Value& value = term.column ? row[term.ordinal] : term.constant;
  if (value.is_unchanged()) return kFalse | kTrue;
  return answer(value.is_null());
}

Answers judge_truth(const Term& term, Row row) {
  const std::optional<Value> value = value_of(term, row);
  if (!value) return kAny;
  return value->is_null() ? kNull : answer(value->as_int() != 0);
}

Answers judge_node(const Bound& node, Row row) {
  Answers out = 0;
  switch (node.what) {
    case Node::What::kAnd:
      out = kTrue;
      for (size_t i = 0; i < node.parts.size() && out != kFalse; ++i) {
        out = conjunction(out, judge_node(node.parts[i], row));
      }
      return out;
    case Node::What::kOr:
      out = kFalse;
      for (size_t i = 0; i < node.parts.size() && out != kTrue; ++i) {
        out = disjunction(out, judge_node(node.parts[i], row));
      }
      return out;
    case Node::What::kNot:
      return negation(judge_node(node.parts[0], row));
    case Node::What::kCompare:
      return judge_comparison(node.terms[0], node.terms[1], node.comparison, row);
    case Node::What::kIsNull:
      out = judge_null(node.terms[0], row);
      break;
    case Node::What::kIn:
      out = kFalse;
      for (size_t i = 1; i < node.terms.size() && out != kTrue; ++i) {
        out = disjunction(out, judge_comparison(node.terms[0], node.terms[i], Comparison::kEqual, row));
      }
      break;
    case Node::What::kLike:
      out = judge_like(node, row);
      break;
    case Node::What::kValue:
      return judge_truth(node.terms[0], row);
  }
  return node.negated ? negation(out) : out;
}

}  // namespace

Match Predicate::judge(Row row) const {
  const Answers answers = judge_node(*root_, row);
  if (answers == kTrue) return Match::kYes;
  return (answers & kTrue) == 0 ? Match::kNo : Match::kUnknown;
}

}  // namespace weft::transform
