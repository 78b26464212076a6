// SPDX-License-Identifier: Apache-2.0
// WeftProcess: the real weft as a child process, to be killed and started again.
//   WeftProcess weft(path, {"run", "--from", ...}, log); weft.start(); weft.kill_hard(); weft.start(); weft.stop();
// Owns the process. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"

namespace weft::demo {

class WeftProcess {
 public:
  WeftProcess(std::filesystem::path program, std::vector<std::string> arguments, std::filesystem::path log);

  void start();
  // kill -9; throws if it had ended by itself.
  void kill_hard();
  // SIGTERM; gives how it ended.
  [[nodiscard]] support::ExitStatus stop();

  [[nodiscard]] bool running() { return process_ && process_->running(); }

  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }

  // Peak of its resident memory, in KiB; 0 if it doesn't run.
  [[nodiscard]] uint64_t peak_kib() const;
  // The end of what it said.
  [[nodiscard]] std::string last_words() const;

 private:
  std::filesystem::path program_;
  std::vector<std::string> arguments_;
  std::filesystem::path log_;
  std::optional<support::Process> process_;
};

// The program `name` in the directory of this program's own file.
[[nodiscard]] std::filesystem::path beside_us(const std::string& name);

}  // namespace weft::demo
