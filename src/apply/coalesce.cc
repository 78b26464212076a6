// SPDX-License-Identifier: Apache-2.0
#include "apply/coalesce.h"

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>

#include "apply/shape.h"

namespace weft {
namespace {

using What = ApplyItem::What;

// The net effect on one key so far.
enum class Net : uint8_t {
  kNothing,  // inserted and deleted again
  kInsert,
  kUpdate,
  kDelete,
  kReplace,  // deleted, then inserted: all columns are new
  kUpsert,   // loose insert
  kLooseUpdate,
  kLooseDelete,
};

struct KeyEffect {
  Net net = Net::kNothing;
  Row before;
  Row after;
  bool mixed = false;
};

Net first_net(const ApplyItem& item) {
  const bool exact = item.expect == Expect::kExact;
  if (item.what == What::kInsert) return exact ? Net::kInsert : Net::kUpsert;
  if (item.what == What::kUpdate) return exact ? Net::kUpdate : Net::kLooseUpdate;
  return exact ? Net::kDelete : Net::kLooseDelete;
}

bool is_loose(Net net) {
  return net == Net::kUpsert || net == Net::kLooseUpdate || net == Net::kLooseDelete;
}

struct NetHash {
  size_t operator()(const Row& key) const { return hash_values(key); }
};

struct NetEqual {
  bool operator()(const Row& a, const Row& b) const { return same_values(a, b); }
};

// The pending effects on one table.
struct TableEffects {
  TargetTableRef table;
  std::unordered_map<Row, size_t, NetHash, NetEqual> index;  // key -> effects
  std::vector<KeyEffect> effects;
  std::vector<ApplyItem> ordered;  // of a table that is not coalescible
};

class Coalescer {
 public:
  Coalescer(Plan& plan, bool merge_masks) : plan_(plan), merge_masks_(merge_masks) {}

  void add(const ApplyItem& item) {
    if (acting(item)) {
      flush_tables();
      acting_.push_back(item);
      return;
    }
    flush_acting();
    if (item.what == What::kTruncate || (item.what == What::kUpdate && changes_key(item))) {
      flush();
      emit_alone(item);
      return;
    }
    TableEffects& effects = of(item.table);
    if (!coalescible(*item.table)) {
      effects.ordered.push_back(item);
    } else if (!merge(effects, item)) {
      flush();
      if (!merge(of(item.table), item)) emit_alone(item);  // nothing is left to merge with; it is never dropped
    }
  }

  void flush() {
    flush_tables();
    flush_acting();
  }

 private:
  // Foreign-key actions, and the changes of the rows that set them off: in source order, with nothing moved across them.
  bool acting(const ApplyItem& item) const {
    if (item.what == What::kKeyActions || item.keep_children || item.in_order) return true;
    const bool follows = !acting_.empty() && acting_.back().table == item.table;
    return follows && (item.what == What::kDelete || item.what == What::kUpdate);
  }

  void flush_acting() {
    if (acting_.empty()) return;
    emit_in_order(acting_);
    acting_.clear();
  }

  void flush_tables();

  static bool changes_key(const ApplyItem& item) {
    return coalescible(*item.table) && moves_key(*item.table->source, item.before, item.after);
  }

  TableEffects& of(const TargetTableRef& table) {
    const auto found = by_table_.find(table.get());
    if (found != by_table_.end()) return tables_[found->second];
    // Of another shape of the same table the effects come first.
    const bool other_shape = std::any_of(
        tables_.begin(), tables_.end(), [&](const TableEffects& t) { return t.table->name == table->name; });
    if (other_shape) flush_tables();
    by_table_[table.get()] = tables_.size();
    tables_.push_back({table, {}, {}, {}});
    return tables_.back();
  }

