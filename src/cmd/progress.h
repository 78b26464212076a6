// SPDX-License-Identifier: Apache-2.0
// ProgressView: shows a pipeline while it runs, on a thread of its own: bars that are redrawn in place where stderr is a
// terminal, else a log line at each change of state and every ten seconds.
//
//   ProgressView view(board, clock, screen, {.bars = true});     // until it goes
//
// Reads snapshots of the board only. The screen is cleared when it goes.
#pragma once

#include <thread>

#include "base/clock.h"
#include "cmd/screen.h"
#include "pipeline/status.h"

namespace weft {

struct ProgressOptions {
  bool bars = true;  // false: log lines
  bool unicode = true;
  bool color = true;
};

// What suits this terminal: bars unless TERM is dumb, blocks where the locale is UTF-8, colours unless NO_COLOR is set.
[[nodiscard]] ProgressOptions terminal_progress_options();

class ProgressView {
 public:
  // All must outlive it.
  ProgressView(const StatusBoard& board, Clock& clock, Screen& screen, const ProgressOptions& options);
  ~ProgressView();
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;

 private:
  void bars(const std::stop_token& stop);
  void lines(const std::stop_token& stop);

  const StatusBoard& board_;
  Clock& clock_;
  Screen& screen_;
  ProgressOptions options_;
  std::jthread thread_;
};

}  // namespace weft
