// SPDX-License-Identifier: Apache-2.0
// Faults: what may go wrong in a simulated world, and how often. Each seed enables its own subset with its own rates (a
// seed with one frequent fault finds other bugs than one with all of them), and counts what was really exercised.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/rng.h"

namespace weft::sim {

enum class Fault : uint8_t {
  kSourceUnreachable,  // connect or head fails
  kStreamBreaks,       // the stream's connection is lost
  kStreamStalls,       // nothing comes for a while
  kSourceRestarts,     // every connection is lost; what is in the log becomes visible
  kSourceFailsOver,    // to a server that lacks the last transactions
  kLogPurged,          // the log's beginning is gone
  kReaderFails,        // begin or read of a table reader
  kLockWaitTimesOut,   // a short table lock is not granted
  kTargetUnreachable,  // open, start or session fails
  kStatementFails,     // the connection breaks inside a target transaction
  kDiskFull,           // a statement or a commit is refused
  kCommitAnswerLost,   // it committed, the answer never came
  kCommitLost,         // it never reached the server
  kCommitLate,         // it reaches the server after the client has gone: a zombie
  kTargetRestarts,     // commits that were not flushed are lost
  kTargetFailsOver,    // to a replica some commits behind: progress goes back
  kSlowRollback,       // the server notices a dead session late
  kCrash,              // kill -9 between two steps
  kCrashAtPoint,       // kill -9 at a named point
  kSplitBrain,         // the old process lives on, cut off from its lease
  kCleanStop,          // the user stops the process; it drains and is started again
  kWallJumps,          // the wall clock moves
  kCount
};

inline constexpr size_t kFaultCount = static_cast<size_t>(Fault::kCount);

[[nodiscard]] std::string_view to_string(Fault fault);

class Faults {
 public:
  explicit Faults(uint64_t seed) : rng_(seed) {}

  // Draws which faults this run knows and how often each strikes.
  void draw_rates();

  void set_rate(Fault fault, uint32_t per_million) { rates_[static_cast<size_t>(fault)] = per_million; }

  // The quiet phase: nothing fails any more.
  void stop() { rates_.fill(0); }

  // Whether the fault strikes now.
  [[nodiscard]] bool hit(Fault fault);

  // The next `count` opportunities strike, whatever the rate: for scripted histories.
  void force(Fault fault, uint32_t count = 1) { forced_[static_cast<size_t>(fault)] += count; }

  [[nodiscard]] uint64_t count(Fault fault) const { return counts_[static_cast<size_t>(fault)]; }

  [[nodiscard]] const std::array<uint64_t, kFaultCount>& counts() const { return counts_; }

  [[nodiscard]] Rng& rng() { return rng_; }

 private:
  Rng rng_;
  std::array<uint32_t, kFaultCount> rates_{};
  std::array<uint32_t, kFaultCount> forced_{};
  std::array<uint64_t, kFaultCount> counts_{};
};

}  // namespace weft::sim
