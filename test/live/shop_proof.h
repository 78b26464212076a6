// SPDX-License-Identifier: Apache-2.0
// What proves of a shop's target that each source transaction took effect exactly once: its ledger, and the journal that its
// triggers keep (create_shop_target).
//
//   const std::string since = audit_end(rig);     // the target is consistent
//   EXPECT_TRUE(ledger_reaches(rig, weft, rig.source->value("SELECT n FROM shop.ledger_head"), [] {}));
//   EXPECT_EQ(audit_breaches(rig, since), "");
#pragma once

#include <functional>
#include <string>

#include "live/rig.h"

namespace weft::live {

// Waits until the target's ledger holds entry `head`. The load may be more than both servers and weft can do on this
// machine: as long as the target moves, it is waited for. False when it stands still or weft has ended. `meanwhile` is called
// with each look.
[[nodiscard]] bool ledger_reaches(const Rig& rig,
                                  WeftProcess& weft,
                                  const std::string& head,
                                  const std::function<void()>& meanwhile);

// The last entry of the audit.
[[nodiscard]] std::string audit_end(const Rig& rig);

// Entries behind `since` by which an update of a stock row or a ledger entry was applied twice, not at all, or out of order;
// empty when there are none. REQUIRES: both tables were consistent from there on.
[[nodiscard]] std::string audit_breaches(const Rig& rig, const std::string& since);

}  // namespace weft::live
