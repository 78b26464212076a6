// SPDX-License-Identifier: Apache-2.0
// What the two halves of TargetServer share: iteration over the rows that one transaction sees. Include only there.
#pragma once

#include <algorithm>

#include "sim/target_server.h"

namespace weft::sim {

// Visits committed rows under the transaction's own changes, until `visit` gives true.
template <class F>
void TargetServer::each_row(const OpenTx& tx, TableId table, F&& visit) const {
  const auto& overlay = tx.overlay[table];
  if (!tx.exclusive[table]) {
    for (const StoredRow& stored : *newest().tables[table]) {
      const auto changed = overlay.find(stored.id);
      if (changed == overlay.end() ? visit(stored) : changed->second && visit(StoredRow{stored.id, changed->second}))
        return;
    }
  }
  for (const auto& [id, row] : overlay) {
    if (!row) continue;
    const bool seen =
        !tx.exclusive[table] && std::any_of(newest().tables[table]->begin(),
                                            newest().tables[table]->end(),
                                            [id = id](const StoredRow& stored) { return stored.id == id; });
    if (!seen && visit(StoredRow{id, row})) return;
  }
}

}  // namespace weft::sim
