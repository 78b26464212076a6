// SPDX-License-Identifier: Apache-2.0
// Dependencies between tickets: hashes of every unique key that a ticket changes (old and new values) and of every
// foreign-key parent it needs. Two tickets may be in flight together only if neither writes what the other touches. Equal
// keys have equal hashes; a collision costs parallelism, never correctness. Pure.
#pragma once

#include "apply/ticket.h"

namespace weft {

// Adds the item's hashes to ticket.writes and ticket.reads, or sets ticket.alone where equality is not known.
void add_dependencies(const ApplyItem& item, Ticket& ticket);

// Sorts the hashes; call once after the last add_dependencies.
void seal_dependencies(Ticket& ticket);

// REQUIRES: both sealed.
[[nodiscard]] bool conflict(const Ticket& a, const Ticket& b);

}  // namespace weft
