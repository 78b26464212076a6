// SPDX-License-Identifier: Apache-2.0
#include "apply/lane.h"

#include <algorithm>

#include "apply/copy.h"
#include "apply/counts.h"
#include "apply/parking.h"
#include "base/check.h"
#include "model/origin.h"

namespace weft {

Lane::Lane(std::unique_ptr<TargetSession> session, CommitOrder& order, Bell& bell, LaneHooks hooks)
    : session_(std::move(session)), order_(order), bell_(bell), hooks_(std::move(hooks)) {}

Lane::State Lane::state() const {
  return shared_.with([](const Shared& s) { return s.state; });
}

void Lane::give(std::shared_ptr<Ticket> ticket) {
  shared_.change([&](Shared& s) {
    CHECK(s.state == State::kIdle);
    s.ticket = std::move(ticket);
    s.state = State::kGiven;
    s.error.reset();
  });
}

std::shared_ptr<Ticket> Lane::take() {
  return shared_.change([](Shared& s) {
    CHECK(s.state == State::kCommitted || s.state == State::kFailed ||
          (s.state == State::kPrepared && !s.ticket->last));
    s.state = State::kIdle;
    return std::move(s.ticket);
  });
}

std::optional<Error> Lane::error() const {
  return shared_.with([](const Shared& s) { return s.error; });
}

void Lane::point(std::string_view name) {
  if (hooks_.at_point) hooks_.at_point(name);
}

void Lane::finish(Status status, State state) {
  const bool waits_for_turn = shared_.change([&](Shared& s) {
    s.state = status ? state : State::kFailed;
    if (!status) s.error = std::move(status).error();
    return s.state == State::kPrepared && s.ticket->last;
  });
  // What goes on by itself is no news to the dispatcher: each thread that is woken for nothing costs more than the work.
  if (!waits_for_turn) ring(bell_);
}

bool Lane::step(Duration wait) {
  const Shared now = shared_.with([](const Shared& s) { return Shared{s.state, s.ticket, {}}; });
  const State state = now.state;
  const std::shared_ptr<Ticket>& ticket = now.ticket;
  if (state == State::kGiven) {
    finish(prepare(*ticket), State::kPrepared);
    return true;
  }
  if (state == State::kPrepared && ticket->last) {
    enum class Turn : uint8_t { kWait, kMine, kAbort };
    const auto turn_of = [&](const CommitState& s) {
      if (ticket->number >= s.abort_from) return Turn::kAbort;
      return s.next == ticket->number || s.unordered ? Turn::kMine : Turn::kWait;
    };
    order_.wait_for(wait, {}, [&](const CommitState& s) { return turn_of(s) != Turn::kWait; });
    const Turn turn = order_.with(turn_of);
    if (turn == Turn::kWait) return false;
    if (turn == Turn::kAbort) {
      session_->rollback();
      finish(Error(Blame::kCancelled, "rolled back for an earlier transaction", std::string(kAborted)), State::kFailed);
      return true;
    }
    finish(commit(*ticket), State::kCommitted);
    return true;
  }
  // Waiting for a ticket is the lane's own affair: commits of other lanes don't wake it.
  (void)shared_.wait_for(wait, {}, [](const Shared& s) { return s.state == State::kGiven; });
  return false;
}

Status Lane::prepare(Ticket& ticket) {
  point("apply.before");
  if (ticket.first) touched_.clear();
  if (ticket.first) session_->say_origin(chain_through(ticket.origin, hooks_.source));
  if (hooks_.keep_keys) touched_.add(ticket);
  if (ticket.mode == ApplyMode::kParking) {
    TRY(Parking(*session_, ticket, hooks_.count_affected).run());
  } else if (!ticket.copy_table) {
    TRY(prepare_items(ticket));
  } else {
    Group group;
    group.wait_for_locks = ticket.alone || hooks_.only_lane;
    group.relax_foreign_keys = ticket.relax_foreign_keys;
    group.states = ticket.states;
    group.schemas = ticket.schemas;
    if (ticket.copy_clear) {
      TableBatch clear;
      clear.table = ticket.copy_table;
      clear.op = BatchOp::kTruncate;
      group.batches.push_back(std::move(clear));
      DeadLetterStep forget;  // what an earlier run could not copy is copied again, too
      forget.what = DeadLetterStep::What::kForgetTable;
      forget.letter.table = ticket.copy_table->source->name.text();
      group.dead_letters.push_back(std::move(forget));
    }
    if (!ticket.copy_rows.empty()) add_copy(ticket, ticket.copy_rows, group);
    TRY_ASSIGN(const PrepareReport report, session_->prepare(group));
    (void)report.affected.size();
  }
  point("apply.after");
  return ok();
}

Status Lane::prepare_items(Ticket& ticket) {
  Plan plan;
  plan_items(ticket.items, ticket.mode, plan, hooks_.merge_masks);
  Group group;
  group.first = ticket.first;
  group.last = ticket.last;
  group.states = ticket.states;
  group.schemas = ticket.schemas;
  for (const Ticket::Prepared& prepared : ticket.prepared) group.prepared.push_back(prepared.step);
  group.dead_letters = ticket.letter_steps;
  group.wait_for_locks = ticket.alone || hooks_.only_lane;
  group.relax_foreign_keys = ticket.relax_foreign_keys;
  group.batches.reserve(plan.batches.size());
  for (PlannedBatch& planned : plan.batches) group.batches.push_back(std::move(planned.batch));
  TRY_ASSIGN(const PrepareReport report, session_->prepare(group));
  CHECK(report.affected.size() == group.batches.size());
  for (size_t i = 0; i < plan.batches.size(); ++i) plan.batches[i].batch = std::move(group.batches[i]);
  if (!hooks_.count_affected) return ok();
  Result<RowCounts> counted = check_counts(plan, report, ticket.mode);
  if (!counted) {
    session_->rollback();
    return std::move(counted).error();
  }
  ticket.missed = counted->missed;
  ticket.key_actions = counted->key_actions;
  return ok();
}

Status Lane::commit(Ticket& ticket) {
  const Progress from = order_.with([](const CommitState& s) { return s.current; });
  Progress to = ticket.end;
  to.epoch = from.epoch;
  to.version = from.version + 1;
  to.source_id = from.source_id;
  if (ticket.copy_table) point("chunk_done.before");
  if (hooks_.keep_keys) session_->keep_keys(touched_.text());
  point("progress.before");
  point("commit.before");
  TRY(session_->commit(from, to));
  point("commit.after");
  point("progress.after");
  if (ticket.copy_table) point("chunk_done.after");
  order_.change([&](CommitState& s) {
    s.current = to;
    s.next = ticket.number + 1;
  });
  return ok();
}

}  // namespace weft