  Row key_view(const ApplyItem& item) {
    const TableSchema& schema = *item.table->source;
    const Row row = item.what == What::kInsert ? item.after : item.before;
    const std::span<Value> key = plan_.arena.array<Value>(schema.key.size());
    for (size_t i = 0; i < key.size(); ++i) key[i] = row[schema.key[i]];
    return key;
  }

  // Newer values over older ones.
  Row overlay(Row older, Row newer) {
    if (!merge_masks_) return newer;
    const std::span<Value> merged = plan_.arena.array<Value>(older.size());
    for (size_t i = 0; i < merged.size(); ++i) merged[i] = newer[i].is_unchanged() ? older[i] : newer[i];
    return merged;
  }

  // False: this history can't be merged here; the segment must end first.
  bool merge(TableEffects& effects, const ApplyItem& item);
  bool merge_into(KeyEffect& effect, const ApplyItem& item);
  void emit_table(TableEffects& table, bool deletes);
  void emit_in_order(const std::vector<ApplyItem>& items);
  void emit_alone(const ApplyItem& item);
  void emit(const TargetTableRef& table,
            BatchOp op,
            std::vector<uint16_t> columns,
            bool exact,
            std::vector<TableBatch::Item> rows);

  Plan& plan_;
  bool merge_masks_;
  std::vector<TableEffects> tables_;
  std::vector<ApplyItem> acting_;
  std::unordered_map<const TargetTable*, size_t> by_table_;
};

bool Coalescer::merge(TableEffects& effects, const ApplyItem& item) {
  const Row key = key_view(item);
  const auto [place, fresh] = effects.index.try_emplace(key, effects.effects.size());
  if (fresh) {
    effects.effects.push_back({first_net(item), item.before, item.after, false});
    return true;
  }
  return merge_into(effects.effects[place->second], item);
}

bool Coalescer::merge_into(KeyEffect& effect, const ApplyItem& item) {
  const bool loose = item.expect == Expect::kLoose;
  if (effect.net != Net::kNothing && is_loose(effect.net) != loose) return false;
  switch (item.what) {
    case What::kInsert:
      if (effect.net == Net::kInsert || effect.net == Net::kUpdate || effect.net == Net::kReplace) return false;
      effect.net = loose ? Net::kUpsert : effect.net == Net::kDelete ? Net::kReplace : Net::kInsert;
      effect.after = item.after;
      return true;
    case What::kUpdate:
      if (effect.net == Net::kNothing || effect.net == Net::kDelete || effect.net == Net::kLooseDelete) return false;
      effect.after = overlay(effect.after, item.after);
      return true;
    case What::kDelete:
      if (effect.net == Net::kNothing || effect.net == Net::kDelete) return false;
      if (effect.net == Net::kInsert) {
        effect.net = Net::kNothing;
      } else {
        // The oldest image is what the target has.
        if (effect.before.empty()) effect.before = item.before;
        effect.net = loose ? Net::kLooseDelete : Net::kDelete;
      }
      effect.after = {};
      return true;
    case What::kTruncate:
    case What::kKeyActions:
      return false;
  }
  return false;
}

void Coalescer::emit(const TargetTableRef& table,
                     BatchOp op,
                     std::vector<uint16_t> columns,
                     bool exact,
                     std::vector<TableBatch::Item> rows) {
  if (rows.empty()) return;
  PlannedBatch planned;
  planned.batch.table = table;
  planned.batch.op = op;
  planned.batch.columns = std::move(columns);
  planned.batch.rows = std::move(rows);
  planned.exact = exact;
  plan_.batches.push_back(std::move(planned));
}

void Coalescer::emit_alone(const ApplyItem& item) {
  Shape shape = shape_of(item);
  PlannedBatch planned;
  planned.batch.table = item.table;
  planned.batch.op = shape.op;
  planned.batch.columns = std::move(shape.columns);
  planned.exact = shape.exact;
  if (item.what != What::kTruncate) planned.batch.rows.push_back({item.before, item.after});
  plan_.batches.push_back(std::move(planned));
}

void Coalescer::emit_in_order(const std::vector<ApplyItem>& items) {
  Plan rows(0);
  plan_items(items, ApplyMode::kRuns, rows);
  for (PlannedBatch& batch : rows.batches) plan_.batches.push_back(std::move(batch));
}

void Coalescer::emit_table(TableEffects& table, bool deletes) {
  std::vector<TableBatch::Item> inserts;
  std::vector<TableBatch::Item> upserts;
  std::vector<TableBatch::Item> removed;
  std::vector<TableBatch::Item> loosely_removed;
  // By columns and exactness. Few shapes are usual; many would cost a statement each, so they share the widest.
  std::map<std::pair<bool, std::vector<uint16_t>>, std::vector<TableBatch::Item>> updates;
  for (const KeyEffect& e : table.effects) {
    switch (e.net) {
      case Net::kNothing:
        break;
      case Net::kInsert:
        inserts.push_back({{}, e.after});
        break;
      case Net::kUpsert:
        upserts.push_back({{}, e.after});
        break;
      case Net::kDelete:
        removed.push_back({e.before, {}});
        break;
      case Net::kLooseDelete:
        loosely_removed.push_back({e.before, {}});
        break;
      case Net::kReplace:
      case Net::kUpdate:
      case Net::kLooseUpdate: {
        std::vector<uint16_t> columns = changed_columns(*table.table, e.before, e.after);
        if (!columns.empty()) updates[{e.net != Net::kLooseUpdate, std::move(columns)}].push_back({e.before, e.after});
        break;
      }
    }
  }
  if (deletes) {
    emit(table.table, BatchOp::kDelete, {}, true, std::move(removed));
    emit(table.table, BatchOp::kDelete, {}, false, std::move(loosely_removed));
    return;
  }
  emit(table.table, BatchOp::kInsert, written_columns(*table.table), true, std::move(inserts));
  emit(table.table, BatchOp::kUpsert, written_columns(*table.table), false, std::move(upserts));
  for (auto& [shape, rows] : updates) emit(table.table, BatchOp::kUpdate, shape.second, shape.first, std::move(rows));
}

void Coalescer::flush_tables() {
  std::vector<TargetTableRef> refs;
  for (const TableEffects& t : tables_) refs.push_back(t.table);
  const std::vector<size_t> order = parents_first(refs);
  // Where unique values may wander from a deleted row to a new one the deletes go first; elsewhere last, so that children
  // can let go of a parent before it goes.
  const auto deletes_first = [&](size_t i) { return tables_[i].table->unique_keys.size() > 1; };
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    if (deletes_first(*i)) emit_table(tables_[*i], true);
  }
  for (const size_t i : order) {
    emit_in_order(tables_[i].ordered);
    emit_table(tables_[i], false);
  }
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    if (!deletes_first(*i)) emit_table(tables_[*i], true);
  }
  tables_.clear();
  by_table_.clear();
}

}  // namespace

std::vector<size_t> parents_first(const std::vector<TargetTableRef>& tables) {
  std::map<TableName, size_t> index;
  for (size_t i = 0; i < tables.size(); ++i) index[tables[i]->name] = i;
  std::vector<size_t> order;
  std::vector<uint8_t> seen(tables.size(), 0);
  const std::function<void(size_t)> visit = [&](size_t i) {
    if (seen[i] != 0) return;
    seen[i] = 1;
    for (const ForeignKey& fk : tables[i]->foreign_keys) {
      if (const auto parent = index.find(fk.parent); parent != index.end()) visit(parent->second);
    }
    order.push_back(i);
  };
  for (size_t i = 0; i < tables.size(); ++i) visit(i);
  return order;
}

void coalesce(const std::vector<ApplyItem>& items, Plan& plan, bool merge_masks) {
  Coalescer coalescer(plan, merge_masks);
  for (const ApplyItem& item : items) coalescer.add(item);
  coalescer.flush();
}

}  // namespace weft
