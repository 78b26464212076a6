// SPDX-License-Identifier: Apache-2.0
// Lives: runs of weft under one name, one after the other, each watched for what it takes: memory and file descriptors.
//
//   Lives lives(rig, {"run", "--from", ..., "--name", "soak"}, journal);
//   lives.begin(JournalKind::kFiles); lives.look(); lives.kill(); lives.begin(JournalKind::kMemory); lives.stop();
//
// What is not as it has to be throws std::runtime_error with words. The rig must outlive it. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "live/rig.h"

namespace weft::live {

enum class JournalKind { kMemory, kFiles };

class Lives {
 public:
  // A life's memory (VmHWM) at the default --memory, and its files while it streams.
  static constexpr size_t kPeakKibMax = 96 * 1024;
  static constexpr size_t kDescriptorsMax = 48;

  Lives(const Rig& rig, std::vector<std::string> arguments, std::filesystem::path journal);

  // Ends the life that is there by SIGKILL, if it has not ended, and begins the next. With a crash point ("commit.after:3")
  // it may end by itself.
  void begin(JournalKind journal, const std::string& crash_at = "");

  // REQUIRES: begun.
  [[nodiscard]] WeftProcess& weft() { return *weft_; }

  [[nodiscard]] JournalKind journal() const { return journal_; }

  // Measures. Throws if it has ended, but for a crash point, or takes too much.
  void look();
  // Measures what must not grow while it lives. REQUIRES: it streams and has caught up.
  void look_at_rest();
  // Waits until it has died at its crash point, or until that is not to be expected any more.
  void await_death(const std::function<bool()>& or_else);
  // SIGTERM; throws unless that is exit 0. REQUIRES: begin() or run_until_now() comes next.
  void stop();
  // A run to its end, `--until now`; throws unless that is exit 0. REQUIRES: stop() came before.
  void run_until_now();

  // The end of what this life and the one before wrote.
  [[nodiscard]] std::string log_tails() const;
  // Figures, one line.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::vector<std::string> arguments(JournalKind journal) const;
  void fail(const std::string& words) const;

  const Rig& rig_;
  std::vector<std::string> arguments_;
  std::filesystem::path journal_dir_;
  std::optional<WeftProcess> weft_;
  std::string before_;  // the log's end of the life before
  JournalKind journal_ = JournalKind::kMemory;
  bool mortal_ = false;              // this life has a crash point
  int rests_ = 0;                    // looks at rest in this life
  size_t descriptors_at_first_ = 0;  // at rest, in this life
  size_t peak_kib_ = 0;
  size_t descriptors_ = 0;
  int lives_ = 0;
  int on_disk_ = 0;
  int deaths_at_points_ = 0;
};

}  // namespace weft::live
