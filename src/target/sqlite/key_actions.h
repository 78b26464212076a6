// SPDX-License-Identifier: Apache-2.0
// Carries out foreign-key actions in the open transaction: what ActingKeys say to rows that go or change their key is done to
// their children, and to the children of those. Rows are taken out before the next level is looked at, so rows that refer to
// each other in a circle end it. What the target's own keys would do has been done when they come to it.
// Uses a session's connection; its thread. REQUIRES: foreign keys are checked at commit (PRAGMA defer_foreign_keys).
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "target/sqlite/match.h"

namespace weft::sqlite {

class KeyActionRunner {
 public:
  using PlanOf = std::function<Result<const TablePlan*>(const TargetTable&)>;

  KeyActionRunner(Connection& connection, const ActingKeys& keys, const PlanOf& plan_of)
      : connection_(connection), keys_(keys), plan_of_(plan_of) {}

  // Rows of children that were touched.
  [[nodiscard]] Result<uint64_t> run(const TableBatch& batch);

 private:
  struct Blob {
    std::string bytes;

    bool operator==(const Blob&) const = default;
  };

  using Cell = std::variant<std::monostate, int64_t, double, std::string, Blob>;
  // By source ordinal; those that no key names are NULL.
  using Cells = std::vector<Cell>;

  [[nodiscard]] static Cells cells_of(const TablePlan& plan, Row row, Row otherwise);
  // What the keys that refer to `table` say to one row of it; `after` is null where it goes.
  [[nodiscard]] Status follow(const TargetTable& table, const Cells& before, const Cells* after, size_t depth);
  [[nodiscard]] Status act(const ActingKey& key, const Cells& before, const Cells* after, size_t depth);
  [[nodiscard]] Result<std::vector<Cells>> children(const TablePlan& child, const ActingKey& key, const Cells& before);
  static void bind(Statement& statement, int parameter, const Cell& cell);
  static Cell cell_at(const Statement& statement, int column);

  Connection& connection_;
  const ActingKeys& keys_;
  const PlanOf& plan_of_;
  uint64_t touched_ = 0;
};

}  // namespace weft::sqlite
