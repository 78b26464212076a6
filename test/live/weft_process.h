// SPDX-License-Identifier: Apache-2.0
// WeftProcess: one run of the real binary, with its output in a file, its /status and its end.
//
//   WeftProcess weft(dir.path() / "weft.log", {"run", "--from", source.url("shop", "weft"), "--to", target.url("shop")});
//   ASSERT_TRUE(weft.wait_for_state("streaming", deadline_in(60s))) << weft.log_tail();
//   weft.kill(SIGKILL);
//
// Every run gets a state directory beside its log. Owns the process: it ends with the object. One thread.
#pragma once

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/wait.h"

namespace weft::live {

// The binary under test: $WEFT_BINARY, else that of this build.
[[nodiscard]] std::string weft_binary();

// The first value of `key` in JSON text, strings without quotes; empty if there is none. Enough for /status, whose
// pipeline-wide keys come first.
[[nodiscard]] std::string json_field(const std::string& json, const std::string& key);

class WeftProcess {
 public:
  // `arguments` begin with the command. `env` holds "NAME=value". The log is appended to.
  WeftProcess(std::filesystem::path log, std::vector<std::string> arguments, std::vector<std::string> env = {});

  // "127.0.0.1:port" as printed by this run, as soon as it is; empty until then.
  [[nodiscard]] std::string http_address();
  // The body of a GET, or nothing while it cannot be had.
  [[nodiscard]] std::optional<std::string> get(const std::string& path, int* code = nullptr);

  [[nodiscard]] std::string status() { return get("/status").value_or(""); }

  [[nodiscard]] std::string state() { return json_field(status(), "state"); }

  // Whether it says that it streams, and since when the target is consistent.
  [[nodiscard]] bool consistent();

  // False at the deadline, or as soon as the process has ended.
  [[nodiscard]] bool wait_for_state(const std::string& state, support::Deadline deadline);
  // Until consistent().
  [[nodiscard]] bool wait_consistent(support::Deadline deadline);

  // Nothing if it still runs at the deadline.
  [[nodiscard]] std::optional<support::ExitStatus> wait_exit(support::Deadline deadline) {
    return process_.wait(deadline);
  }

  [[nodiscard]] bool running() { return process_.running(); }

  void kill(int signal) { process_.kill(signal); }

  // SIGKILL, and the end of it.
  void crash();

  [[nodiscard]] pid_t pid() const { return process_.pid(); }

  // Highest resident set so far in KiB (VmHWM); 0 when it has ended.
  [[nodiscard]] size_t peak_kib() const;
  // Open file descriptors now; 0 when it has ended.
  [[nodiscard]] size_t descriptors() const;

  // What this run wrote.
  [[nodiscard]] std::string output() const;
  // The end of it, for messages.
  [[nodiscard]] std::string log_tail() const;

 private:
  std::filesystem::path log_;
  size_t begin_;
  std::string address_;
  support::Process process_;
};

// Runs to the end; exit code (128 + signal) and all output. Throws at the deadline.
struct WeftResult {
  int code = 0;
  std::string out;
};

[[nodiscard]] WeftResult run_weft(std::vector<std::string> arguments,
                                  support::Deadline deadline,
                                  std::vector<std::string> env = {});

}  // namespace weft::live
