// SPDX-License-Identifier: Apache-2.0
// Foreign-key actions that are not in the log (hard case 7): in front of the change that sets them off goes an item that
// carries them out at the target. Views of copied child tables are exact (TableReader::begin), so at its place in the stream
// the target has just the rows of children that the source had there, as far as they are copied: what is copied later has the
// actions in it.
#include <algorithm>

#include "base/text.h"
#include "pipeline/admission.h"

namespace weft {

// The shape, foreign keys included, goes with the progress that passes it, as the table's next version.
void Admission::keep_version(const SchemaRef& schema) {
  const auto known =
      std::find_if(known_.begin(), known_.end(), [&](const SchemaRef& k) { return k->name == schema->name; });
  if (known != known_.end() && same_shape(**known, *schema) && (*known)->foreign_keys == schema->foreign_keys) return;
  auto next = std::make_shared<TableSchema>(*schema);
  next->version = known == known_.end() ? 1 : (*known)->version + 1;
  if (known == known_.end()) {
    known_.push_back(next);
  } else {
    *known = next;
  }
  open_ticket().schemas.push_back(std::move(next));
}

// Of the ticket's items from this one on.
void Admission::note_keys(const TargetTable& table, size_t first) {
  const std::shared_ptr<const ActingKeys>& keys = actions_.keys();
  if (!keys || !keys->contains(table.name)) return;
  Ticket& ticket = open_ticket();
  for (size_t i = first; i < ticket.items.size(); ++i) ticket.items[i].keys = keys.get();
  if (ticket.keep.empty() || ticket.keep.back() != keys) ticket.keep.push_back(keys);
}

Status Admission::learn_tables(const std::vector<TargetTableRef>& tables) {
  opened_ = tables;
  TRY_ASSIGN(actions_, KeyActions::build(tables));
  return ok();
}

// Whether the actions may have reached the changed row itself. `leads`: the change itself follows.
Result<bool> Admission::add_key_actions(const RowChange& change, const TargetTableRef& table, bool leads) {
  if (!options_.guards.key_actions) return false;
  Result<bool> off = actions_.sets_off(change, *table, copying_);
  if (!off) {
    return std::move(off).error().with(cat("the transaction at position ", batch_->position(*next_).text()));
  }
  if (!*off) return false;
  ApplyItem item{table, ApplyItem::What::kKeyActions, Expect::kLoose, change.before, change.after};
  item.keys = actions_.keys().get();
  item.leads = leads;
  add_item(item);
  Ticket& ticket = open_ticket();
  if (ticket.keep.empty() || ticket.keep.back() != actions_.keys()) ticket.keep.push_back(actions_.keys());
  return actions_.circular(*table);
}

}  // namespace weft
