// SPDX-License-Identifier: Apache-2.0
// Draft: one source transaction while it is being made: every statement is checked as the server would (keys, unique
// values, foreign keys, locks of transactions that are in the log but not yet visible), so a history is always legal.
//
//   Draft draft(server);
//   bool fits = draft.insert(kItems, row) && draft.update(kCounter, old_row, new_row);
//   if (fits) draft.commit();          // else it is rolled back: nothing happened
//
// One thread.
#pragma once

#include "sim/source_server.h"

namespace weft::sim {

class Draft {
 public:
  explicit Draft(SourceServer& server) : server_(&server), state_(server.newest()) {}

  [[nodiscard]] const State& state() const { return state_; }

  // False: the statement would fail or wait for a lock; the draft is as before.
  // With `partial` the log's image leaves out the columns that hold their default (null).
  bool insert(TableId table, ModelRow row, bool partial = false);
  // Full images; or the key before and the changed columns after, with `partial`.
  bool update(TableId table, const RowRef& before, ModelRow after, bool partial);
  bool remove(TableId table, const RowRef& before, bool partial);
  bool truncate(TableId table);
  // DDL that leaves the rows alone.
  bool alter(TableId table);

  // Hands the transaction to the log; gives its id. `fragment_edits`: deliver it in pieces of so many edits.
  uint64_t commit(size_t fragment_edits = 0);

  // XA PREPARE instead of a commit; its id.
  uint64_t prepare(size_t fragment_edits = 0);

  [[nodiscard]] size_t size() const { return edits_.size(); }

 private:
  bool lock(TableId table, const ModelRow& row);
  bool unique(TableId table, const ModelRow& row, const RowRef& except) const;
  bool has_parent(TableId table, const ModelRow& row);
  bool has_children(TableId table, const ModelRow& row) const;
  bool let_children_go(TableId table, const ModelRow& row);
  void put(RowEdit edit);

  SourceServer* server_;
  State state_;
  std::vector<RowEdit> edits_;
  std::vector<uint64_t> locks_;
};

}  // namespace weft::sim
