// SPDX-License-Identifier: Apache-2.0
#include "apply/split.h"

#include <algorithm>
#include <iterator>

namespace weft {

std::vector<std::shared_ptr<Ticket>> split_by_transaction(const Ticket& ticket) {
  std::vector<std::shared_ptr<Ticket>> parts;
  if (ticket.copy_table || !ticket.first || !ticket.last || ticket.bounds.size() < 2) return parts;
  size_t begin = 0;
  for (const Ticket::Bound& bound : ticket.bounds) {
    auto part = std::make_shared<Ticket>();
    part->number = ticket.number + parts.size();
    part->items.assign(ticket.items.begin() + static_cast<ptrdiff_t>(begin),
                       ticket.items.begin() + static_cast<ptrdiff_t>(bound.items));
    part->bounds = {{bound.items - begin, bound.batch, bound.tx, bound.sequence}};
    part->mode = ApplyMode::kRows;
    part->alone = true;
    part->relax_foreign_keys = ticket.relax_foreign_keys;
    part->may_park = ticket.may_park;
    part->origin = ticket.origin;
    part->ahead = ticket.ahead;
    part->acts_there = ticket.acts_there;
    part->acts_in_log = ticket.acts_in_log;
    part->keep = ticket.keep;
    part->transactions = 1;
    part->end = ticket.end;
    part->end.sequence = bound.sequence;
    part->end.position = bound.batch->position(*bound.tx);
    const size_t index = parts.size();
    std::copy_if(ticket.prepared.begin(),
                 ticket.prepared.end(),
                 std::back_inserter(part->prepared),
                 [&](const Ticket::Prepared& p) { return p.bound == index; });
    for (Ticket::Prepared& p : part->prepared) p.bound = 0;
    if (bound.tx->commit_us != 0) part->end.source_time_us = bound.tx->commit_us;
    begin = bound.items;
    parts.push_back(std::move(part));
  }
  // Schema versions are known before the first row; table states speak of the end.
  parts.front()->schemas = ticket.schemas;
  parts.front()->letter_steps = ticket.letter_steps;
  Ticket& last = *parts.back();
  last.states = ticket.states;
  last.counts = ticket.counts;
  last.end = ticket.end;
  last.bytes = ticket.bytes;
  return parts;
}

}  // namespace weft
