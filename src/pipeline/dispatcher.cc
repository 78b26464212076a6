// SPDX-License-Identifier: Apache-2.0
#include "pipeline/dispatcher.h"

#include <algorithm>

#include "apply/keys.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/cycle.h"

namespace weft {
namespace {

constexpr Duration kHousekeeping = std::chrono::seconds(1);
constexpr Duration kLongWait = std::chrono::seconds(3);  // for one group
constexpr size_t kUnflushedLimit = 4096;

bool retriable(const Error& error) {
  return error.blame() == Blame::kData || error.blame() == Blame::kConflict;
}

// Changes are counted when they are taken in; those that became dead letters are taken off again.
void not_applied(TableCounts& parked, TableStatus& table) {
  const auto take = [](uint64_t& from, uint64_t& of) {
    const uint64_t less = std::min(from, of);
    from -= less;
    of -= less;
  };
  take(table.inserts, parked.inserts);
  take(table.updates, parked.updates);
  take(table.deletes, parked.deletes);
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
      TRY(committed_one(*ticket));
    } else if (state == Lane::State::kPrepared && !in_flight_.front().ticket->last) {
      open_lane_ = in_flight_.front().lane;
      const std::shared_ptr<Ticket> piece = lane.take();
      TRY(p_.parked.add(piece->letters));  // pieces behind it may be about the same rows
      parked_.insert(parked_.end(), piece->parked.begin(), piece->parked.end());
      in_flight_.pop_front();
    } else if (state == Lane::State::kFailed && mending_) {
      return moved;  // it goes again when those behind it have rolled back
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
  bool moved = false;
  while (true) {
    while (!requeue_.empty()) {
      std::shared_ptr<Ticket> next = std::move(requeue_.front());
      requeue_.pop_front();
      if (mind_letters(next)) continue;
      if (give(next)) continue;
      requeue_.push_front(std::move(next));
      return moved;
    }
    if (formed_) {
      if (mind_letters(formed_)) continue;
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

Status Dispatcher::committed_one(const Ticket& ticket) {
  ++commits_;
  progress_at_ = p_.clock.now() + kHousekeeping;
  const Progress now = committed();
  if (unflushed_.size() >= kUnflushedLimit) unflushed_.pop_front();  // a later one stands for it
  unflushed_.push_back({now.version, now.position, now.sequence});
  if (ticket.copy_table) p_.merge.committed(ticket.copy_table->source->name);
  TRY(p_.parked.add(ticket.letters));
  publish(ticket);
  for (const auto& [table, letters] : p_.parked.letters()) {
    if (letters <= p_.options.letters_max) continue;
    return Error(Blame::kTransient, cat("table ", table, " has too many dead letters"), std::string(kLookAgain));
  }
  return ok();
}

// Somebody may have replayed or discarded some. Those of a huge transaction are known here before they are committed.
Status Dispatcher::refresh_letters() {
  if (p_.parked.empty() || open_lane_) return ok();
  TRY_ASSIGN(const auto counts, p_.target.count_letters());
  p_.parked.settle(counts);
  p_.board.update([&](PipelineStatus& s) {
    for (auto& [name, table] : s.tables) {
      const auto at = counts.find(name);
      table.dead_letters = at == counts.end() ? 0 : at->second;
    }
  });
  return ok();
}

void Dispatcher::publish(const Ticket& ticket) {
  const int64_t wall = p_.clock.wall_us();
  const Progress now = committed();
  p_.board.applied(now.sequence);
  parked_.insert(parked_.end(), ticket.parked.begin(), ticket.parked.end());
  p_.board.update([&](PipelineStatus& s) {
    for (const TableCounts& c : ticket.counts) {
      TableStatus& table = s.tables[c.table.text()];
      table.inserts += c.inserts;
      table.updates += c.updates;
      table.deletes += c.deletes;
      table.passed_over += c.passed_over;
      for (TableCounts& parked : parked_) {
        if (parked.table == c.table) not_applied(parked, table);
      }
    }
    for (const auto& [name, letters] : p_.parked.letters()) s.tables[name].dead_letters = letters;
    std::erase_if(parked_, [](const TableCounts& c) { return c.inserts + c.updates + c.deletes == 0; });
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
  TRY(refresh_letters());
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
