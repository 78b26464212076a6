// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <grp.h>
#include <mutex>
#include <pwd.h>
#include <queue>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace weft::support {

namespace {

using namespace std::chrono_literals;

std::string errno_text(const std::string& what, int error) {
  return what + ": " + std::strerror(error);
}

// The thread all children are forked by (see process.h). Never destroyed: its children need it until exit.
class Launcher {
 public:
  static Launcher& instance() {
    static Launcher* launcher = new Launcher;
    return *launcher;
  }

  pid_t launch(std::packaged_task<pid_t()> task) {
    auto result = task.get_future();
    {
      std::lock_guard lock(mutex_);
      tasks_.push(std::move(task));
    }
    arrived_.notify_one();
    return result.get();
  }

 private:
  Launcher() {
    std::thread([this] { loop(); }).detach();
  }

  void loop() {
    for (;;) {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [this] { return !tasks_.empty(); });
      auto task = std::move(tasks_.front());
      tasks_.pop();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::queue<std::packaged_task<pid_t()>> tasks_;
};

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}

  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }

  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

std::vector<std::string> merged_environment(const std::vector<std::string>& added) {
  std::vector<std::string> merged = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    const bool replaced =
        std::ranges::any_of(added, [&](const std::string& other) { return !name.empty() && other.starts_with(name); });
    if (!replaced) merged.push_back(text);
  }
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Everything the child needs, made before fork: after it only async-signal-safe calls are allowed.
struct ChildPlan {
  char* const* argv;
  char* const* env;
  int in, out, err;
  std::optional<UserIds> user;
  const char* working_dir;
  int parent_death_signal;
  pid_t parent;
  int failure_fd;  // errno goes here if exec is not reached; closed by exec
};

bool become_user(const ChildPlan& plan) {
  if (plan.user) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(plan.user->gid) != 0 || ::setuid(plan.user->uid) != 0) return false;
  }
  // After setuid, which forgets it.
  if (::prctl(PR_SET_PDEATHSIG, plan.parent_death_signal) != 0) return false;
  if (::getppid() != plan.parent) ::_exit(127);
  return true;
}

[[noreturn]] void child_main(const ChildPlan& plan) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  const bool ready = ::dup2(plan.in, 0) >= 0 && ::dup2(plan.out, 1) >= 0 && ::dup2(plan.err, 2) >= 0 &&
                     (*plan.working_dir == '\0' || ::chdir(plan.working_dir) == 0) && become_user(plan);
  if (ready) ::execvpe(plan.argv[0], plan.argv, plan.env);
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(plan.failure_fd, &error, sizeof error);
  ::_exit(127);
}

int open_output(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) throw std::runtime_error(errno_text("cannot write " + path, errno));
  return fd;
}

pid_t fork_child(const ProcessOptions& options, int out, int err) {
  auto args = options.argv;
  auto env = merged_environment(options.env);
  const auto arg_pointers = pointers(args);
  const auto env_pointers = pointers(env);
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) throw std::runtime_error(errno_text("pipe", errno));
  Fd failure_out(pipe_fds[0]);
  Fd failure_in(pipe_fds[1]);
  Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const ChildPlan plan{arg_pointers.data(),
                       env_pointers.data(),
                       null.get(),
                       out,
                       err,
                       options.user,
                       options.working_dir.c_str(),
                       options.parent_death_signal,
                       ::getpid(),
                       failure_in.get()};
  const pid_t pid = Launcher::instance().launch(std::packaged_task<pid_t()>([&plan] {
    const pid_t child = ::fork();
    if (child == 0) child_main(plan);
    return child;
  }));
  if (pid < 0) throw std::runtime_error("cannot fork " + options.argv.at(0));
  failure_in.reset();
  int error = 0;
  if (::read(failure_out.get(), &error, sizeof error) == sizeof error) {
    ::waitpid(pid, nullptr, 0);
    throw std::runtime_error(errno_text("cannot start " + options.argv.at(0), error));
  }
  return pid;
}

Fd memory_file(const char* name) {
  return Fd(::memfd_create(name, MFD_CLOEXEC));
}

std::string contents(int fd) {
  std::string text;
  char buffer[65536];
  off_t offset = 0;
  for (;;) {
    const ssize_t count = ::pread(fd, buffer, sizeof buffer, offset);
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    offset += count;
  }
}

ExitStatus decoded(int raw) {
  if (WIFSIGNALED(raw)) return {.code = 0, .signal = WTERMSIG(raw)};
  return {.code = WEXITSTATUS(raw), .signal = 0};
}

}  // namespace

std::optional<UserIds> unprivileged_user(const std::vector<std::string>& names) {
  if (::geteuid() != 0) return std::nullopt;
  std::vector<char> buffer(16384);
  for (const auto& name : names) {
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr && found->pw_uid != 0) return UserIds{found->pw_uid, found->pw_gid};
  }
  throw std::runtime_error("no unprivileged user to run servers as");
}

std::string ExitStatus::text() const {
  return signal != 0 ? "signal " + std::to_string(signal) : "exit code " + std::to_string(code);
}

Process::Process(const ProcessOptions& options) {
  Fd out(options.output_file.empty() ? ::dup(1) : open_output(options.output_file));
  Fd err(!options.error_file.empty() ? open_output(options.error_file)
                                     : ::dup(options.output_file.empty() ? 2 : out.get()));
  pid_ = fork_child(options, out.get(), err.get());
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

Process::~Process() {
  if (running()) terminate(deadline_in(10s));
}

bool Process::running() {
  if (pid_ < 0 || status_) return false;
  int raw = 0;
  const pid_t ended = ::waitpid(pid_, &raw, WNOHANG);
  if (ended == pid_) status_ = decoded(raw);
  if (ended < 0 && errno == ECHILD) status_ = ExitStatus{.code = 127};
  return !status_;
}

void Process::kill(int signal) {
  if (running()) ::kill(pid_, signal);
}

std::optional<ExitStatus> Process::wait(Deadline deadline) {
  [[maybe_unused]] const bool ended = wait_until(
      deadline, [this] { return !running(); }, 2ms);
  return status_;
}

ExitStatus Process::terminate(Deadline deadline) {
  kill(SIGTERM);
  if (const auto status = wait(deadline)) return *status;
  kill(SIGKILL);
  return wait(deadline_in(60s)).value_or(ExitStatus{.code = 0, .signal = SIGKILL});
}

RunResult run(ProcessOptions options, Deadline deadline) {
  const Fd out = memory_file("stdout");
  const Fd err = memory_file("stderr");
  // Reached through /proc so that Process needs to know of files only; it opens them as ourselves.
  const std::string self = "/proc/self/fd/";
  options.output_file = self + std::to_string(out.get());
  options.error_file = self + std::to_string(err.get());
  Process process(options);
  const auto status = process.wait(deadline);
  if (!status) {
    process.kill(SIGKILL);
    throw std::runtime_error(options.argv.at(0) + " did not end in time: " + contents(err.get()));
  }
  return {status->signal != 0 ? 128 + status->signal : status->code, contents(out.get()), contents(err.get())};
}

RunResult run(std::vector<std::string> argv, Deadline deadline) {
  return run(ProcessOptions{.argv = std::move(argv)}, deadline);
}

std::string run_or_throw(ProcessOptions options, Deadline deadline) {
  const std::string name = options.argv.at(0);
  auto result = run(std::move(options), deadline);
  if (result.code != 0) {
    throw std::runtime_error(name + " failed with " + std::to_string(result.code) + ": " + result.err + result.out);
  }
  return std::move(result.out);
}

}  // namespace weft::support
