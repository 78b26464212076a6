// SPDX-License-Identifier: Apache-2.0
// Process: a child process that cannot outlive its owner; run() starts one, waits and captures its output.
//   Process server({.argv = {"mariadbd", ...}, .output_file = log, .user = unprivileged_user({"nobody"})});
//   server.kill(SIGTERM); auto status = server.wait(deadline_in(10s));
// Owns the child: the destructor ends it by pid (SIGTERM, after a deadline SIGKILL) and reaps it. Should this
// process die without destructors, the kernel sends the child `parent_death_signal`. That signal is bound to the
// thread that forks, so every child is forked by one launcher thread that lives as long as the process: callers
// may start children from any thread, short-lived ones too. One thread at a time uses a Process.
// Children get a process group of their own (Ctrl-C reaches only us), no inherited file but 0-2, default signals.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/wait.h"

namespace weft::support {

struct UserIds {
  uid_t uid;
  gid_t gid;
};

// Database servers refuse to run as root: the first of `names` that exists, or nothing if we are not root.
[[nodiscard]] std::optional<UserIds> unprivileged_user(const std::vector<std::string>& names);

struct ExitStatus {
  int code = 0;    // if it exited by itself
  int signal = 0;  // if a signal ended it, else 0

  [[nodiscard]] bool success() const { return code == 0 && signal == 0; }

  [[nodiscard]] std::string text() const;
};

struct ProcessOptions {
  std::vector<std::string> argv;      // argv[0] without a slash is looked up in PATH
  std::vector<std::string> env = {};  // "NAME=value", added to our environment or replacing in it
  std::string output_file = {};       // stdout is appended to it; empty: inherited
  std::string error_file = {};        // stderr likewise; empty: goes where stdout goes
  std::optional<UserIds> user = {};   // run as this user (only root can); nothing: as ourselves
  std::string working_dir = {};       // empty: ours
  int parent_death_signal = SIGKILL;  // what the child gets if we die
};

class Process {
 public:
  // Throws std::runtime_error if the program cannot be started.
  explicit Process(const ProcessOptions& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }

  [[nodiscard]] bool running();

  // Sends a signal; nothing happens if the child has ended already.
  void kill(int signal);

  // How the child ended, or nothing if it still runs at the deadline.
  [[nodiscard]] std::optional<ExitStatus> wait(Deadline deadline);

  // SIGTERM, and SIGKILL if it still runs at the deadline.
  ExitStatus terminate(Deadline deadline);

 private:
  pid_t pid_ = -1;
  std::optional<ExitStatus> status_;
};

struct RunResult {
  int code = 0;  // exit code, or 128 + signal
  std::string out;
  std::string err;
};

// Runs to the end and captures both outputs; at the deadline the child is killed and this throws.
[[nodiscard]] RunResult run(ProcessOptions options, Deadline deadline);
[[nodiscard]] RunResult run(std::vector<std::string> argv, Deadline deadline);

// Like run(), and throws with the command's own words if it fails. Returns stdout.
std::string run_or_throw(ProcessOptions options, Deadline deadline);

}  // namespace weft::support
