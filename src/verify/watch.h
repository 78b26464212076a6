// SPDX-License-Identifier: Apache-2.0
// Watch: where the source stands, how far the pipeline has brought the target, and waiting for the one to reach the other.
//
//   Watch watch(source, target, "shop", clock, stop);
//   TRY(watch.look());
//   const Position head = ...watch.head();
//   if (TRY_ASSIGN(bool reached, watch.reaches(head, deadline))) ... all that was committed at `head` is at the target
//
// Asks only; takes nothing over. One thread.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "source/source.h"
#include "target/target.h"

namespace weft::verify {

class Watch {
 public:
  Watch(Source& source, Target& target, std::string pipeline, Clock& clock, std::stop_token stop)
      : source_(source), target_(target), pipeline_(std::move(pipeline)), clock_(clock), stop_(std::move(stop)) {}

  // A process of this machine is known to run the pipeline: not every target can tell.
  void known_to_run() { known_to_run_ = true; }

  // Asks the target anew.
  [[nodiscard]] Status look();

  // Whether the pipeline ever ran, and runs now, as of the last look.
  [[nodiscard]] bool known() const { return seen_.has_value() && seen_->progress.has_value(); }

  [[nodiscard]] bool runs() const { return known() && (known_to_run_ || seen_->runs || moved_); }

  // How far the target is; empty if the pipeline never ran.
  [[nodiscard]] Position position() const { return known() ? seen_->progress->position : Position(); }

  // What the pipeline says of a table; null: it does not have it.
  [[nodiscard]] const TableStateRow* state(const TableName& table) const;

  // The same, by the name's text.
  [[nodiscard]] const TableStateRow* state(const std::string& table) const;

  // Changes of the table that wait as dead letters.
  [[nodiscard]] uint64_t letters(const TableName& table) const;

  // Everything committed at the source now; empty where the source can't tell.
  [[nodiscard]] Position head();
  // Whether nothing was committed at the source between two heads.
  [[nodiscard]] bool same(const Position& a, const Position& b) const;

  // Waits until the target has all that `position` includes. False: the deadline came first, or nobody runs the pipeline.
  // `meanwhile` is called again and again in place of idling. Once a wait was in vain the next ones are short, until one is not.
  [[nodiscard]] Result<bool> reaches(const Position& position,
                                     SteadyTime deadline,
                                     const std::function<Status()>& meanwhile = {});
  // Waits until the table is followed and not copied any more. False as above.
  [[nodiscard]] Result<bool> streams(const TableName& table, SteadyTime deadline);

  // The source and the target, for words.
  [[nodiscard]] const std::string& pipeline() const { return pipeline_; }

 private:
  template <class Ready>
  [[nodiscard]] Result<bool> wait(SteadyTime deadline, const std::function<Status()>& meanwhile, Ready&& ready);

  Source& source_;
  Target& target_;
  std::string pipeline_;
  Clock& clock_;
  std::stop_token stop_;
  std::optional<Opened> seen_;
  bool known_to_run_ = false;
  bool moved_ = false;   // progress was seen to move
  bool stands_ = false;  // the last wait for it was in vain
};

}  // namespace weft::verify
