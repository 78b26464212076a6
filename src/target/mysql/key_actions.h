// SPDX-License-Identifier: Apache-2.0
// Carries out foreign-key actions in the open transaction: what ActingKeys say to rows that go or change their key is done to
// their children, and to the children of those. Rows are taken out before the next level is looked at, so rows that refer to
// each other in a circle end it. What the target's own keys do they do themselves; only what follows from it may be left to us.
// Uses a session's connection, with nothing queued; its thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/mysql/connection.h"
#include "target/mysql/match.h"

namespace weft::mysql {

class KeyActionRunner {
 public:
  using PlanOf = std::function<Result<const TablePlan*>(const TargetTable&)>;

  // `relaxed`: the target's own keys are switched off in this transaction.
  KeyActionRunner(Connection& session, const ActingKeys& keys, PlanOf plan_of, bool relaxed)
      : session_(session), keys_(keys), plan_of_(std::move(plan_of)), relaxed_(relaxed) {}

  // Rows of children that were touched.
  [[nodiscard]] Result<uint64_t> run(const TableBatch& batch);

 private:
  // SQL literals by source ordinal; nullopt for NULL, and for columns that no key names.
  using Cells = std::vector<std::optional<std::string>>;

  struct Change {
    Cells before;
    Cells after;
    bool gone = false;
  };

  [[nodiscard]] static Cells cells_of(const TablePlan& plan, Row row, const Cells& otherwise);
  [[nodiscard]] Status follow(const TargetTable& table, const Change& change, size_t depth);
  [[nodiscard]] Status act(const ActingKey& key, const Change& change, size_t depth);
  [[nodiscard]] Result<std::vector<Cells>> children(const TablePlan& child, const std::string& where);

  Connection& session_;
  const ActingKeys& keys_;
  PlanOf plan_of_;
  bool relaxed_;
  uint64_t touched_ = 0;
};

}  // namespace weft::mysql
