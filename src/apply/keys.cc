// SPDX-License-Identifier: Apache-2.0
#include "apply/keys.h"

#include <algorithm>
#include <functional>

namespace weft {
namespace {

uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9fb21c651e98df25ULL;
  return h ^ (h >> 29);
}

uint64_t name_hash(const TableName& name) {
  return mix(std::hash<std::string>{}(name.schema), std::hash<std::string>{}(name.table));
}

// The hash of a table's columns with these values; nothing when a value is NULL or unknown (then it can't collide, or the
// database's own unique check decides).
template <class Columns, class NameOf>
bool key_hash(const TableName& table, const Columns& columns, Row row, NameOf name_of, uint64_t& out) {
  if (row.empty()) return false;
  uint64_t h = name_hash(table);
  for (const uint16_t i : columns) {
    if (row[i].is_null() || row[i].is_unchanged()) return false;
    h = mix(h, std::hash<std::string>{}(name_of(i)));
    h = mix(h, row[i].hash());
  }
  out = h;
  return true;
}

}  // namespace

void add_dependencies(const ApplyItem& item, Ticket& ticket) {
  const TargetTable& table = *item.table;
  // Which rows of children an action changes is not known here.
  const bool acts = item.what == ApplyItem::What::kKeyActions || item.keep_children || item.in_order;
  if (acts || item.what == ApplyItem::What::kTruncate || table.coarse_keys) {
    ticket.alone = true;
    return;
  }
  if (table.source->keyless()) ticket.writes.push_back(name_hash(table.name));
  const auto own_name = [&](uint16_t i) -> const std::string& { return table.columns[i].name; };
  uint64_t h = 0;
  for (const std::vector<uint16_t>& unique : table.unique_keys) {
    if (key_hash(table.name, unique, item.before, own_name, h)) ticket.writes.push_back(h);
    if (key_hash(table.name, unique, item.after, own_name, h)) ticket.writes.push_back(h);
  }
  for (const ForeignKey& fk : table.foreign_keys) {
    const auto parent_name = [&](uint16_t i) -> const std::string& {
      const auto at = std::find(fk.columns.begin(), fk.columns.end(), i);
      return fk.parent_columns[static_cast<size_t>(at - fk.columns.begin())];
    };
    if (key_hash(fk.parent, fk.columns, item.after, parent_name, h)) ticket.reads.push_back(h);
    if (key_hash(fk.parent, fk.columns, item.before, parent_name, h)) ticket.reads.push_back(h);
  }
}

void seal_dependencies(Ticket& ticket) {
  for (std::vector<uint64_t>* hashes : {&ticket.writes, &ticket.reads}) {
    std::sort(hashes->begin(), hashes->end());
    hashes->erase(std::unique(hashes->begin(), hashes->end()), hashes->end());
  }
}

namespace {

bool meet(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  const std::vector<uint64_t>& small = a.size() < b.size() ? a : b;
  const std::vector<uint64_t>& large = a.size() < b.size() ? b : a;
  return std::any_of(
      small.begin(), small.end(), [&](uint64_t h) { return std::binary_search(large.begin(), large.end(), h); });
}

}  // namespace

bool conflict(const Ticket& a, const Ticket& b) {
  if (a.alone || b.alone) return true;
  if (a.copy_table || b.copy_table) {
    // Copies go beside copies of other ranges; beside changes they would need to know the ranges.
    return !(a.copy_table && b.copy_table);
  }
  return meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes);
}

}  // namespace weft
