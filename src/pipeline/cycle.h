// SPDX-License-Identifier: Apache-2.0
// Cycle: one run of a pipeline from opening both sides to the first trouble, a stop, or the end. Its actors are steppable:
// in production each has a thread, in simulation one thread calls step() in an order drawn from a seed.
//
//   Cycle cycle(options, source, target, clock, board);
//   TRY(cycle.open());                                  // target, progress, tables, source
//   while (!cycle.ended()) for (size_t a = 0; a < cycle.actors(); ++a) cycle.step(a, Duration(0));
//   Status how = cycle.result();                        // ok: finished or drained
//
// A Cycle is thrown away after it ended; Supervisor says what then. Different threads may step different actors; open(),
// actors() and result() belong to the one thread that drives the cycle. Destroying a Cycle at any moment is the same to the
// outside as kill -9 (open target transactions are rolled back, nothing is acknowledged).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pipeline/pipeline.h"

namespace weft {

enum class Step : uint8_t { kAdvanced, kIdle, kFinished };

class Cycle {
 public:
  Cycle(const PipelineOptions& options, Source& source, Target& target, Clock& clock, StatusBoard& board);
  ~Cycle();
  Cycle(const Cycle&) = delete;
  Cycle& operator=(const Cycle&) = delete;

  [[nodiscard]] Status open();
  [[nodiscard]] size_t actors() const;
  [[nodiscard]] std::string actor_name(size_t actor) const;
  // Advances one actor by one small unit of work. `wait` bounds how long it may block for something to do (0 in
  // simulation). An error inside ends the cycle; it is kept for result().
  Step step(size_t actor, Duration wait);
  // Stop taking in new transactions, apply what is queued, then finish.
  void request_stop();
  // The time for that is over: ends with an error (kNotDrained) that names what is under way. Any thread, however the
  // actors are occupied; a cycle that has ended stays as it is.
  void give_up();
  [[nodiscard]] bool ended() const;
  [[nodiscard]] Status result() const;
  // Whether this cycle has changed a row at the target.
  [[nodiscard]] bool moved() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Error code (kTransient) of a cycle that ended only to be opened again at once: schema newer than the catalogue that was
// read, or a transaction that has to go another way.
inline constexpr std::string_view kLookAgain = "look-again";

// Error code (kTransient): copied rows did not fit among those that are there yet; they are read again.
inline constexpr std::string_view kCopyConflict = "copy-conflict";

// What follows a cycle's end: the one policy for production and simulation.
struct NextMove {
  enum class Kind : uint8_t { kEnd, kRetry };
  Kind kind = Kind::kEnd;
  Duration backoff{};
};

class Supervisor {
 public:
  Supervisor(const PipelineOptions& options, Clock& clock) : options_(options), clock_(clock) {}

  // `started`: a cycle was opened in this process: both servers answered and everything fitted; `stopping`: a stop was
  // requested.
  [[nodiscard]] NextMove after(const Status& result, bool started, bool stopping);

  // What a run that ends with this result says. Where nothing but a new cycle was due a stop is a clean one: what came before is
  // applied.
  [[nodiscard]] static Status outcome(Status result, bool stopping);

  // A cycle ran for a while.
  void healthy() {
    backoff_ = Duration(0);
    conflicts_in_a_row_ = 0;
  }

 private:
  const PipelineOptions& options_;
  Clock& clock_;
  std::optional<SteadyTime> failing_since_;  // at the start
  Duration backoff_{};
  uint32_t copy_conflicts_ = 0;
  uint32_t conflicts_in_a_row_ = 0;
};

}  // namespace weft
