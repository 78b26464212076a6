// SPDX-License-Identifier: Apache-2.0
// Rows of a copied table as batches. Pure; the rows stay with the ticket.
#pragma once

#include <span>

#include "apply/ticket.h"

namespace weft {

// Adds the batches that put these rows of the ticket's table in, after what has to give way for them.
void add_copy(const Ticket& ticket, std::span<const Row> rows, Group& group);

}  // namespace weft
