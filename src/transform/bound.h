// SPDX-License-Identifier: Apache-2.0
// The inside of a Predicate: the tree of a condition with its columns found and its values typed. Immutable once bound.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "transform/number.h"
#include "transform/predicate.h"

namespace weft::transform {

// Of all numbers one kind: they compare with one another.
[[nodiscard]] inline Kind family_of(Kind kind) {
  return kind != Kind::kBool && is_number(kind) ? Kind::kDecimal : kind;
}

// One value of a test: a column's, or always the same.
struct Term {
  bool column = false;
  uint16_t ordinal = 0;
  Kind family = Kind::kNull;
  bool padded = false;  // trailing spaces do not count
  Value constant;
};

struct Predicate::Bound {
  Node::What what = Node::What::kValue;
  bool negated = false;
  Comparison comparison{};
  std::vector<Bound> parts;
  std::vector<Term> terms;
  std::deque<std::string> bytes;  // of the root: what constants view
};

}  // namespace weft::transform
