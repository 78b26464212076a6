// SPDX-License-Identifier: Apache-2.0
#include "pipeline/status.h"

#include <algorithm>
#include <utility>

namespace weft {
namespace {

constexpr size_t kUnappliedLimit = 4096;

}  // namespace

std::string_view usual_reason(std::string_view stage) {
  const bool target = stage == "apply" || stage.starts_with("lane");
  return target ? "waiting for the target" : "waiting for the source";
}

std::string_view to_string(PipelineState state) {
  switch (state) {
    case PipelineState::kStarting:
      return "starting";
    case PipelineState::kSnapshotting:
      return "snapshotting";
    case PipelineState::kStreaming:
      return "streaming";
    case PipelineState::kDraining:
      return "draining";
    case PipelineState::kPaused:
      return "paused";
    case PipelineState::kFailed:
      return "failed";
    case PipelineState::kFinished:
      return "finished";
  }
  return "unknown";
}

PipelineStatus StatusBoard::read() const {
  PipelineStatus status = status_.with([](const PipelineStatus& s) { return s; });
  const int64_t since =
      unapplied_.with([](const std::deque<Unapplied>& u) { return u.empty() ? 0 : u.front().since_us; });
  if (since != 0) status.lag_seconds = std::max(0.0, static_cast<double>(clock_.wall_us() - since) / 1e6);
  if (status.state == PipelineState::kFinished || status.state == PipelineState::kPaused) return status;
  const SteadyTime now = clock_.now();
  for (auto& [name, stage] : status.stages) {
    const bool stands = stage.moved != SteadyTime{} && now - stage.moved > kStageDeadline;
    if (stands && stage.reason.empty()) stage.reason = status.reason.empty() ? usual_reason(name) : status.reason;
  }
  return status;
}

void StatusBoard::captured(Sequence last, int64_t commit_us) {
  const int64_t since = commit_us != 0 ? commit_us : clock_.wall_us();
  unapplied_.with([&](std::deque<Unapplied>& u) {
    if (u.size() < kUnappliedLimit) return u.push_back({last, since});
    u.back().last = last;  // its time is older: lag looks larger, never smaller
  });
}

void StatusBoard::applied(Sequence upto) {
  unapplied_.with([&](std::deque<Unapplied>& u) {
    while (!u.empty() && u.front().last <= upto) u.pop_front();
  });
}

void StatusBoard::begin_cycle() {
  unapplied_.with([](std::deque<Unapplied>& u) { u.clear(); });
  update([](PipelineStatus& s) { s.stages.clear(); });
}

void StatusBoard::lose_sight() {
  const int64_t now = clock_.wall_us();
  unapplied_.with([&](std::deque<Unapplied>& u) {
    if (u.empty()) u.push_back({Sequence(), now});
  });
}

void StatusBoard::enter(PipelineState state) {
  const int64_t now = clock_.wall_us();
  update([&](PipelineStatus& s) {
    if (s.state == state && s.since_us != 0) return;
    // What a cycle says of itself while it drains does not hide that it does.
    const bool runs = state == PipelineState::kSnapshotting || state == PipelineState::kStreaming;
    if (s.state == PipelineState::kDraining && runs) return;
    s.state = state;
    s.since_us = now;
  });
}

void StatusBoard::stage_moved(const std::string& stage) {
  const SteadyTime now = clock_.now();
  update([&](PipelineStatus& s) { s.stages[stage] = {now, false, {}}; });
}

void StatusBoard::stage_waits(const std::string& stage, std::string reason) {
  update([&](PipelineStatus& s) { s.stages[stage].reason = std::move(reason); });
}

}  // namespace weft
