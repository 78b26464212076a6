// SPDX-License-Identifier: Apache-2.0
// Statements of a source transaction, with the server's own checks.
#include "sim/draft.h"

#include <algorithm>

namespace weft::sim {
namespace {

uint64_t lock_of(TableId table, size_t index, ModelRow key) {
  for (Cell& cell : key) cell.text = fold(cell.text);
  return hash_cells(key, uint64_t{table} * 16 + index);
}

uint32_t all_columns(const ModelRow& row) {
  return (1u << row.size()) - 1;
}

uint32_t key_mask(TableId table) {
  uint32_t mask = 0;
  for (const uint16_t c : schema_of(table)->key) mask |= 1u << c;
  return mask;
}

}  // namespace

bool Draft::lock(TableId table, const ModelRow& row) {
  std::vector<uint64_t> wanted;
  size_t index = 0;
  for (const auto& columns : unique_indexes(table)) wanted.push_back(lock_of(table, index++, pick(row, columns)));
  if (schema_of(table)->keyless()) wanted.push_back(lock_of(table, 15, row));
  if (table == kChildren) wanted.push_back(lock_of(kParents, 0, {row[1]}));
  for (const uint64_t one : wanted) {
    if (server_->locked(one)) return false;
  }
  for (const uint64_t one : wanted) {
    if (std::find(locks_.begin(), locks_.end(), one) == locks_.end()) locks_.push_back(one);
  }
  return true;
}

bool Draft::unique(TableId table, const ModelRow& row, const RowRef& except) const {
  for (const auto& columns : unique_indexes(table)) {
    const ModelRow key = pick(row, columns);
    if (std::any_of(key.begin(), key.end(), [](const Cell& c) { return c.kind == Kind::kNull; })) continue;
    for (const RowRef& other : state_[table]) {
      if (other != except && compare_at_source(pick(*other, columns), key) == 0) return false;
    }
  }
  return true;
}

bool Draft::has_parent(TableId table, const ModelRow& row) {
  if (table != kChildren || row[1].kind == Kind::kNull) return true;
  return find_by_key(state_, kParents, {row[1]}) != nullptr;
}

bool Draft::has_children(TableId table, const ModelRow& row) const {
  if (table != kParents) return false;
  const SourceTable& children = state_[kChildren];
  return std::any_of(children.begin(), children.end(), [&](const RowRef& child) { return (*child)[1] == row[0]; });
}

// Below the log, if the server's foreign keys say so. False: there are children, and they stay.
bool Draft::let_children_go(TableId table, const ModelRow& row) {
  if (!has_children(table, row)) return true;
  if (!server_->mode().key_actions || server_->reshaping(kChildren)) return false;
  const SourceTableRef children = state_.tables[kChildren];
  for (const RowRef& child : *children) {
    if ((*child)[1] != row[0]) continue;
    if (!lock(kChildren, *child)) return false;
    put({kChildren, EditOp::kDelete, child, nullptr, 0, 0, true});
  }
  return true;
}

void Draft::put(RowEdit edit) {
  apply_edit(state_, edit);
  edits_.push_back(std::move(edit));
}

bool Draft::insert(TableId table, ModelRow row, bool partial) {
  if (server_->reshaping(table) || !unique(table, row, nullptr)) return false;
  if (!has_parent(table, row) || !lock(table, row)) return false;
  const uint32_t all = all_columns(row);
  uint32_t sent = all;
  for (size_t c = 0; partial && c < row.size(); ++c) {
    if (row[c].kind == Kind::kNull && schema_of(table)->columns[c].nullable) sent &= ~(1u << c);
  }
  put({table, EditOp::kInsert, nullptr, share(std::move(row)), all, sent});
  return true;
}

bool Draft::update(TableId table, const RowRef& before, ModelRow after, bool partial) {
  if (*before == after || server_->reshaping(table)) return false;
  if (!unique(table, after, before) || !has_parent(table, after)) return false;
  if (table == kParents && (*before)[0] != after[0] && has_children(table, *before)) return false;
  if (!lock(table, *before) || !lock(table, after)) return false;
  RowEdit edit{table, EditOp::kUpdate, before, nullptr, all_columns(after), all_columns(after)};
  if (partial) {
    edit.sent_after = 0;
    for (size_t i = 0; i < after.size(); ++i) {
      if ((*before)[i] != after[i]) edit.sent_after |= 1u << i;
    }
    if (!schema_of(table)->keyless()) edit.sent_before = key_mask(table);
  }
  edit.after = share(std::move(after));
  put(std::move(edit));
  return true;
}

bool Draft::remove(TableId table, const RowRef& before, bool partial) {
  if (server_->reshaping(table) || !let_children_go(table, *before) || !lock(table, *before)) return false;
  const uint32_t sent = partial && !schema_of(table)->keyless() ? key_mask(table) : all_columns(*before);
  put({table, EditOp::kDelete, before, nullptr, sent, sent});
  return true;
}

bool Draft::truncate(TableId table) {
  if (!edits_.empty() || server_->any_pending(table) || table == kParents) return false;
  put({table, EditOp::kTruncate, nullptr, nullptr, 0, 0});
  return true;
}

bool Draft::alter(TableId table) {
  if (!edits_.empty() || server_->any_pending(table)) return false;
  put({table, EditOp::kSchema, nullptr, nullptr, 0, 0});
  return true;
}

uint64_t Draft::prepare(size_t fragment_edits) {
  return server_->prepare(std::move(edits_), std::move(locks_), fragment_edits);
}

uint64_t Draft::commit(size_t fragment_edits) {
  return server_->write(std::move(edits_), std::move(locks_), state_, fragment_edits);
}

}  // namespace weft::sim
