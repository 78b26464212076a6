// SPDX-License-Identifier: Apache-2.0
#include "snapshot/judge.h"

#include <algorithm>

namespace weft {
namespace {

using Fate = Verdict::Fate;

Verdict judge_update(const RowChange& change, Presence present, bool loose) {
  const OwnedRow after = key_after(change);
  const bool moves = !same_values(key_of(*change.schema, change.before).row(), after.row());
  const bool full = full_after(change);
  const Fate fate = loose ? Fate::kLoose : Fate::kExact;
  if (!moves) {
    if (!present.before) return {Fate::kDrop, Op::kUpdate, false};
    if (!loose) return {Fate::kExact, Op::kUpdate, false};
    if (full) return {Fate::kLoose, Op::kInsert, false};  // an upsert
    return {Fate::kLoose, Op::kUpdate, false};
  }
  if (!present.before && !present.after) return {Fate::kDrop, Op::kUpdate, false};
  if (!present.after) return {fate, Op::kDelete, false};
  if (present.before && !loose) return {Fate::kExact, Op::kUpdate, false};
  if (full) return {fate, Op::kInsert, present.before};
  return {Fate::kHole, Op::kDelete, present.before};
}

}  // namespace

OwnedRow key_after(const RowChange& change) {
  std::vector<Value> key;
  for (const uint16_t i : change.schema->key) {
    const bool known = !change.after.empty() && !change.after[i].is_unchanged();
    key.push_back(known || change.before.empty() ? change.after[i] : change.before[i]);
  }
  return OwnedRow(key);
}

bool full_after(const RowChange& change) {
  return std::none_of(change.after.begin(), change.after.end(), [](const Value& v) { return v.is_unchanged(); });
}

Verdict judge_change(const RowChange& change, Presence present, bool loose) {
  const Fate fate = loose ? Fate::kLoose : Fate::kExact;
  switch (change.op) {
    case Op::kInsert:
      return {present.after ? fate : Fate::kDrop, Op::kInsert, false};
    case Op::kDelete:
      return {present.before ? fate : Fate::kDrop, Op::kDelete, false};
    case Op::kUpdate:
      return judge_update(change, present, loose);
  }
  return {};
}

}  // namespace weft
