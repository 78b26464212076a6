// SPDX-License-Identifier: Apache-2.0
#include "pipeline/dispatcher.h"

#include <algorithm>

#include "apply/keys.h"
#include "apply/split.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/cycle.h"

namespace weft {
namespace {

constexpr Duration kHousekeeping = std::chrono::seconds(1);
constexpr Duration kLongWait = std::chrono::seconds(3);  // for one group
constexpr size_t kUnflushedLimit = 4096;
constexpr std::string_view kForeignKey = "23503";   // SQLSTATE
constexpr std::string_view kIntegrityClass = "23";  // SQLSTATE: a constraint, not a lock

bool retriable(const Error& error) {
  return error.blame() == Blame::kData || error.blame() == Blame::kConflict;
}

std::string contents_of(const Ticket& ticket) {
  if (ticket.copy_table)
    return cat(ticket.copy_rows.size(), " copied rows of ", ticket.copy_table->source->name.text());
  std::string text;
  for (const TableCounts& c : ticket.counts) {
    text += cat(text.empty() ? "" : ", ", c.inserts + c.updates + c.deletes, " changes of ", c.table.text());
  }
  return text.empty() ? "progress alone" : text;
}

}  // namespace

std::string lane_name(size_t lane) {
  return cat("lane-", lane);
}

Dispatcher::Dispatcher(Parts parts)
    : p_(std::move(parts)), housekeeping_at_(p_.clock.now() + kHousekeeping), progress_at_(p_.clock.now()) {
  // What the journal began behind may be in the target alone, and not yet flushed there.
  const Progress now = committed();
  if (p_.journal.keeps()) unflushed_.push_back({now.version, now.position, now.sequence});
}

Progress Dispatcher::committed() const {
  return p_.order.with([](const CommitState& s) { return s.current; });
}

bool Dispatcher::settled() const {
  return quiet() && !formed_ && !open_lane_ && !p_.admission.ready(true) && !p_.admission.progress_pending();
}

Result<bool> Dispatcher::step(bool admit) {
  TRY_ASSIGN(bool moved, collect());
  if (mending_) {
    TRY_ASSIGN(const bool mended, mend());
    return moved || mended;
  }
  TRY_ASSIGN(const bool dispatched, dispatch(admit));
  if (moved || dispatched) {
    show_flights();
  } else {
    tell_wait();
  }
  if (p_.clock.now() >= housekeeping_at_) TRY(housekeeping(false));
  return moved || dispatched;
}

// Takes finished tickets off the front, in ticket order.
Result<bool> Dispatcher::collect() {
  bool moved = false;
  while (!in_flight_.empty()) {
    Lane& lane = *p_.lanes[in_flight_.front().lane];
    const Lane::State state = lane.state();
    if (state == Lane::State::kCommitted) {
      const std::shared_ptr<Ticket> ticket = lane.take();
      in_flight_.pop_front();
      if (open_lane_) *p_.options.memory = {};
      open_lane_.reset();
      committed_one(*ticket);
    } else if (state == Lane::State::kPrepared && !in_flight_.front().ticket->last) {
      open_lane_ = in_flight_.front().lane;
      (void)lane.take();
      in_flight_.pop_front();
    } else if (state == Lane::State::kFailed) {
      const Error error = *lane.error();
      if (!retriable(error)) return error;
      TRY(retry(error));
      return true;
    } else {
      return moved;
    }
    moved = true;
  }
  return moved;
}

// The front ticket failed: everything behind it rolls back, then it goes again, alone and more carefully.
Status Dispatcher::retry(Error error) {
  const std::shared_ptr<Ticket> ticket = in_flight_.front().ticket;
  const bool fragment = !ticket->first || !ticket->last;
  if (fragment && ticket->mode != ApplyMode::kRows) {
    // Its earlier fragments are gone with the transaction: the next cycle reads it again and goes row by row.
    p_.options.memory->one_by_one = true;
    return Error(
        Blame::kTransient, cat("a huge transaction goes again row by row: ", error.message()), std::string(kLookAgain));
  }
  if (fragment && error.code() == kForeignKey && ticket->ahead && !ticket->relax_foreign_keys) {
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
      error.code() == kForeignKey && !ticket->relax_foreign_keys && !fragment && (ticket->ahead || in_log);
  const bool careful = ticket->mode == ApplyMode::kRows && !divisible && !relax;
  if (careful || ticket->copy_table || fragment || !p_.options.guards.ladder) {
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
                ticket->mode == ApplyMode::kRows ? "transaction by transaction: " : "row by row: ",
                error.message()));
  ticket->relax_foreign_keys = ticket->relax_foreign_keys || (relax && ticket->mode == ApplyMode::kRows && !divisible);
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
  ticket->mode = ApplyMode::kRows;
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

std::string Dispatcher::under_way() const {
  return shown_.with([](const std::deque<Flight>& flights) {
    std::string text;
    for (const Flight& flight : flights) {
      text += cat(text.empty() ? "" : ", ", lane_name(flight.lane), " (", contents_of(*flight.ticket), ")");
    }
    return text;
  });
}

std::optional<size_t> Dispatcher::idle_lane() const {
  if (open_lane_) return open_lane_;
  for (size_t i = 0; i < p_.lanes.size(); ++i) {
    const bool busy = std::any_of(in_flight_.begin(), in_flight_.end(), [&](const Flight& f) { return f.lane == i; });
    if (!busy) return i;
  }
  return std::nullopt;
}

bool Dispatcher::give(std::shared_ptr<Ticket>& ticket) {
  const auto lane = idle_lane();
  if (!lane) return false;
  for (const Flight& flight : in_flight_) {
    if (conflict(*flight.ticket, *ticket)) return false;
  }
  in_flight_.push_back({*lane, ticket, p_.clock.now()});
  p_.lanes[*lane]->give(std::move(ticket));
  ticket.reset();
  return true;
}

Result<bool> Dispatcher::dispatch(bool admit) {
  while (!requeue_.empty()) {
    if (!give(requeue_.front())) return false;
    requeue_.pop_front();
  }
  bool moved = false;
  while (true) {
    if (formed_) {
      if (!give(formed_)) return moved;
      moved = true;
    }
    if (admit) {
      TRY_ASSIGN(const bool admitted, p_.admission.step(quiet()));
      moved = moved || admitted;
    }
    // A group is whatever arrived while the lanes were busy: it is closed only when one is idle.
    if (!p_.admission.ready(idle_lane().has_value())) break;
    formed_ = p_.admission.take();
    formed_->number = next_number_;
    if (!formed_->last) continue;
    ++next_number_;
    for (TableStateRow& row : p_.merge.take_streaming(formed_->end.position)) formed_->states.push_back(std::move(row));
  }
  if (quiet() && !open_lane_ && !formed_) {
    std::vector<TableStateRow> states = p_.merge.take_streaming(p_.admission.admitted().position);
    const bool due = p_.admission.progress_pending() && p_.clock.now() >= progress_at_;
    if (!states.empty() || due) {
      formed_ = p_.admission.progress_ticket(std::move(states));
      formed_->number = next_number_++;
      moved = true;
    }
  }
  return moved;
}

Result<bool> Dispatcher::flush_progress() {
  if (open_lane_) return quiet();  // an unfinished huge transaction rolls back; its progress has not moved
  if (!quiet() || formed_ || p_.admission.ready(true) || !p_.admission.progress_pending()) return settled();
  formed_ = p_.admission.progress_ticket({});
  formed_->number = next_number_++;
  return false;
}

void Dispatcher::committed_one(const Ticket& ticket) {
  ++commits_;
  progress_at_ = p_.clock.now() + kHousekeeping;
  const Progress now = committed();
  if (unflushed_.size() >= kUnflushedLimit) unflushed_.pop_front();  // a later one stands for it
  unflushed_.push_back({now.version, now.position, now.sequence});
  if (ticket.copy_table) p_.merge.committed(ticket.copy_table->source->name);
  publish(ticket);
}

void Dispatcher::publish(const Ticket& ticket) {
  const int64_t wall = p_.clock.wall_us();
  const Progress now = committed();
  p_.board.applied(now.sequence);
  p_.board.update([&](PipelineStatus& s) {
    for (const TableCounts& c : ticket.counts) {
      TableStatus& table = s.tables[c.table.text()];
      table.inserts += c.inserts;
      table.updates += c.updates;
      table.deletes += c.deletes;
      table.passed_over += c.passed_over;
    }
    s.transactions += ticket.transactions;
    ++s.groups;
    s.missed_rows += ticket.missed;
    s.key_action_rows += ticket.key_actions;
    s.sequence = now.sequence.value();
    s.reason.clear();
    if (now.source_time_us != 0) s.lag_seconds = std::max(0.0, static_cast<double>(wall - now.source_time_us) / 1e6);
  });
}

void Dispatcher::tell_wait() {
  if (in_flight_.empty() || p_.clock.now() - in_flight_.front().given < kLongWait) return;
  const Flight& first = in_flight_.front();
  p_.board.stage_waits(lane_name(first.lane),
                       cat("waiting for the target to apply ",
                           contents_of(*first.ticket),
                           " (rows or a table that another session has locked, or a server that does not answer)"));
}

void Dispatcher::refresh_tables() {
  const std::vector<Merge::TableView> tables = p_.merge.tables();
  const std::string position = committed().position.text();
  // Those that are set aside are outside of the consistent set.
  const bool consistent = std::all_of(
      tables.begin(), tables.end(), [](const Merge::TableView& t) { return t.state >= TableState::kStreaming; });
  const bool idle = settled();
  const JournalStatus journal = p_.journal.status();
  const int64_t wall = p_.clock.wall_us();
  p_.board.update([&](PipelineStatus& s) {
    for (const Merge::TableView& t : tables) {
      TableStatus& table = s.tables[t.name.text()];
      table.state = t.state;
      table.reason = t.reason;
      if (table.passed_over > 0 && is_set_aside(t.state))
        table.reason += cat("; ", table.passed_over, " changes passed over");
      table.rows_done = t.rows_done;
      table.rows_estimated = std::max(t.rows_estimated, t.rows_done);
    }
    s.position = position;
    s.journal = journal;
    if (!journal.waiting.empty()) s.reason = journal.waiting;
    if (consistent && s.consistent_since_us == 0) s.consistent_since_us = wall;
    if (!consistent) s.consistent_since_us = 0;
    if (idle) s.lag_seconds = 0;
  });
  p_.board.enter(consistent ? PipelineState::kStreaming : PipelineState::kSnapshotting);
}

// I1: only what the target, or a journal that keeps it, has flushed.
Result<std::optional<Position>> Dispatcher::acknowledgeable() {
  std::optional<Position> upto;
  if (!unflushed_.empty()) {
    uint64_t flushed = unflushed_.back().version;
    if (p_.options.guards.ack_only_flushed) {
      TRY_ASSIGN(flushed, p_.target.flushed());
    }
    while (!unflushed_.empty() && unflushed_.front().version <= flushed) {
      upto = unflushed_.front().position;
      p_.journal.applied(unflushed_.front().sequence);
      unflushed_.pop_front();
    }
  }
  if (!p_.journal.keeps()) return upto;
  upto = p_.journal.durable();
  if (!upto || upto->text() == acknowledged_) return std::optional<Position>();
  acknowledged_ = upto->text();
  return upto;
}

Status Dispatcher::housekeeping(bool last) {
  housekeeping_at_ = p_.clock.now() + kHousekeeping;
  refresh_tables();
  if (!last) {
    TRY(p_.target.keep_lease());
    TRY_ASSIGN(const bool asked, p_.target.asked());
    if (asked)
      return Error(Blame::kTransient, "asked to pause or resume: opening both sides again", std::string(kLookAgain));
  }
  TRY_ASSIGN(const std::optional<Position> upto, acknowledgeable());
  if (!upto) return ok();
  if (p_.options.at_point) p_.options.at_point("acknowledge.before");
  TRY(p_.source.acknowledge(*upto));
  if (p_.options.at_point) p_.options.at_point("acknowledge.after");
  return ok();
}

}  // namespace weft
