// SPDX-License-Identifier: Apache-2.0
// split_by_transaction: the last but one step of the ladder. A ticket of many source transactions that fails even row by
// row goes again as one ticket per source transaction, so that everything before the one that can't be applied is applied.
// Pure.
#pragma once

#include <memory>
#include <vector>

#include "apply/ticket.h"

namespace weft {

// One ticket per source transaction, in order, row by row and alone, numbered from ticket.number on; the last one ends
// where `ticket` ends. Empty when there is nothing to split: a copied chunk, a fragment, a single transaction.
[[nodiscard]] std::vector<std::shared_ptr<Ticket>> split_by_transaction(const Ticket& ticket);

}  // namespace weft
