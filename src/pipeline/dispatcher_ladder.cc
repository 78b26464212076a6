// SPDX-License-Identifier: Apache-2.0
// The ladder of a ticket that failed, and what rows with dead letters do to tickets.
#include <limits>

#include "apply/parking.h"
#include "apply/split.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/cycle.h"
#include "pipeline/dispatcher.h"

namespace weft {
namespace {

// Which errors of copied rows a later view of them would not see.
bool stays(const Error& error) {
  return !error.code().starts_with(kIntegrityClass) || error.code() == kNotNullViolation ||
         error.code() == kCheckViolation;
}

}  // namespace

Result<bool> Dispatcher::park(Ticket& ticket, const Error& error) {
  CycleMemory& memory = *p_.options.memory;
  if (!ticket.may_park || !is_of_the_row(error) || !p_.options.guards.ladder) return false;
  const bool parking = ticket.mode == ApplyMode::kParking;
  const bool at_commit = parking && !ticket.check_now;
  if (parking && !at_commit) return false;
  if (!ticket.first || !ticket.last) {
    (at_commit ? memory.check_constraints_now : memory.parking) = true;
    return Error(Blame::kTransient,
                 cat("a huge transaction goes again, without the rows that can't be applied: ", error.message()),
                 std::string(kLookAgain));
  }
  if ((ticket.copy_table || ticket.copied_keys) && !stays(error) && !memory.park_copies) return false;
  ticket.check_now = at_commit;
  ticket.mode = ApplyMode::kParking;
  return true;
}

// The front ticket failed: everything behind it rolls back, then it goes again, alone and more carefully.
Status Dispatcher::retry(Error error) {
  const std::shared_ptr<Ticket> ticket = in_flight_.front().ticket;
  const bool fragment = !ticket->first || !ticket->last;
  if (fragment && ticket->mode < ApplyMode::kRows) {
    // Its earlier fragments are gone with the transaction: the next cycle reads it again and goes row by row.
    p_.options.memory->one_by_one = true;
    return Error(
        Blame::kTransient, cat("a huge transaction goes again row by row: ", error.message()), std::string(kLookAgain));
  }
  if (fragment && error.code() == kForeignKeyViolation && ticket->ahead && !ticket->relax_foreign_keys) {
    p_.options.memory->relax_foreign_keys = true;
    return Error(Blame::kTransient,
                 cat("a huge transaction goes again beside rows that are ahead of it: ", error.message()),
                 std::string(kLookAgain));
  }
  const bool divisible = !ticket->copy_table && !fragment && ticket->bounds.size() > 1;
  // Rows read ahead of the stream may hold on to a parent that goes and comes again before the stream reaches them.
  // And where the log has what keys did at the source, it may have it in front of the change that set them off.
  const bool in_log = ticket->acts_in_log && !ticket->acts_there;
  const bool relax =
      error.code() == kForeignKeyViolation && !ticket->relax_foreign_keys && !fragment && (ticket->ahead || in_log);
  const bool careful = ticket->mode >= ApplyMode::kRows && !divisible && !relax;
  const bool last_step = careful || ticket->copy_table || fragment;
  bool parks = false;
  if (last_step) {
    TRY_ASSIGN(parks, park(*ticket, error));
  }
  if ((last_step && !parks) || !p_.options.guards.ladder) {
    const std::string where = cat("after position ", committed().position.text());
    const bool constraint = error.code().starts_with(kIntegrityClass);
    // Rows read ahead of the stream may need a row that is not there yet, or a value that is not free yet: a later view
    // of them does not.
    if ((ticket->copy_table || ticket->copied_keys) && constraint) {
      return Error(Blame::kTransient, error.message(), std::string(kCopyConflict)).with(where);
    }
    if (error.blame() != Blame::kConflict) return error.with(where);
    // Alone and in order, a missing parent is the data's fault; a lock is held by a stranger, or by a session that a killed
    // process left behind: it goes away.
    return Error(constraint ? Blame::kData : Blame::kTransient, error.message(), error.code()).with(where);
  }
  log_debug(cat("retrying a group ",
                parks                              ? "without what can't be applied: "
                : ticket->mode == ApplyMode::kRows ? "transaction by transaction: "
                                                   : "row by row: ",
                error.message()));
  ticket->relax_foreign_keys = ticket->relax_foreign_keys || (relax && ticket->mode >= ApplyMode::kRows && !divisible);
  p_.order.change([&](CommitState& s) { s.abort_from = ticket->number + 1; });
  mending_ = true;
  return ok();
}

Result<bool> Dispatcher::mend() {
  // Lanes behind the failed one finish preparing and roll back.
  while (in_flight_.size() > 1) {
    Lane& lane = *p_.lanes[in_flight_.back().lane];
    if (lane.state() != Lane::State::kFailed) return false;
    requeue_.push_front(lane.take());
    in_flight_.pop_back();
  }
  const Flight failed = in_flight_.front();
  Lane& lane = *p_.lanes[failed.lane];
  std::shared_ptr<Ticket> ticket = lane.take();
  p_.order.change([](CommitState& s) { s.abort_from = std::numeric_limits<uint64_t>::max(); });
  mending_ = false;
  if (ticket->mode == ApplyMode::kRows) {
    std::vector<std::shared_ptr<Ticket>> parts = split_by_transaction(*ticket);
    if (!parts.empty()) {
      in_flight_.pop_front();
      requeue_parts(std::move(parts));
      return true;
    }
  }
  if (ticket->mode != ApplyMode::kParking) ticket->mode = ApplyMode::kRows;
  ticket->alone = true;
  lane.give(std::move(ticket));
  return true;
}

void Dispatcher::requeue_parts(std::vector<std::shared_ptr<Ticket>> parts) {
  CHECK(!parts.empty());
  const uint64_t more = parts.size() - 1;
  for (const std::shared_ptr<Ticket>& ticket : requeue_) ticket->number += more;
  if (formed_) formed_->number += more;
  next_number_ += more;
  requeue_.insert(requeue_.begin(), parts.begin(), parts.end());
}

bool Dispatcher::mind_letters(std::shared_ptr<Ticket>& ticket) {
  if (ticket->letters_minded == p_.parked.generation() || !p_.options.guards.letters_first) return false;
  ticket->letters_minded = p_.parked.generation();
  if (ticket->copy_table || ticket->mode == ApplyMode::kParking || !p_.parked.touches(*ticket)) return false;
  std::vector<std::shared_ptr<Ticket>> parts = split_by_transaction(*ticket);
  if (parts.empty()) {
    ticket->mode = ApplyMode::kParking;
    ticket->alone = true;
    return false;
  }
  ticket.reset();
  requeue_parts(std::move(parts));
  return true;
}

}  // namespace weft
