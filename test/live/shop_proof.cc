// SPDX-License-Identifier: Apache-2.0
#include "live/shop_proof.h"

#include "base/text.h"

namespace weft::live {

using namespace std::chrono_literals;

bool ledger_reaches(const Rig& rig,
                    WeftProcess& weft,
                    const std::string& head,
                    const std::function<void()>& meanwhile) {
  auto session = rig.target_session();
  std::string reached;
  bool there = false;
  for (bool moved = true; moved && !there && weft.running();) {
    moved = support::wait_until(support::deadline_in(90s), [&] {
      meanwhile();
      const auto rows = session.query(cat("SELECT n, n >= ", head, " FROM ledger_head"));
      const std::string before = reached;
      if (!rows.empty()) reached = rows.at(0).at(0).value_or("");
      there = !rows.empty() && rows.at(0).at(1) == "t";
      return there || reached != before || !weft.running();
    });
  }
  return there;
}

std::string audit_end(const Rig& rig) {
  return rig.at_target("SELECT coalesce(max(at), 0) FROM audit");
}

std::string audit_breaches(const Rig& rig, const std::string& since) {
  return rig.at_target(cat("SELECT what, op, key, was, now, tx FROM audit WHERE at > ",
                           since,
                           " AND ((what = 'stock' AND now IS DISTINCT FROM was + 1) OR (what = 'ledger' AND op <> "
                           "'INSERT')) LIMIT 5")) +
         rig.at_target(cat("SELECT what, key, now, count(*) FROM audit WHERE at > ",
                           since,
                           " GROUP BY 1, 2, 3 HAVING count(*) > 1 LIMIT 5"));
}

}  // namespace weft::live
