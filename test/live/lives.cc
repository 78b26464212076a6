// SPDX-License-Identifier: Apache-2.0
#include "live/lives.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"

namespace weft::live {

using namespace std::chrono_literals;
using support::deadline_in;

namespace {

// Sessions at either side come and go with what is under way; a leak of one per event is more than that.
constexpr size_t kDescriptorsComeAndGo = 10;
// One of them may come while both sides are opened again.
constexpr int kFirstRests = 3;

}  // namespace

Lives::Lives(const Rig& rig, std::vector<std::string> arguments, std::filesystem::path journal)
    : rig_(rig), arguments_(std::move(arguments)), journal_dir_(std::move(journal)) {}

std::vector<std::string> Lives::arguments(JournalKind journal) const {
  std::vector<std::string> all = arguments_;
  if (journal == JournalKind::kFiles) {
    all.insert(all.end(), {"--journal", cat("file:", journal_dir_.string(), "?max=64MiB&keep=1MiB")});
  }
  return all;
}

void Lives::begin(JournalKind journal, const std::string& crash_at) {
  if (weft_) {
    look();
    weft_->crash();
    before_ = weft_->log_tail();
  }
  std::vector<std::string> env;
  if (!crash_at.empty()) env.push_back("WEFT_CRASH_AT=" + crash_at);
  weft_.emplace(rig_.log(), arguments(journal), std::move(env));
  journal_ = journal;
  mortal_ = !crash_at.empty();
  descriptors_at_first_ = 0;
  rests_ = 0;
  ++lives_;
  if (journal == JournalKind::kFiles) ++on_disk_;
}

void Lives::look() {
  const size_t peak = weft_->peak_kib();
  peak_kib_ = std::max(peak_kib_, peak);
  if (peak > kPeakKibMax) fail(cat("weft took ", peak, " KiB of memory, more than ", kPeakKibMax));
  if (const auto ended = weft_->wait_exit(deadline_in(0ms))) {
    if (!mortal_ || ended->signal != SIGKILL) fail("weft ended by itself: " + ended->text());
  }
}

void Lives::look_at_rest() {
  look();
  const size_t now = weft_->descriptors();
  descriptors_ = std::max(descriptors_, now);
  if (++rests_ <= kFirstRests) descriptors_at_first_ = std::max(descriptors_at_first_, now);
  if (now > kDescriptorsMax || now > descriptors_at_first_ + kDescriptorsComeAndGo) {
    fail(cat("weft has ", now, " open files, at first ", descriptors_at_first_));
  }
}

void Lives::await_death(const std::function<bool()>& or_else) {
  (void)support::wait_until(deadline_in(60s), [&] {
    look();
    return !weft_->running() || or_else();
  });
  if (!weft_->running()) ++deaths_at_points_;
}

void Lives::stop() {
  look();
  weft_->kill(SIGTERM);
  const auto ended = weft_->wait_exit(deadline_in(120s));
  if (!ended) fail("weft still runs two minutes after SIGTERM");
  if (!ended->success()) fail("weft ended after SIGTERM with " + ended->text());
  before_ = weft_->log_tail();
  weft_.reset();
}

void Lives::run_until_now() {
  auto all = arguments(journal_);
  all.insert(all.end(), {"--until", "now"});
  weft_.emplace(rig_.log(), std::move(all));
  const auto ended = weft_->wait_exit(deadline_in(300s));
  if (!ended) fail("weft has not come up to now in five minutes");
  if (!ended->success()) fail("weft --until now ended with " + ended->text());
}

std::string Lives::log_tails() const {
  return cat("the life before:\n", before_, "\nthis life:\n", weft_ ? weft_->log_tail() : "not begun");
}

std::string Lives::text() const {
  return cat(lives_,
             " lives, ",
             on_disk_,
             " with a journal on disk, ",
             deaths_at_points_,
             " deaths at named points, peak ",
             peak_kib_ / 1024,
             " MiB, at rest at most ",
             descriptors_,
             " descriptors");
}

void Lives::fail(const std::string& words) const {
  throw std::runtime_error(words);
}

}  // namespace weft::live
