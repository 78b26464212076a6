// SPDX-License-Identifier: Apache-2.0
// Predicate::bind: which columns a condition means, and whether its types go together.
#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"
#include "transform/bound.h"
#include "transform/literal.h"

namespace weft::transform {
namespace {

using Bound = Predicate::Bound;

class Binder {
 public:
  Binder(const std::vector<NamedColumn>& columns, std::deque<std::string>& bytes, std::vector<uint16_t>& used)
      : columns_(columns), bytes_(bytes), used_(used) {}

  Result<Bound> bind(const Node& node) {
    Bound out;
    out.what = node.what;
    out.negated = node.negated;
    out.comparison = node.comparison;
    for (const Node& part : node.parts) {
      TRY_ASSIGN(Bound bound, bind(part));
      out.parts.push_back(std::move(bound));
    }
    if (node.values.empty()) return out;
    for (const Operand& value : node.values) {
      TRY_ASSIGN(const Term term, term_of(value));
      out.terms.push_back(term);
    }
    TRY(fit(node, out));
    return out;
  }

 private:
  Result<Term> term_of(const Operand& value) {
    Term term;
    if (value.what != Operand::What::kColumn) return term;  // typed by what it is compared with
    const auto found =
        std::find_if(columns_.begin(), columns_.end(), [&](const auto& c) { return c.name == value.text; });
    if (found == columns_.end()) {
      std::vector<std::string> known;
      for (const NamedColumn& c : columns_) known.push_back(c.name);
      return Error(Blame::kConfig, cat("there is no column ", value.text, nearest_hint(value.text, known)));
    }
    term.column = true;
    term.ordinal = found->ordinal;
    term.family = family_of(found->column->kind);
    term.padded = found->column->kind == Kind::kText && found->column->fixed_length;
    if (std::find(used_.begin(), used_.end(), term.ordinal) == used_.end()) used_.push_back(term.ordinal);
    return term;
  }

  // Types that go together.
  Status fit(const Node& node, Bound& out) {
    std::vector<Term>& terms = out.terms;
    switch (node.what) {
      case Node::What::kIsNull:
        return constant(node.values[0], Kind::kText, Kind::kText, terms[0]);
      case Node::What::kValue:
        return truth(node.values[0], terms[0]);
      case Node::What::kLike:
        if (terms[0].column && terms[0].family != Kind::kText) return wrong(node.values[0], "LIKE takes texts only");
        TRY(constant(node.values[0], Kind::kText, Kind::kText, terms[0]));
        return constant(node.values[1], Kind::kText, Kind::kText, terms[1]);
      default:
        return compare(node, terms);
    }
  }

  // All values of a comparison have the type of its first column, or else of its first value.
  Status compare(const Node& node, std::vector<Term>& terms) {
    const Operand* first = nullptr;
    Kind family = Kind::kNull;
    Kind exact = Kind::kNull;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (!terms[i].column || first != nullptr) continue;
      first = &node.values[i];
      family = terms[i].family;
      exact = column_kind(*first);
    }
    for (size_t i = 0; i < terms.size() && family == Kind::kNull; ++i) family = exact = kind_of(node.values[i]);
    if (family == Kind::kJson) return wrong(*first, "JSON can't be compared, but for IS NULL");
    for (size_t i = 0; i < terms.size(); ++i) {
      if (terms[i].column && terms[i].family != family) {
        return wrong(node.values[i], cat("it can't be compared with ", first->text));
      }
      TRY(constant(node.values[i], family, exact, terms[i]));
      terms[i].padded =
          terms[i].padded || std::any_of(terms.begin(), terms.end(), [](const Term& t) { return t.padded; });
    }
    return ok();
  }

  [[nodiscard]] Kind column_kind(const Operand& value) const {
    for (const NamedColumn& c : columns_) {
      if (c.name == value.text) return c.column->kind;
    }
    return Kind::kNull;
  }

  static Kind kind_of(const Operand& value) {
    switch (value.what) {
      case Operand::What::kNumber:
        return Kind::kDecimal;
      case Operand::What::kText:
        return Kind::kText;
      case Operand::What::kTrue:
      case Operand::What::kFalse:
        return Kind::kBool;
      default:
        return Kind::kNull;
    }
  }

  // A condition by itself: a boolean column, TRUE, FALSE or NULL.
  Status truth(const Operand& value, Term& term) {
    if (term.column && term.family != Kind::kBool) {
      return wrong(value, cat("it is no boolean: compare it, as in ", value.text, " = 1"));
    }
    if (value.what == Operand::What::kNumber || value.what == Operand::What::kText) {
      return Error(Blame::kConfig, cat(value.text, " is no condition"));
    }
    return constant(value, Kind::kBool, Kind::kBool, term);
  }

  // A value that is written there, as one of this family. `exact`: the kind of the column.
  Status constant(const Operand& value, Kind family, Kind exact, Term& term) {
    if (term.column) return ok();
    term.family = family;
    std::optional<Value> out;
    switch (value.what) {
      case Operand::What::kColumn:
      case Operand::What::kNull:
        return ok();
      case Operand::What::kTrue:
      case Operand::What::kFalse: {
        const bool yes = value.what == Operand::What::kTrue;
        if (family == Kind::kBool) out = Value::boolean(yes);
        if (family == Kind::kDecimal) out = Value::int64(yes ? 1 : 0);
        break;
      }
      case Operand::What::kNumber:
        if (family == Kind::kDecimal) out = number(value.text, exact);
        break;
      case Operand::What::kText:
        out = literal_of(family, value.text, bytes_.emplace_back());
        break;
    }
    if (!out) return Error(Blame::kConfig, cat(shown(value), " is no ", expected(family)));
    term.constant = *out;
    return ok();
  }

  // What a column of floats holds of a number that is written in digits.
  Value number(const std::string& digits, Kind exact) {
    if (exact == Kind::kDouble) return Value::float64(nearest_double(digits));
    if (exact == Kind::kFloat) return Value::float32(static_cast<float>(nearest_double(digits)));
    return Value::decimal(bytes_.emplace_back(digits));
  }

  static std::string shown(const Operand& value) {
    return value.what == Operand::What::kText    ? cat("'", value.text, "'")
           : value.what == Operand::What::kTrue  ? "TRUE"
           : value.what == Operand::What::kFalse ? "FALSE"
                                                 : value.text;
  }

  static std::string expected(Kind family) {
    if (family == Kind::kDecimal) return "number, which the column is";
    if (family == Kind::kBool) return "boolean, which the column is: TRUE or FALSE";
    return cat("value of that column, which takes ", expected_literal(family));
  }

  static Error wrong(const Operand& value, std::string_view why) {
    return Error(Blame::kConfig, cat("column ", value.text, ": ", why));
  }

  const std::vector<NamedColumn>& columns_;
  std::deque<std::string>& bytes_;
  std::vector<uint16_t>& used_;
};

}  // namespace

Result<Predicate> Predicate::bind(const Expression& expression, const std::vector<NamedColumn>& columns) {
  Predicate out;
  auto root = std::make_shared<Bound>();
  std::deque<std::string> bytes;
  TRY_ASSIGN(*root, Binder(columns, bytes, out.columns_).bind(expression.root()));
  root->bytes = std::move(bytes);  // moving a deque leaves its strings where they are
  out.root_ = std::move(root);
  return out;
}

}  // namespace weft::transform
