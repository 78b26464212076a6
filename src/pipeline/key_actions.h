// SPDX-License-Identifier: Apache-2.0
// KeyActions: the foreign keys whose actions (CASCADE, SET NULL) the source carries out below its log, as the target's tables
// know them, so that they are carried out there in the transaction of the change that sets them off (hard case 7).
//
//   TRY_ASSIGN(KeyActions actions, KeyActions::build(tables));
//   if (actions.sets_off(change, *table, copying)) ...an ApplyItem of kKeyActions in front of the change
//
// Immutable; any thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "model/change.h"
#include "source/source.h"
#include "target/target.h"

namespace weft {

class KeyActions {
 public:
  KeyActions() = default;
  // kConfig: a key at the target that has another action would refuse what the source did.
  [[nodiscard]] static Result<KeyActions> build(const std::vector<TargetTableRef>& tables);

  [[nodiscard]] bool empty() const { return keys_ == nullptr && own_.empty(); }

  [[nodiscard]] const std::shared_ptr<const ActingKeys>& keys() const { return keys_; }

  // Whether the change sets an action off that the target may not carry out by itself. `relaxed`: its own keys may be switched
  // off. kConfig: the log does not have the columns that tell.
  [[nodiscard]] Result<bool> sets_off(const RowChange& change, const TargetTable& table, bool relaxed) const;

  // Whether a key of the target acts on this change.
  [[nodiscard]] bool target_acts(const RowChange& change, const TargetTable& table) const;

  // Actions set off by a row of this table may lead back to it.
  [[nodiscard]] bool circular(const TargetTable& table) const { return circular_.contains(table.name); }

 private:
  std::shared_ptr<const ActingKeys> keys_;
  std::set<TableName> circular_;
  std::set<TableName> busy_;  // tables from which a key is reached that the target does not carry out
  // Keys of the target with actions, by the parent's name there; columns are those of the parent.
  std::map<TableName, std::vector<ForeignKey>> own_;
};

// The actions that a record of before there were any lacks, from the catalogue's key of the same name.
[[nodiscard]] SchemaRef with_actions(const SchemaRef& schema, const SchemaRef& catalogue);
// The tables that have to be copied before this one: an action that reaches it through them is followed by their rows at the
// target. (A table that refers to itself is copied whole, under one view.)
[[nodiscard]] std::vector<TableName> acting_parents(const TableSchema& schema);
// kConfig: there is no such order.
[[nodiscard]] Status refuse_acting_circles(const std::vector<SchemaRef>& schemas);
// kConfig: rows of a captured table are changed by actions of a table whose changes are not captured.
[[nodiscard]] Status refuse_hidden_parents(const std::vector<SchemaRef>& schemas);

}  // namespace weft
