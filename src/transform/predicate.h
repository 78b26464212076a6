// SPDX-License-Identifier: Apache-2.0
// Predicate: a condition that has met the columns of a table. Judges rows by SQL's rules: NULL is neither true nor false, and a
// row matches where the condition is true. A value that is not known (kUnchanged), or is of another type than its column, gives
// no answer where the answer hangs on it.
//
//   TRY_ASSIGN(Predicate predicate, Predicate::bind(expression, columns));
//   switch (predicate.judge(row)) { case Verdict::kMatches: ... }
//
// Text is compared by its bytes: collations belong to the servers. Immutable; any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/row.h"
#include "transform/expression.h"

namespace weft::transform {

enum class Match : uint8_t { kNo, kYes, kUnknown };

// A column that a condition may name.
struct NamedColumn {
  std::string name;
  uint16_t ordinal = 0;  // in rows
  const Column* column = nullptr;
};

class Predicate {
 public:
  // kConfig: a column is not there (with the nearest name), or values can't be compared.
  [[nodiscard]] static Result<Predicate> bind(const Expression& expression, const std::vector<NamedColumn>& columns);

  [[nodiscard]] Match judge(Row row) const;

  // Ordinals of the columns that it looks at.
  [[nodiscard]] const std::vector<uint16_t>& columns() const { return columns_; }

  struct Bound;

 private:
  std::shared_ptr<const Bound> root_;
  std::vector<uint16_t> columns_;
};

}  // namespace weft::transform
