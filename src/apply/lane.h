// SPDX-License-Identifier: Apache-2.0
// Lane: one target session that prepares tickets beside other lanes and commits them in ticket order (hard case 8).
// CommitOrder: whose turn it is, and the progress that the next commit compares with.
//
//   dispatcher thread: lane.give(ticket); ... switch (lane.state()) ...; ticket = lane.take();
//   lane thread:       loop lane.step(wait)
//
// States: idle -> given -> prepared -> committed, or failed. A lane whose ticket is at or after CommitOrder::abort_from
// rolls back instead of committing and becomes failed with code kAborted. Keeps I3 and I4.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "apply/plan.h"
#include "apply/ticket.h"
#include "apply/touched_keys.h"
#include "base/guarded.h"

namespace weft {

inline constexpr std::string_view kAborted = "aborted";  // kCancelled: rolled back to let an earlier ticket pass

// What actors wait on: anyone who changed something that another may wait for rings it.
using Bell = Guarded<uint64_t>;

inline void ring(Bell& bell) {
  bell.change([](uint64_t& n) { ++n; });
}

struct CommitState {
  uint64_t next = 1;  // the ticket number whose turn it is
  uint64_t abort_from = std::numeric_limits<uint64_t>::max();
  Progress current;        // what the next commit compares with
  bool unordered = false;  // simulation only: the guard of I3 taken out
};

using CommitOrder = Guarded<CommitState>;

struct LaneHooks {
  std::function<void(std::string_view)> at_point;  // crash points
  bool count_affected = true;                      // guard of I10
  bool only_lane = false;                          // nobody to give way to: wait for locks
  bool merge_masks = true;                         // guard of hard case 2
  std::string source = {};                         // identity, for the chain of origins
  bool keep_keys = false;                          // the target keeps which rows a transaction changed
};

class Lane {
 public:
  enum class State : uint8_t { kIdle, kGiven, kPrepared, kCommitted, kFailed };

  Lane(std::unique_ptr<TargetSession> session, CommitOrder& order, Bell& bell, LaneHooks hooks);

  // Dispatcher's side.
  [[nodiscard]] State state() const;
  // REQUIRES: state() is kIdle. `continues`: the session holds the open transaction of the ticket's earlier fragments.
  void give(std::shared_ptr<Ticket> ticket);
  // The finished ticket; the lane is idle again. REQUIRES: kCommitted or kFailed, or kPrepared of an unfinished huge one.
  [[nodiscard]] std::shared_ptr<Ticket> take();
  [[nodiscard]] std::optional<Error> error() const;

  // Lane's side: true if something was done.
  bool step(Duration wait);

 private:
  struct Shared {
    State state = State::kIdle;
    std::shared_ptr<Ticket> ticket;
    std::optional<Error> error;
  };

  Status prepare(Ticket& ticket);
  Status prepare_items(Ticket& ticket);
  Status commit(Ticket& ticket);
  void point(std::string_view name);
  void finish(Status status, State state);

  std::unique_ptr<TargetSession> session_;
  CommitOrder& order_;
  Bell& bell_;
  LaneHooks hooks_;
  Guarded<Shared> shared_;
  TouchedKeys touched_;  // of the open transaction
};

}  // namespace weft
