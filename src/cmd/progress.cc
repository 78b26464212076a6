// SPDX-License-Identifier: Apache-2.0
#include "cmd/progress.h"

#include <cstdlib>
#include <optional>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cmd/progress_text.h"
#include "io/terminal.h"

namespace weft {
namespace {

constexpr Duration kFrame = std::chrono::milliseconds(200);
constexpr Duration kLineEvery = std::chrono::seconds(10);

void tell(const PipelineStatus& status, const std::string& line) {
  const std::string lag = std::to_string(status.lag_seconds);
  log_line(
      LogLevel::kInfo, line, {{"state", to_string(status.state)}, {"lag_seconds", lag}, {"position", status.position}});
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

ProgressOptions terminal_progress_options() {
  ProgressOptions options;
  const std::string term = variable("TERM");
  options.bars = !term.empty() && term != "dumb";
  options.color = variable("NO_COLOR").empty();
  std::string locale = variable("LC_ALL");
  if (locale.empty()) locale = variable("LC_CTYPE");
  if (locale.empty()) locale = variable("LANG");
  options.unicode = locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  return options;
}

ProgressView::ProgressView(const StatusBoard& board, Clock& clock, Screen& screen, const ProgressOptions& options)
    : board_(board), clock_(clock), screen_(screen), options_(options) {
  thread_ = std::jthread(
      [this](const std::stop_token& stop) { options_.bars&& screen_.terminal() ? bars(stop) : lines(stop); });
}

ProgressView::~ProgressView() {
  thread_.request_stop();
  thread_.join();
  screen_.clear();
}

void ProgressView::bars(const std::stop_token& stop) {
  RateMeter rates;
  while (!stop.stop_requested()) {
    const PipelineStatus status = board_.read();
    rates.feed(status, clock_.now());
    const ProgressStyle style{terminal_size(STDERR_FILENO), options_.unicode, options_.color};
    screen_.draw(progress_lines(status, rates, clock_.wall_us(), style));
    clock_.sleep(kFrame, stop);
  }
}

void ProgressView::lines(const std::stop_token& stop) {
  RateMeter rates;
  std::optional<PipelineState> told;
  SteadyTime told_at;
  while (!stop.stop_requested()) {
    const PipelineStatus status = board_.read();
    const SteadyTime now = clock_.now();
    rates.feed(status, now);
    if (told != status.state || now - told_at >= kLineEvery) {
      if (told || status.state != PipelineState::kStarting) tell(status, progress_line(status, rates));
      told = status.state;
      told_at = now;
    }
    clock_.sleep(kFrame, stop);
  }
}

}  // namespace weft
