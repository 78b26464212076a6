// SPDX-License-Identifier: Apache-2.0
// Dispatcher: gives tickets to lanes, keeps their commit order, walks the ladder when one fails, and tells the source what
// the target has flushed. One thread steps it:
//
//   collect finished tickets (in order) -> mend a failed one alone -> admit -> give to idle lanes -> acknowledge
//
// Ladder (hard case 9): a ticket that fails on its data or on a lock is retried alone after everything before it is
// committed: row by row in source order, then a transaction at a time; what fails then is an error, or by policy is parked
// (apply/parking.h). A ticket about rows of which dead letters wait goes that way from the start. Keeps I1 and I3.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "apply/lane.h"
#include "pipeline/admission.h"
#include "pipeline/parked.h"
#include "pipeline/status.h"

namespace weft {

// What status calls the lane of this index.
[[nodiscard]] std::string lane_name(size_t lane);

class Dispatcher {
 public:
  struct Parts {
    const PipelineOptions& options;
    Source& source;
    Target& target;
    Journal& journal;
    Admission& admission;
    Merge& merge;
    CommitOrder& order;
    StatusBoard& board;
    Clock& clock;
    ParkedKeys& parked;
    std::vector<Lane*> lanes;
  };

  explicit Dispatcher(Parts parts);

  // True if anything moved. `admit`: false while draining.
  [[nodiscard]] Result<bool> step(bool admit);

  // Nothing is in flight and nothing formed waits.
  [[nodiscard]] bool quiet() const { return in_flight_.empty() && requeue_.empty(); }

  // Whether everything admitted is committed, progress included.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] Progress committed() const;

  // A commit happened in this cycle.
  [[nodiscard]] bool moved() const { return commits_ > 0; }

  // Writes what progress is pending without effect (before a clean stop); true when nothing is left to write.
  [[nodiscard]] Result<bool> flush_progress();
  // What lanes have not committed yet, in words: "lane-0 (2 changes of shop.t)"; empty if there is nothing. Any thread.
  [[nodiscard]] std::string under_way() const;
  // Called about once a second and at the end: lease, acknowledgement.
  Status housekeeping(bool last);

 private:
  struct Flight {
    size_t lane = 0;
    std::shared_ptr<Ticket> ticket;
    SteadyTime given;
  };

  [[nodiscard]] Result<bool> collect();
  [[nodiscard]] Result<bool> mend();
  // Puts the parts of a failed ticket before everything that was rolled back or formed behind it.
  void requeue_parts(std::vector<std::shared_ptr<Ticket>> parts);
  Status retry(Error error);
  // The last step of the ladder, if this error of this ticket leads there. An error ends the cycle: it goes on there.
  [[nodiscard]] Result<bool> park(Ticket& ticket, const Error& error);
  // True: the ticket was divided, and its parts wait in requeue_.
  [[nodiscard]] bool mind_letters(std::shared_ptr<Ticket>& ticket);
  Status refresh_letters();
  bool give(std::shared_ptr<Ticket>& ticket);
  std::optional<size_t> idle_lane() const;
  Result<bool> dispatch(bool admit);
  Status committed_one(const Ticket& ticket);
  void publish(const Ticket& ticket);
  // Says what the first lane in commit order waits for, when it has for too long.
  void tell_wait();
  void refresh_tables();
  // What may be acknowledged now, if anything more than before.
  [[nodiscard]] Result<std::optional<Position>> acknowledgeable();

  // A copy of in_flight_ for under_way().
  void show_flights() {
    shown_.with([&](std::deque<Flight>& shown) { shown = in_flight_; });
  }

  Parts p_;
  Guarded<std::deque<Flight>> shown_;
  std::deque<Flight> in_flight_;                 // in ticket order
  std::deque<std::shared_ptr<Ticket>> requeue_;  // rolled back for an earlier one; go before anything new
  std::shared_ptr<Ticket> formed_;               // has its number, waits for a lane
  uint64_t next_number_ = 1;
  std::optional<size_t> open_lane_;  // holds the open transaction of a huge one
  bool mending_ = false;
  uint64_t commits_ = 0;
  SteadyTime housekeeping_at_;
  SteadyTime progress_at_;

  struct Unflushed {
    uint64_t version = 0;
    Position position;
    Sequence sequence;
  };

  std::deque<Unflushed> unflushed_;  // committed, not yet known to be flushed
  std::string acknowledged_;         // last, out of a journal that keeps
  std::vector<TableCounts> parked_;  // counted as changes, and not applied
};

}  // namespace weft
