// SPDX-License-Identifier: Apache-2.0
// Carries out foreign-key actions in the open transaction: what ActingKeys say to rows that go or change their key is done to
// their children, and to the children of those, as deep as it leads. A level takes a round trip per key; rows are taken out
// before the next level is looked at, so rows that refer to each other in a circle end it.
// Views of a session's Connection; its thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/postgres/connection.h"
#include "target/postgres/match.h"

namespace weft::postgres {

class KeyActionRunner {
 public:
  using PlanOf = std::function<Result<const TablePlan*>(const TargetTable&)>;

  // `relaxed`: the target's own keys are switched off in this transaction.
  KeyActionRunner(Connection& connection, const ActingKeys& keys, PlanOf plan_of, bool relaxed)
      : connection_(connection), keys_(keys), plan_of_(std::move(plan_of)), relaxed_(relaxed) {}

  // Rows of children that were touched.
  [[nodiscard]] Result<uint64_t> run(const TableBatch& batch);

 private:
  using Cells = std::vector<std::optional<std::string>>;

  // A row of a table that is deleted, or changed: its columns that keys refer to, as the server prints them.
  struct Moved {
    Cells before;
    Cells after;  // empty: deleted
  };

  [[nodiscard]] std::vector<uint16_t> referred(const TargetTable& table) const;
  [[nodiscard]] Result<Moved> moved(const TablePlan& plan, const TableBatch::Item& item) const;
  [[nodiscard]] Status follow(const TargetTable& table, const std::vector<Moved>& rows, size_t depth);
  [[nodiscard]] Status look(
      const ActingKey& key, const TablePlan& child, const Cells& before, const Cells& after, size_t depth);
  [[nodiscard]] Status remove(const ActingKey& key,
                              const TablePlan& child,
                              const std::vector<Cells>& gone,
                              size_t depth);
  [[nodiscard]] Status change(
      const ActingKey& key, const TablePlan& child, const Cells& before, const Cells& after, size_t depth);

  Connection& connection_;
  const ActingKeys& keys_;
  PlanOf plan_of_;
  bool relaxed_;
  uint64_t touched_ = 0;
};

}  // namespace weft::postgres
