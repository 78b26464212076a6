// SPDX-License-Identifier: Apache-2.0
#include "apply/plan.h"

#include <algorithm>
#include <unordered_set>

#include "apply/coalesce.h"
#include "apply/shape.h"

namespace weft {
namespace {

// Source order: an item joins the previous batch when it has the same shape and touches another key.
class SourceOrder {
 public:
  SourceOrder(Plan& plan, bool one_row) : plan_(plan), one_row_(one_row) {}

  void add(const ApplyItem& item) {
    Shape shape = shape_of(item);
    if (shape.columns.empty() && shape.op == BatchOp::kUpdate) return;  // nothing changes
    if (shape.op == BatchOp::kKeyActions && joins_actions(item)) return;
    if (one_row_ && item.among_old && !shape.moves_key) add_rivals(item);
    const uint64_t key = item_key_hash(item);
    if (joins(item, shape, key)) {
      plan_.batches.back().batch.rows.push_back({item.before, item.after});
    } else {
      keys_.clear();
      PlannedBatch next;
      next.batch.table = item.table;
      next.batch.op = shape.op;
      next.batch.columns = std::move(shape.columns);
      next.batch.keys = item.keys;
      next.batch.keep_children = item.keep_children;
      next.exact = shape.exact;
      if (item.what != ApplyItem::What::kTruncate) next.batch.rows.push_back({item.before, item.after});
      plan_.batches.push_back(std::move(next));
    }
    keys_.insert(key);
  }

 private:
  // Statements that take away whatever other rows hold the unique values of this one.
  void add_rivals(const ApplyItem& item) {
    const TargetTable& table = *item.table;
    Row row = item.after;
    if (item.what == ApplyItem::What::kUpdate) {
      const std::span<Value> whole = plan_.arena.array<Value>(row.size());
      for (size_t i = 0; i < row.size(); ++i) whole[i] = row[i].is_unchanged() ? item.before[i] : row[i];
      row = whole;
    }
    for (size_t i = 1; i < table.unique_keys.size(); ++i) {
      const std::vector<uint16_t>& columns = table.unique_keys[i];
      const bool known = std::none_of(columns.begin(), columns.end(), [&](uint16_t c) {
        return row[c].is_unchanged() || row[c].is_null() || table.columns[c].generated;
      });
      if (!known) continue;
      PlannedBatch rivals;
      rivals.batch.table = item.table;
      rivals.batch.op = BatchOp::kDeleteRivals;
      rivals.batch.columns = columns;
      rivals.batch.rows.push_back({{}, row});
      rivals.exact = false;
      plan_.batches.push_back(std::move(rivals));
    }
  }

  // Of rows that are deleted one behind the other, all actions may come first: a key whose actions lead back to its own table
  // is exact for none of them.
  bool joins_actions(const ApplyItem& item) {
    const size_t n = plan_.batches.size();
    if (one_row_ || !item.after.empty() || n < 2 || keys_.size() >= kRunLimit) return false;
    PlannedBatch& actions = plan_.batches[n - 2];
    const PlannedBatch& deletes = plan_.batches[n - 1];
    if (actions.batch.op != BatchOp::kKeyActions || deletes.batch.op != BatchOp::kDelete || !deletes.exact)
      return false;
    if (deletes.batch.keep_children || actions.batch.table != item.table || deletes.batch.table != item.table)
      return false;
    if (!actions.batch.rows.back().after.empty()) return false;
    actions.batch.rows.push_back({item.before, {}});
    return true;
  }

  bool joins(const ApplyItem& item, const Shape& shape, uint64_t key) const {
    if (one_row_ || plan_.batches.empty() || shape.op == BatchOp::kTruncate || shape.op == BatchOp::kKeyActions) {
      return false;
    }
    if (item.table->source->keyless() && shape.op != BatchOp::kInsert) return false;
    const PlannedBatch& last = plan_.batches.back();
    if (last.batch.table != item.table || last.batch.op != shape.op || last.exact != shape.exact) return false;
    if (last.batch.keep_children != item.keep_children) return false;
    if (last.batch.columns != shape.columns || keys_.size() >= kRunLimit) return false;
    if (shape.moves_key) return false;
    if (item.table->source->keyless()) return true;
    return keys_.count(key) == 0;
  }

  static constexpr size_t kRunLimit = 4096;
  Plan& plan_;
  bool one_row_;
  std::unordered_set<uint64_t> keys_;
};

}  // namespace

bool coalescible(const TargetTable& table) {
  return !table.source->keyless() && table.triggers.empty() && !table.coarse_keys;
}

void plan_items(const std::vector<ApplyItem>& items, ApplyMode mode, Plan& plan, bool merge_masks) {
  if (mode == ApplyMode::kCoalesced) {
    coalesce(items, plan, merge_masks);
  } else {
    SourceOrder order(plan, mode == ApplyMode::kRows);
    for (const ApplyItem& item : items) order.add(item);
  }
  plan.slabs = plan.arena.take();
}

}  // namespace weft
