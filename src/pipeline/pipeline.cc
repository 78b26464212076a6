// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pipeline.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/cycle.h"

namespace weft {
namespace {

constexpr Duration kActorWait = std::chrono::milliseconds(50);
constexpr Duration kHealthyAfter = std::chrono::seconds(5);  // a cycle that ran this long starts the backoff anew

}  // namespace

class Pipeline::Impl {
 public:
  Impl(PipelineOptions options, Source& source, Target& target, Clock& clock, StatusBoard& board)
      : options_(std::move(options)), source_(source), target_(target), clock_(clock), board_(board) {}

  void start() {
    driver_ = std::jthread([this](const std::stop_token& stop) { drive(stop); });
    watcher_ = std::jthread([this](const std::stop_token& done) { watch_drain(done); });
  }

  void request_stop() {
    driver_.request_stop();
    stopping_.change([](bool& stopping) { stopping = true; });
  }

  Outcome wait() {
    if (driver_.joinable()) driver_.join();
    watcher_ = {};
    Outcome outcome{result_, !moved_, board_.read()};
    return outcome;
  }

 private:
  void drive(const std::stop_token& stop);
  Status run_cycle(Cycle& cycle, const std::stop_token& stop);
  void watch_drain(const std::stop_token& done);

  PipelineOptions options_;
  Source& source_;
  Target& target_;
  Clock& clock_;
  StatusBoard& board_;
  Status result_;
  bool started_ = false;
  bool moved_ = false;
  Guarded<bool> stopping_;
  Guarded<Cycle*> running_{nullptr};
  std::atomic<bool> gave_up_ = false;
  std::jthread driver_;
  std::jthread watcher_;
};

// Waits for a stop request, then for the drain to end in time; what hangs then is left alone, as after kill -9.
void Pipeline::Impl::watch_drain(const std::stop_token& done) {
  const auto asked = [](bool stopping) { return stopping; };
  while (!stopping_.wait_for(std::chrono::hours(1), done, asked)) {
    if (done.stop_requested()) return;
  }
  clock_.sleep(options_.drain_deadline, done);
  if (done.stop_requested()) return;
  gave_up_ = true;
  running_.with([](Cycle* cycle) {
    if (cycle != nullptr) cycle->give_up();
  });
  if (options_.abandon) options_.abandon();
}

// Runs the actors of one opened cycle, a thread each, until it ends.
Status Pipeline::Impl::run_cycle(Cycle& cycle, const std::stop_token& stop) {
  std::vector<std::jthread> threads;
  for (size_t actor = 0; actor < cycle.actors(); ++actor) {
    threads.emplace_back([&cycle, actor, this] {
      const std::string name = cycle.actor_name(actor);
      SteadyTime told;
      while (cycle.step(actor, kActorWait) != Step::kFinished) {
        const SteadyTime now = clock_.now();
        if (now - told < std::chrono::milliseconds(200)) continue;
        told = now;
        board_.stage_moved(name);
      }
    });
  }
  std::stop_callback on_stop(stop, [&] {
    board_.enter(PipelineState::kDraining);
    cycle.request_stop();
  });
  running_.with([&](Cycle*& running) { running = &cycle; });
  if (gave_up_) cycle.give_up();
  threads.clear();  // joins
  running_.with([](Cycle*& running) { running = nullptr; });
  return cycle.result();
}

void Pipeline::Impl::drive(const std::stop_token& stop) {
  board_.enter(PipelineState::kStarting);
  Supervisor supervisor(options_, clock_);
  while (true) {
    const SteadyTime began = clock_.now();
    {
      Cycle cycle(options_, source_, target_, clock_, board_);
      result_ = cycle.open();
      started_ = started_ || result_.has_value();
      if (result_) {
        result_ = run_cycle(cycle, stop);
      } else if (gave_up_) {
        result_ = Error(result_.error().blame(), result_.error().message(), std::string(kNotDrained));
      }
      moved_ = moved_ || cycle.moved();
    }
    if (clock_.now() - began > kHealthyAfter) supervisor.healthy();
    if (!result_) board_.lose_sight();
    const NextMove next = supervisor.after(result_, started_, stop.stop_requested());
    if (next.kind == NextMove::Kind::kEnd) {
      result_ = Supervisor::outcome(std::move(result_), stop.stop_requested());
      break;
    }
    board_.update([&](PipelineStatus& s) {
      s.reason = result_.error().message();
      ++s.retries;
    });
    if (next.backoff > Duration(0)) {
      log_line(
          LogLevel::kWarning, cat(result_.error().message(), "; trying again"), {{"table", result_.error().table()}});
    }
    clock_.sleep(next.backoff, stop);
    if (stop.stop_requested()) {
      result_ = ok();
      break;
    }
  }
  target_.close();
  board_.enter(result_ ? PipelineState::kFinished : PipelineState::kFailed);
  if (!result_) board_.update([&](PipelineStatus& s) { s.reason = result_.error().message(); });
}

Pipeline::Pipeline(PipelineOptions options, Source& source, Target& target, Clock& clock, StatusBoard& board)
    : impl_(std::make_unique<Impl>(std::move(options), source, target, clock, board)) {}

Pipeline::~Pipeline() {
  impl_->request_stop();
  (void)impl_->wait();
}

void Pipeline::start() {
  impl_->start();
}

void Pipeline::request_stop() {
  impl_->request_stop();
}

Outcome Pipeline::wait() {
  return impl_->wait();
}

}  // namespace weft
