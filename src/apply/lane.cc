// SPDX-License-Identifier: Apache-2.0
#include "apply/lane.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

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
  if (!ticket.copy_table) {
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
    }
    if (!ticket.copy_rows.empty()) add_copy(ticket, group);
    TRY_ASSIGN(const PrepareReport report, session_->prepare(group));
    (void)report.affected.size();
  }
  point("apply.after");
  return ok();
}

void Lane::add_copy(const Ticket& ticket, Group& group) {
  TableBatch batch;
  batch.table = ticket.copy_table;
  batch.rows.reserve(ticket.copy_rows.size());
  for (const Row& row : ticket.copy_rows) batch.rows.push_back({{}, row});
  const auto& unique_keys = ticket.copy_table->unique_keys;
  for (size_t i = 1; ticket.copy_replace && i < unique_keys.size(); ++i) {
    const auto computed = [&](uint16_t o) { return ticket.copy_table->columns[o].generated; };
    if (std::any_of(unique_keys[i].begin(), unique_keys[i].end(), computed)) continue;
    group.batches.push_back(batch);
    group.batches.back().op = BatchOp::kDeleteRivals;
    group.batches.back().columns = unique_keys[i];
  }
  batch.op = ticket.copy_op;
  for (size_t i = 0; i < ticket.copy_table->columns.size(); ++i) {
    if (!ticket.copy_table->columns[i].generated) batch.columns.push_back(static_cast<uint16_t>(i));
  }
  group.batches.push_back(std::move(batch));
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
  group.wait_for_locks = ticket.alone || hooks_.only_lane;
  group.relax_foreign_keys = ticket.relax_foreign_keys;
  group.batches.reserve(plan.batches.size());
  for (PlannedBatch& planned : plan.batches) group.batches.push_back(std::move(planned.batch));
  TRY_ASSIGN(const PrepareReport report, session_->prepare(group));
  CHECK(report.affected.size() == group.batches.size());
  for (size_t i = 0; i < plan.batches.size(); ++i) plan.batches[i].batch = std::move(group.batches[i]);
  if (!hooks_.count_affected) return ok();
  const Status counted = check_counts(ticket, plan, report);
  if (!counted) session_->rollback();
  return counted;
}

// I10: a change that hit no row, or more than it should, is never silent.
Status Lane::check_counts(Ticket& ticket, const Plan& plan, const PrepareReport& report) {
  uint64_t missed = 0;
  uint64_t acted = 0;
  for (size_t i = 0; i < plan.batches.size(); ++i) {
    const TableBatch& batch = plan.batches[i].batch;
    const uint64_t expected = batch.rows.size();
    const uint64_t got = report.affected[i];
    if (batch.op == BatchOp::kKeyActions) acted += got;
    if (!plan.batches[i].exact || batch.op == BatchOp::kTruncate || got == expected) continue;
    const std::string name = batch.table->source->name.text();
    if (ticket.mode != ApplyMode::kRows || expected != 1) {
      return Error(Blame::kData,
                   cat("table ", name, ": ", expected, " rows should have changed, ", got, " did"),
                   std::string(kCountMismatch))
          .about(name);
    }
    const TableBatch::Item& item = batch.rows.front();
    const TableSchema& schema = *batch.table->source;
    const Row row = item.before.empty() ? item.after : item.before;
    const std::string key = schema.keyless() ? describe(row) : describe(key_of(schema, row).row());
    if (batch.op == BatchOp::kDelete && got == 0) {
      // The row is gone, as it should be; that it was gone already is worth a line and a counter.
      log_line(LogLevel::kWarning,
               cat("table ", name, " key ", key, ": a deleted row was not there at the target"),
               {{"table", name}});
      ++missed;
      continue;
    }
    return Error(Blame::kData,
                 cat("table ",
                     name,
                     " key ",
                     key,
                     ": an ",
                     batch.op == BatchOp::kUpdate ? "update" : "insert or delete",
                     " touched ",
                     got,
                     " rows instead of one at the target; compare both sides (the target was written by "
                     "someone else, or was not equal when following began)"),
                 std::string(kCountMismatch))
        .about(name);
  }
  ticket.missed = missed;
  ticket.key_actions = acted;
  return ok();
}

Status Lane::commit(Ticket& ticket) {
  const Progress from = order_.with([](const CommitState& s) { return s.current; });
  Progress to = ticket.end;
  to.epoch = from.epoch;
  to.version = from.version + 1;
  to.source_id = from.source_id;
  if (ticket.copy_table) point("chunk_done.before");
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
