// SPDX-License-Identifier: Apache-2.0
#include "pipeline/parked.h"

#include <algorithm>
#include <set>

namespace weft {
namespace {

using What = ApplyItem::What;

// Of a key inside a row: the same as of the key alone.
uint64_t key_hash(const TableSchema& schema, Row row) {
  if (schema.keyless()) return hash_values(row);
  std::vector<Value> key;
  key.reserve(schema.key.size());
  for (const uint16_t column : schema.key) key.push_back(row[column]);
  return hash_values(key);
}

}  // namespace

Status ParkedKeys::add_key(const std::string& table, const std::string& key) {
  Keys& keys = tables_[table];  // also without a key: the table has letters
  if (key.empty()) return ok();
  TRY_ASSIGN(const OwnedRow row, decode_key(key));
  keys.insert(hash_values(row.row()));
  return ok();
}

Status ParkedKeys::know(const std::vector<HeldTable>& held) {
  for (const HeldTable& table : held) {
    letters_[table.table] = table.letters;
    tables_[table.table];
    for (const std::string& key : table.keys) TRY(add_key(table.table, key));
  }
  if (!held.empty()) ++generation_;
  return ok();
}

Status ParkedKeys::add(const std::vector<DeadLetterStep>& steps) {
  for (const DeadLetterStep& step : steps) {
    if (step.what != DeadLetterStep::What::kPark) continue;
    TRY(add_key(step.letter.table, step.letter.key));
    if (!step.letter.new_key.empty()) TRY(add_key(step.letter.table, step.letter.new_key));
    ++letters_[step.letter.table];
    ++generation_;
  }
  return ok();
}

void ParkedKeys::settle(const std::map<std::string, uint64_t>& counts) {
  std::erase_if(tables_, [&](const auto& table) { return !counts.contains(table.first); });
  letters_ = counts;
}

const ParkedKeys::Keys* ParkedKeys::of(const TargetTable& table) const {
  const auto at = tables_.find(table.source->name.text());
  return at == tables_.end() ? nullptr : &at->second;
}

// Any table that the actions reach has letters.
bool ParkedKeys::reaches(const ApplyItem& actions) const {
  std::set<TableName> seen;
  std::vector<TableName> open{actions.table->name};
  while (!open.empty()) {
    const auto keys = actions.keys->find(open.back());
    open.pop_back();
    if (keys == actions.keys->end()) continue;
    for (const ActingKey& key : keys->second) {
      if (of(*key.child) != nullptr) return true;
      if (seen.insert(key.child->name).second) open.push_back(key.child->name);
    }
  }
  return false;
}

bool ParkedKeys::touches_item(const ApplyItem& item, const Keys& keys) const {
  if (item.what == What::kTruncate) return true;
  const TableSchema& schema = *item.table->source;
  const bool before = item.what != What::kInsert && (schema.keyless() || has_key(schema, item.before));
  if (before && keys.contains(key_hash(schema, item.before))) return true;
  const bool after = item.what != What::kDelete && !schema.keyless() && has_key(schema, item.after);
  return after && keys.contains(key_hash(schema, item.after));
}

bool ParkedKeys::touches(const Ticket& ticket) const {
  if (empty()) return false;
  const TargetTable* last = nullptr;
  const Keys* keys = nullptr;
  return std::any_of(ticket.items.begin(), ticket.items.end(), [&](const ApplyItem& item) {
    if (item.keys != nullptr && reaches(item)) return true;
    if (item.what == What::kKeyActions) return false;
    if (item.table.get() != last) keys = of(*(last = item.table.get()));
    return keys != nullptr && touches_item(item, *keys);
  });
}

}  // namespace weft
