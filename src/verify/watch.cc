// SPDX-License-Identifier: Apache-2.0
#include "verify/watch.h"

#include <algorithm>

#include "verify/side_reader.h"

namespace weft::verify {
namespace {

constexpr Duration kPollFirst = std::chrono::milliseconds(20);
constexpr Duration kBetweenLooks = std::chrono::microseconds(200);
constexpr Duration kPollMax = std::chrono::milliseconds(250);
constexpr Duration kStandingWait = std::chrono::seconds(1);
// A pipeline that is not known to run, and whose progress has not moved for so long, does not run.
constexpr Duration kQuiet = std::chrono::seconds(3);

}  // namespace

Status Watch::look() {
  TRY_ASSIGN(std::optional<Opened> now, target_.peek(pipeline_));
  if (known() && now && now->progress && now->progress->version != seen_->progress->version) moved_ = true;
  seen_ = std::move(now);
  return ok();
}

const TableStateRow* Watch::state(const TableName& table) const {
  if (!seen_) return nullptr;
  const auto found = std::find_if(
      seen_->tables.begin(), seen_->tables.end(), [&](const TableStateRow& row) { return row.table == table; });
  return found == seen_->tables.end() ? nullptr : &*found;
}

const TableStateRow* Watch::state(const std::string& table) const {
  if (!seen_) return nullptr;
  const auto found = std::find_if(
      seen_->tables.begin(), seen_->tables.end(), [&](const TableStateRow& row) { return row.table.text() == table; });
  return found == seen_->tables.end() ? nullptr : &*found;
}

uint64_t Watch::letters(const TableName& table) const {
  if (!seen_) return 0;
  const auto found = std::find_if(
      seen_->held.begin(), seen_->held.end(), [&](const HeldTable& held) { return held.table == table.text(); });
  return found == seen_->held.end() ? 0 : found->letters;
}

Position Watch::head() {
  Result<Position> head = source_.head();
  if (!head) {
    // The session may have idled away.
    if (source_.connect()) head = source_.head();
  }
  return head ? *std::move(head) : Position();
}

bool Watch::same(const Position& a, const Position& b) const {
  return !a.empty() && !b.empty() && source_.includes(a, b) && source_.includes(b, a);
}

template <class Ready>
Result<bool> Watch::wait(SteadyTime deadline, const std::function<Status()>& meanwhile, Ready&& ready) {
  const SteadyTime began = clock_.now();
  moved_ = false;
  for (Duration poll = kPollFirst;; poll = std::min(poll * 2, kPollMax)) {
    TRY(look());
    if (ready()) return true;
    if (!known()) return false;
    const SteadyTime now = clock_.now();
    if (now >= deadline || (!runs() && now - began >= kQuiet)) return false;
    if (meanwhile) {
      while (clock_.now() < now + poll) {
        TRY(meanwhile());
        clock_.sleep(kBetweenLooks, stop_);
      }
    } else {
      clock_.sleep(poll, stop_);
    }
    if (stop_.stop_requested()) return stopped();
  }
}

Result<bool> Watch::reaches(const Position& position, SteadyTime deadline, const std::function<Status()>& meanwhile) {
  if (position.empty()) return false;
  if (stands_) deadline = std::min(deadline, clock_.now() + kStandingWait);
  TRY_ASSIGN(const bool reached,
             wait(deadline, meanwhile, [&] { return known() && source_.includes(this->position(), position); }));
  stands_ = !reached;
  return reached;
}

Result<bool> Watch::streams(const TableName& table, SteadyTime deadline) {
  return wait(deadline, {}, [&] {
    const TableStateRow* row = state(table);
    return row == nullptr || row->state == TableState::kStreaming || is_set_aside(row->state);
  });
}

}  // namespace weft::verify
